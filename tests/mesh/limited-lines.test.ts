// Lines that strangers can cause do not fill a log, and none is forgotten.

import { deepEqual, equal } from 'node:assert/strict';
import { limitLines } from '../../mesh/limited-lines.ts';
import { createSimulation } from '../../runtime/index.ts';
import type { LogFields } from '../../runtime/index.ts';

describe('limited lines', () => {
  it('are few, and the next one says how many were left out', async () => {
    const simulation = createSimulation('limited lines');
    const said: (LogFields | undefined)[] = [];
    const say = limitLines((_, fields) => said.push(fields), simulation.peer('p').clock);
    for (let at = 0; at < 1_000; at++) say('refused', { at });
    equal(said.length, 10);
    await simulation.run({ untilMs: 10_001 });
    say('refused', { at: 1_000 });
    say('refused', { at: 1_001 });
    deepEqual(said.slice(10), [{ at: 1_000, leftOut: 990 }]);
    await simulation.run({ untilMs: 60_000 });
    say('refused');
    say('refused');
    deepEqual(said.slice(11), [{ leftOut: 1 }, undefined]);
  });
});
