// Whose turn it is, whatever comes.

import assert from 'node:assert/strict';
import { createFairSeats } from '../../../../actors/gateway/flow/fair-seats.ts';
import { createTestRandom } from '../gateway-fixture.ts';

const options = { seats: 4, lineLimit: 10, waitingLimit: 15 };

describe('seats that flows take turns for', () => {
  it('are given at once while there are some, then by turns', () => {
    const seats = createFairSeats<string>(options);
    for (const item of ['a1', 'a2', 'a3', 'a4']) assert.equal(seats.ask('a', 1, item), 'seated');
    for (const item of ['a5', 'a6', 'a7']) assert.equal(seats.ask('a', 1, item), 'waiting');
    assert.equal(seats.ask('b', 1, 'b1'), 'waiting');
    assert.equal(seats.ask('c', 1, 'c1'), 'waiting');
    // Whoever holds none goes first, though others came before.
    assert.deepEqual(seats.release('a', 1), ['b1']);
    assert.deepEqual(seats.release('a', 1), ['c1']);
    assert.deepEqual(seats.release('b', 1), ['a5']);
  });

  it('are not lost to narrow requests while a wide one is due', () => {
    const seats = createFairSeats<string>(options);
    for (let i = 0; i < 4; i++) seats.ask('a', 1, `a${i}`);
    seats.ask('wide', 3, 'wide');
    seats.ask('a', 1, 'narrow');
    assert.deepEqual(seats.release('a', 1), []);
    assert.deepEqual(seats.release('a', 1), []);
    assert.deepEqual(seats.release('a', 1), ['wide']);
    assert.deepEqual(seats.release('a', 1), ['narrow']);
  });

  it('are all given to a request that wants more than there are', () => {
    const seats = createFairSeats<string>(options);
    assert.equal(seats.ask('a', 99, 'huge'), 'seated');
    assert.equal(seats.ask('b', 1, 'b'), 'waiting');
    assert.deepEqual(seats.release('a', 99), ['b']);
  });

  it('are waited for in lines of a limited length', () => {
    const seats = createFairSeats<string>(options);
    seats.ask('holder', 4, 'all');
    for (let i = 0; i < 10; i++) assert.equal(seats.ask('a', 1, `a${i}`), 'waiting');
    assert.equal(seats.ask('a', 1, 'one more'), 'full');
    for (let i = 0; i < 5; i++) assert.equal(seats.ask('b', 1, `b${i}`), 'waiting');
    assert.equal(seats.ask('c', 1, 'nobody has room'), 'full');
    seats.withdraw('a', 'a3');
    assert.equal(seats.ask('c', 1, 'c1'), 'waiting');
    assert.deepEqual(seats.release('holder', 4).toSorted(), ['a0', 'a1', 'b0', 'c1']);
  });

  it('are never more than there are, never empty while somebody waits, and forget who is gone', () => {
    const random = createTestRandom(7);
    const seats = createFairSeats<number>(options);
    const held = new Map<number, { flow: string; width: number }>();
    const known = new Map<number, { flow: string; width: number }>();
    const waiting = new Set<number>();
    for (let step = 0; step < 20_000; step++) {
      if (random.integer(2) === 0) {
        const one = { flow: `flow-${random.integer(5)}`, width: 1 + random.integer(3) };
        known.set(step, one);
        const outcome = seats.ask(one.flow, one.width, step);
        if (outcome === 'seated') held.set(step, one);
        else if (outcome === 'waiting') waiting.add(step);
      } else if (random.integer(4) === 0 && waiting.size > 0) {
        const item = [...waiting][random.integer(waiting.size)]!;
        seats.withdraw(known.get(item)!.flow, item);
        waiting.delete(item);
      } else if (held.size > 0) {
        const [item, { flow, width }] = [...held][random.integer(held.size)]!;
        held.delete(item);
        for (const seated of seats.release(flow, width)) {
          assert.ok(waiting.delete(seated));
          held.set(seated, known.get(seated)!);
        }
      }
      const taken = [...held.values()].reduce((sum, { width }) => sum + width, 0);
      const counters = seats.counters();
      assert.equal(counters.seated, taken);
      assert.equal(counters.waiting, waiting.size);
      assert.ok(taken <= options.seats);
      const flows = new Set([...held.keys(), ...waiting].map((item) => known.get(item)!.flow));
      assert.equal(counters.flows, flows.size);
    }
    while (held.size > 0) {
      const [item, { flow, width }] = [...held][0]!;
      held.delete(item);
      for (const seated of seats.release(flow, width)) held.set(seated, known.get(seated)!);
    }
    assert.deepEqual(seats.counters(), { seated: 0, waiting: 0, flows: 0 });
  });
});
