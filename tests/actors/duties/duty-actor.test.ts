// Who holds a duty: one at a time, on a live peer, fenced, and stopped before the lease can have ended.

import assert from 'node:assert/strict';
import type { DutyDefinition } from '../../../actors/duties/duty.ts';
import { dutyKey, fenceCompare, parseHolder, workName } from '../../../actors/duties/duty.ts';
import { DUTY_LEASE_MS } from '../../../actors/duties/duty-actor.ts';
import { rendezvousOrder } from '../../../actors/duties/placement.ts';
import type { Actor } from '../../../runtime/index.ts';
import type { Zone, ZonePeer } from './zone.ts';
import { createZone } from './zone.ts';

const NAMES = ['one', 'two', 'three'];
const ORDER = rendezvousOrder('test', NAMES);

interface Working {
  readonly peer: string;
  readonly createRevision: number;
}

/** A duty whose work only says that it lives. */
function witness(peer: string, working: Set<Working>): DutyDefinition {
  return {
    name: 'test',
    spawn: (spawn, fence) => {
      const me: Working = { peer, createRevision: fence.createRevision };
      const actor: Actor<'crash', null> = {
        start: () => {
          working.add(me);
          return null;
        },
        receive: () => {
          throw new Error('asked to crash');
        },
        stopped: () => void working.delete(me),
      };
      return spawn(workName('test', fence), actor, undefined);
    },
  };
}

interface Scene {
  readonly zone: Zone;
  readonly working: Set<Working>;
  readonly peer: (name: string) => ZonePeer;
  readonly holder: () => string | undefined;
  readonly workers: () => readonly string[];
}

function createScene(seed = 1): Scene {
  const zone = createZone(seed, NAMES);
  const working = new Set<Working>();
  for (const peer of zone.peers) peer.sit([witness(peer.name, working)]);
  return {
    zone,
    working,
    peer: (name) => zone.peers.find((peer) => peer.name === name)!,
    holder: () => parseHolder(zone.memory.view.get(dutyKey('test'))?.value ?? '')?.peer,
    workers: () => [...working].map(({ peer }) => peer),
  };
}

