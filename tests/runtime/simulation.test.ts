// The simulated world: virtual time, peers that fail, and one trace per seed.

import assert from 'node:assert/strict';

import * as fc from 'fast-check';

import { createSimulation } from '../../runtime/index.ts';
import type { Simulation } from '../../runtime/index.ts';
import { createSimulatedClock } from '../../runtime/simulated-clock.ts';
import { createEventQueue } from '../../runtime/simulated-events.ts';
import { runCluster } from './simulated-cluster.ts';

describe('a simulation', () => {
  it('has one trace per seed, over losses, timers, promises, crashes and restarts', async () => {
    const first = await runCluster('seed 1');
    const again = await runCluster('seed 1');
    assert.deepEqual(again, first);
    // The run is worth something only if all of these happened in it.
    for (const [what, count] of Object.entries(first.seen)) assert(count > 0, `no ${what}`);
  });

  it('has another trace for another seed', async () => {
    const digests = new Set<string>();
    for (let seed = 0; seed < 10; seed++) digests.add((await runCluster(`seed ${seed}`)).digest);
    assert.equal(digests.size, 10);
  });

  it('has another digest when only what is traced differs', () => {
    const digests = ['a', 'b', 'ab'].map((text) => {
      const simulation = createSimulation(1);
      for (const part of text) simulation.trace(part);
      return simulation.digest();
    });
    assert.equal(new Set(digests).size, 3);
    const [joined, apart] = [createSimulation(1), createSimulation(1)];
    joined.trace('ab');
    apart.trace('a');
    apart.trace('b');
    assert.notEqual(joined.digest(), apart.digest());
  });

  it('lets cells that wait have their turns in an order that the seed picks', async () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 50; seed++) {
      const simulation = createSimulation(seed);
      const { dispatcher } = simulation.peer('a');
      const order: number[] = [];
      for (const cell of [1, 2, 3]) dispatcher.schedule(() => order.push(cell));
      await simulation.run({ untilMs: 0 });
      orders.add(order.join());
    }
    assert.equal(orders.size, 6);
  });

  it('goes from event to event in order of time, and of creation at one instant', async () => {
    const simulation = createSimulation(1);
    const order: string[] = [];
    const note = (name: string) => () => order.push(`${simulation.nowMs()} ${name}`);
    simulation.schedule(5, note('late'));
    simulation.schedule(1, note('one'));
    simulation.schedule(1, note('two'));
    simulation.schedule(2, note('cancelled')).cancel();
    assert.equal(await simulation.run({ untilMs: 4 }), true);
    assert.equal(simulation.nowMs(), 4);
    assert.deepEqual(order, ['1 one', '1 two']);
    await simulation.run({ untilMs: 10 });
    assert.deepEqual(order.slice(2), ['5 late']);
  });

  it('lets promises go on before time does, however long their chain', async () => {
    const simulation = createSimulation(1);
    let reachedMs = -1;
    const chain = async (): Promise<void> => {
      for (let link = 0; link < 1_000; link++) await Promise.resolve();
      reachedMs = simulation.nowMs();
    };
    simulation.schedule(1, () => void chain());
    simulation.schedule(1.5, () => undefined);
    await simulation.run({ untilMs: 10 });
    assert.equal(reachedMs, 1);
  });

  it('stops as soon as the goal holds, and says when it never did', async () => {
    const simulation = createSimulation(1);
    let count = 0;
    const tick = (): void => {
      count++;
      simulation.schedule(10, tick);
    };
    tick();
    assert.equal(await simulation.run({ until: () => count === 5, limitMs: 1_000 }), true);
    assert.equal(simulation.nowMs(), 40);
    assert.equal(await simulation.run({ until: () => false, limitMs: 100 }), false);
    assert.equal(simulation.nowMs(), 140);
    assert.equal(await createSimulation(1).run({ until: () => false, limitMs: 1e9 }), false);
  });

  it('rejects with what an event throws, and can be run again', async () => {
    const simulation = createSimulation(1);
    simulation.schedule(1, () => assert.fail('oh'));
    await assert.rejects(simulation.run({ untilMs: 10 }), /oh/);
    assert.equal(await simulation.run({ untilMs: 10 }), true);
  });
});

describe('a simulated peer that crashes', () => {
  it('never does anything again: no turn, no timer, no outcome of a promise', async () => {
    const simulation = createSimulation(1);
    const peer = simulation.peer('a');
    const done: string[] = [];
    peer.clock.setTimer(10, () => done.push('timer'));
    peer.schedule(10, () => done.push('event'));
    peer.dispatcher.schedule(() => done.push('turn'));
    void later(simulation, 10).then(() => peer.dispatcher.schedule(() => done.push('outcome')));
    peer.crash();
    peer.dispatcher.schedule(() => done.push('turn after'));
    peer.clock.setTimer(10, () => done.push('timer after'));
    peer.resume();
    await simulation.run({ untilMs: 100 });
    assert.deepEqual(done, []);
  });

  it('lives again as a new peer with chance of its own', () => {
    const simulation = createSimulation(1);
    const first = simulation.peer('a');
    assert.throws(() => simulation.peer('a'), /two living peers/);
    first.crash();
    const second = simulation.peer('a');
    assert.equal(second.status(), 'running');
    assert.notEqual(first.random.float(), second.random.float());
  });
});

