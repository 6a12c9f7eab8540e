// What one peer may make this one read: no more for one that comes and goes.

import { equal } from 'node:assert/strict';
import { createGossipGate } from '../../mesh/gossip-gate.ts';
import type { GossipGate } from '../../mesh/gossip-gate.ts';

/** How many messages of `peer` are let in before one is not. */
function admitted(gate: GossipGate, peer: string, nowMs: number): number {
  let count = 0;
  while (gate.admitsMessage(peer, 1, nowMs)) count += 1;
  return count;
}

describe('the gate of gossip', () => {
  it('lets in a burst, and then so much a second, of each peer', () => {
    const gate = createGossipGate();
    equal(admitted(gate, 'a', 0), 1_000);
    equal(admitted(gate, 'a', 1_000), 200);
    equal(admitted(gate, 'b', 1_000), 1_000);
  });

  it('gives no fresh allowance for a fresh link', () => {
    const gate = createGossipGate();
    equal(admitted(gate, 'a', 0), 1_000);
    gate.linkDown('a', 0);
    equal(admitted(gate, 'a', 1), 0);
    gate.linkDown('a', 1);
    gate.linkDown('b', 5_000);
    equal(admitted(gate, 'a', 5_001), 1_000);
  });

  it('counts hints apart, and bytes', () => {
    const gate = createGossipGate();
    equal(gate.admitsMessage('a', 8 * 1024 * 1024 + 1, 0), false);
    equal(gate.admitsHint('a', 0), true);
  });
});
