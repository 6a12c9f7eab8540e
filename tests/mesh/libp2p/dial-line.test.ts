// A few dials at a time, in order, and none that hangs holds up the rest.

import { deepEqual, equal, rejects } from 'node:assert/strict';
import { createDialLine } from '../../../mesh/libp2p/dial-line.ts';
import { createSimulation } from '../../../runtime/index.ts';
import type { Clock } from '../../../runtime/index.ts';

describe('a line of dials', () => {
  const start = (tookMs: (name: number) => number, count: number, isAnswered = false) => {
    const simulation = createSimulation('dials');
    const { clock, schedule } = simulation.peer('a');
    const line = createDialLine<number>(clock, () => true);
    const began: number[] = [];
    let underWay = 0;
    let most = 0;
    const ends = Array.from({ length: count }, (_, name) =>
      line.stand(name, async (answered) => {
        began.push(name);
        most = Math.max(most, (underWay += 1));
        if (isAnswered) answered();
        await new Promise<void>((resolve) => schedule(tookMs(name), resolve));
        underWay -= 1;
        if (name === 1) throw new Error('refused');
      }),
    );
    ends[1]!.catch(() => undefined);
    return { simulation, began, ends, most: () => most };
  };

  it('has four under way, in the order they came, and a refusal makes room like any other end', async () => {
    const { simulation, began, ends, most } = start(() => 10, 40);
    await simulation.run({ until: () => began.length === 40, limitMs: 1_000 });
    equal(most(), 4);
    deepEqual(
      began,
      [...began].sort((a, b) => a - b),
    );
    await simulation.run({ untilMs: simulation.nowMs() + 100 });
    await rejects(ends[1]!, /refused/);
    await ends[39];
  });

  it('goes on beside those that hang', async () => {
    const { simulation, began } = start((name) => (name < 12 ? 5_000 : 10), 20);
    await simulation.run({ until: () => began.length === 20, limitMs: 2_000 });
    equal(began.length, 20);
  });

  it('waits longer for those that answer, and then goes on beside them as well', async () => {
    const { simulation, began, most } = start(() => 2_000, 12, true);
    await simulation.run({ until: () => began.length === 12, limitMs: 5_000 });
    equal(most(), 4);
    const standing = start(() => 60_000, 12, true);
    await standing.simulation.run({ until: () => standing.began.length === 12, limitMs: 7_000 });
    equal(standing.began.length, 12);
  });

  it('rests between dials, one at a time, while its timers come late and there is a link, but not for one in a hurry', async () => {
    const simulation = createSimulation('dials');
    const { clock, schedule } = simulation.peer('a');
    let isLinked = false;
    const lateClock: Clock = {
      ...clock,
      // As of a process that waits for its processor.
      setTimer: (delayMs, run) => clock.setTimer(delayMs === 5 ? 105 : delayMs, run),
    };
    const line = createDialLine<number>(lateClock, () => isLinked);
    const began: number[] = [];
    const stand = (name: number): void =>
      void line.stand(name, async () => {
        began.push(name);
        await new Promise<void>((resolve) => schedule(150, resolve));
      });
    const after = (ms: number): Promise<void> =>
      simulation.run({ untilMs: simulation.nowMs() + ms }).then(() => undefined);

    for (let name = 0; name < 8; name++) stand(name);
    await after(400);
    equal(began.length, 8, 'without a link nobody rests');
    isLinked = true;
    stand(8);
    await after(200);
    for (let name = 9; name < 13; name++) stand(name);
    await after(1_000);
    equal(began.length, 9);
    line.hurry(11);
    await after(1);
    equal(began.at(-1), 11);
    await after(2_500);
    deepEqual(began.slice(8), [8, 11, 9]);
    await after(10_000);
    deepEqual(began.slice(8), [8, 11, 9, 10, 12]);
  });
});
