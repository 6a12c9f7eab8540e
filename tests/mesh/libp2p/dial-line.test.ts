// A few dials at a time, in order, and none that hangs holds up the rest.

import { deepEqual, equal, rejects } from 'node:assert/strict';
import { createDialLine } from '../../../mesh/libp2p/dial-line.ts';
import { createSimulation } from '../../../runtime/index.ts';

describe('a line of dials', () => {
  const start = (tookMs: (name: number) => number, count: number) => {
    const simulation = createSimulation('dials');
    const { clock, schedule } = simulation.peer('a');
    const line = createDialLine(clock);
    const began: number[] = [];
    let underWay = 0;
    let most = 0;
    const ends = Array.from({ length: count }, (_, name) =>
      line(async () => {
        began.push(name);
        most = Math.max(most, (underWay += 1));
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
});