describe('a simulated peer that is frozen', () => {
  it('does nothing until it resumes, then all that came due, in order; its clock went on', async () => {
    const simulation = createSimulation(1);
    const peer = simulation.peer('a');
    const done: string[] = [];
    const note = (name: string) => () => done.push(`${peer.clock.monotonicMs()} ${name}`);
    peer.clock.setTimer(10, note('ten'));
    peer.clock.setTimer(20, note('twenty'));
    const cancelled = peer.clock.setTimer(20, note('cancelled'));
    peer.clock.setTimer(80, note('eighty'));
    peer.freeze();
    peer.dispatcher.schedule(note('turn'));
    await simulation.run({ untilMs: 50 });
    assert.deepEqual(done, []);
    assert.equal(peer.status(), 'frozen');
    cancelled.cancel();
    peer.resume();
    await simulation.run({ untilMs: 100 });
    assert.deepEqual(done, ['50 turn', '50 ten', '50 twenty', '80 eighty']);
  });

  it('stays dead when it crashes meanwhile', async () => {
    const simulation = createSimulation(1);
    const peer = simulation.peer('a');
    peer.clock.setTimer(10, () => assert.fail('alive'));
    peer.freeze();
    await simulation.run({ untilMs: 50 });
    peer.crash();
    peer.resume();
    await simulation.run({ untilMs: 100 });
    assert.equal(peer.status(), 'crashed');
  });
});

describe('the clock of a simulated peer', () => {
  it('drifts and is off by as much as it is told', async () => {
    const simulation = createSimulation(1);
    const exact = simulation.peer('exact').clock;
    const fast = simulation.peer('fast', { rate: 1.5, wallOffsetMs: 1_000 }).clock;
    assert.equal(fast.wallMs() - exact.wallMs(), 1_000);
    let firedMs = 0;
    fast.setTimer(150, () => (firedMs = simulation.nowMs()));
    await simulation.run({ untilMs: 1_000 });
    assert.equal(firedMs, 100);
    assert.equal(fast.monotonicMs(), 1_500);
    fast.setRate(1);
    fast.setWallOffset(-1_000);
    assert.equal(fast.monotonicMs(), 1_500);
    assert.equal(fast.wallMs() - exact.wallMs(), -500);
    await simulation.run({ untilMs: 2_000 });
    assert.equal(fast.monotonicMs(), 2_500);
  });

  it('never fires a timer early, however its rate changes', async () => {
    const plan = fc.array(
      fc.record({
        gapMs: fc.double({ min: 0, max: 50, noNaN: true }),
        rate: fc.double({ min: 0.1, max: 4, noNaN: true }),
        delayMs: fc.double({ min: 0, max: 100, noNaN: true }),
      }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(plan, async (steps) => {
        const simulation = createSimulation(1);
        const { clock } = simulation.peer('a');
        let fired = 0;
        for (const { gapMs, rate, delayMs } of steps) {
          const dueMs = clock.monotonicMs() + delayMs;
          clock.setTimer(delayMs, () => {
            assert(clock.monotonicMs() >= dueMs, `${clock.monotonicMs()} is before ${dueMs}`);
            fired++;
          });
          await simulation.run({ untilMs: simulation.nowMs() + gapMs });
          clock.setRate(rate);
        }
        await simulation.run({ untilMs: simulation.nowMs() + 10_000 });
        assert.equal(fired, steps.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a timer of a peer that was born late', () => {
  it('fires, though its time is finer than the time of the world', () => {
    // Around here the time of the world goes on in steps of 0.12 microseconds.
    let nowMs = 1e9;
    let due: { readonly atMs: number; readonly fire: () => void } | undefined;
    const clock = createSimulatedClock(
      () => nowMs,
      (delayMs, fire) => {
        due = { atMs: nowMs + delayMs, fire };
        return { cancel: () => undefined };
      },
    );
    for (let timers = 1; timers <= 1_000; timers++) {
      const dueMs = clock.monotonicMs() + timers / 7;
      let firedAtMs: number | undefined;
      clock.setTimer(timers / 7, () => (firedAtMs = clock.monotonicMs()));
      for (let looks = 0; firedAtMs === undefined; looks++) {
        assert.ok(looks < 100, `time stands still in timer ${timers}`);
        nowMs = due!.atMs;
        due!.fire();
      }
      assert.ok(firedAtMs >= dueMs);
    }
  });
});

describe('the queue of events', () => {
  it('gives them by time, then by creation, without those that were cancelled', () => {
    const plan = fc.array(fc.tuple(fc.nat(20), fc.boolean()), { maxLength: 5_000, size: 'max' });
    fc.assert(
      fc.property(plan, (steps) => {
        const queue = createEventQueue();
        const fired: number[] = [];
        const events = steps.map(([dueMs], index) => queue.add(dueMs, () => fired.push(index)));
        steps.forEach(([, isCancelled], index) => {
          if (isCancelled) queue.cancel(events[index]!);
        });
        for (let dueMs = queue.nextMs(); dueMs !== undefined; dueMs = queue.nextMs()) {
          queue.takeDue(dueMs, queue.lastOrder())!();
        }
        const expected = steps
          .map(([dueMs, isCancelled], index) => ({ dueMs, isCancelled, index }))
          .filter(({ isCancelled }) => !isCancelled)
          .sort((one, other) => one.dueMs - other.dueMs || one.index - other.index);
        assert.deepEqual(
          fired,
          expected.map(({ index }) => index),
        );
      }),
      { numRuns: 30 },
    );
  });
});

function later(simulation: Simulation, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    simulation.schedule(delayMs, resolve);
  });
}