describe('duties/duty-actor', () => {
  it('is taken by the first peer in rendezvous order, and by no other', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { zone, holder, workers } = createScene(seed);
      await zone.run(500);
      assert.equal(holder(), ORDER[0]);
      assert.deepEqual(workers(), [ORDER[0]]);
    }
  });

  it('stays with its holder for hours without writing to the log', async () => {
    const { zone, workers } = createScene();
    await zone.run(500);
    const revision = zone.memory.view.revision();
    await zone.run(3_600_000);
    assert.deepEqual(workers(), [ORDER[0]]);
    assert.equal(zone.memory.view.revision(), revision);
  });

  it('goes to the next peer within 100 ms once the lock of a dead holder is deleted', async () => {
    const { zone, peer, holder, workers } = createScene();
    await zone.run(500);
    peer(ORDER[0]!).simulated.crash();
    zone.setMember(ORDER[0]!, 'dead');
    zone.memory.apply({ compare: [], success: [{ type: 'delete', key: dutyKey('test') }] });
    await zone.until('the next peer holds it', () => workers().includes(ORDER[1]!), 100);
    assert.equal(holder(), ORDER[1]);
  });

  it('goes to another peer when the lease of a silent holder ends', async () => {
    const { zone, peer, workers } = createScene();
    await zone.run(500);
    peer(ORDER[0]!).simulated.crash();
    zone.setMember(ORDER[0]!, 'dead');
    await zone.until('taken over', () => workers().includes(ORDER[1]!), DUTY_LEASE_MS + 1_000);
  });

  it('does not go back to a better placed peer that appears', async () => {
    const { zone, workers } = createScene();
    zone.setMember(ORDER[0]!, 'suspect');
    zone.setMember(ORDER[1]!, 'suspect');
    // Only peers that see others suspect stand back; the two still count themselves, so freeze them.
    for (const name of ORDER.slice(0, 2)) {
      zone.peers.find((peer) => peer.name === name)!.simulated.freeze();
    }
    await zone.until('the last peer holds it', () => workers().includes(ORDER[2]!));
    for (const name of ORDER.slice(0, 2)) {
      zone.peers.find((peer) => peer.name === name)!.simulated.resume();
      zone.setMember(name, 'alive');
    }
    await zone.run(60_000);
    assert.deepEqual(workers(), [ORDER[2]]);
  });

  it('is never worked on by two peers while the holder is cut off and comes back, for any seed', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { zone, peer, workers, working } = createScene(seed);
      await zone.run(500 + seed * 97);
      const first = workers()[0]!;
      peer(first).cut(true);
      let most = 0;
      for (let step = 0; step < 200; step++) {
        await zone.run(50);
        most = Math.max(most, working.size);
      }
      assert.equal(most, 1);
      assert.equal(workers().length, 1);
      assert.notEqual(workers()[0], first);
      peer(first).cut(false);
      await zone.run(5_000);
      assert.equal(workers().length, 1);
    }
  });

  it('stops its work before its lease can have ended when it cannot renew', async () => {
    const { zone, peer, workers } = createScene();
    await zone.run(500);
    peer(ORDER[0]!).cut(true);
    const cutAtMs = zone.simulation.nowMs();
    await zone.until('the holder has stopped', () => !workers().includes(ORDER[0]!));
    assert.ok(zone.simulation.nowMs() - cutAtMs < DUTY_LEASE_MS);
    assert.notEqual(zone.memory.view.get(dutyKey('test')), undefined);
  });

  it('refuses the write of a deposed holder that does not know it yet', async () => {
    const { zone, peer, working } = createScene();
    await zone.run(500);
    const [old] = working;
    const fence = { key: dutyKey('test'), createRevision: old!.createRevision };
    const write = async () =>
      peer(ORDER[1]!).objects.write(
        [{ type: 'create', kind: 'Namespace', object: { metadata: { name: 'late' } } }],
        { compare: [fenceCompare(fence)], success: [] },
      );
    peer(ORDER[0]!).simulated.freeze();
    zone.memory.apply({ compare: [], success: [{ type: 'delete', key: fence.key }] });
    await zone.until('another holds it', () => working.size === 2);
    const outcome = write();
    await zone.run(10);
    const result = await outcome;
    assert.equal(result.ok, false);
    assert.equal(!result.ok && result.error.code, 'conflict');
    assert.equal(peer(ORDER[1]!).objects.view.get('Namespace', '', 'late'), undefined);
    peer(ORDER[0]!).simulated.resume();
    await zone.until('the old holder has stopped', () => !working.has(old!), 100);
  });

  it('takes its own lock again at once after a restart in place', async () => {
    const { zone, working, workers } = createScene();
    await zone.run(500);
    const key = dutyKey('test');
    const lease = await zone.memory.grantLease(DUTY_LEASE_MS);
    assert.ok(lease.ok);
    const value = JSON.stringify({ peer: ORDER[1], leaseId: lease.value.id });
    zone.memory.apply({
      compare: [],
      success: [{ type: 'delete', key }],
    });
    zone.memory.apply({
      compare: [],
      success: [{ type: 'put', key, value, lease: lease.value.id }],
    });
    await zone.until('taken anew', () => workers().length === 1 && working.size === 1, 2_000);
  });

  it('is given up and taken again when its work ends', async () => {
    const zone = createZone(3, ['only']);
    const starts: number[] = [];
    const definition: DutyDefinition = {
      name: 'test',
      spawn: (spawn, fence) => {
        const actor: Actor<never, null> = {
          start: (_args, ctx) => {
            starts.push(fence.createRevision);
            if (starts.length < 3) ctx.stop(ctx.self);
            return null;
          },
          receive: (state) => state,
        };
        return spawn(workName('test', fence), actor, undefined);
      },
    };
    zone.peers[0]!.sit([definition]);
    await zone.until('the third life', () => starts.length === 3);
    assert.equal(new Set(starts).size, 3);
  });

  it('is free within a round trip after its holder resigns', async () => {
    const zone = createZone(1, NAMES);
    const working = new Set<Working>();
    const seats = new Map(
      zone.peers.map((peer) => [peer.name, peer.sit([witness(peer.name, working)])[0]!]),
    );
    await zone.run(500);
    seats.get(ORDER[0]!)!.tell({ type: 'resign' });
    zone.setMember(ORDER[0]!, 'left');
    await zone.until('the next holds it', () => [...working][0]?.peer === ORDER[1], 100);
    assert.equal(working.size, 1);
  });
});
