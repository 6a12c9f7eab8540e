// Limits, bad input and what a disk may hold at the start.

import { strict as assert } from 'node:assert';
import * as fc from 'fast-check';
import { encodeConfChange, decodeConfChange } from '../../../consensus/raft/conf-change/change.ts';
import type { ConfChange } from '../../../consensus/raft/conf-change/change.ts';
import { blankState, firstState } from '../../../consensus/raft/initial-state.ts';
import type { Message } from '../../../consensus/raft/messages.ts';
import {
  appendToLog,
  bytesOf,
  createRaftLog,
  lastIndex,
  takeUnwritten,
  termAt,
  writtenThrough,
} from '../../../consensus/raft/raft-log.ts';
import { createLeader, createReplica, entry, find, pump, withLog } from './by-hand.ts';
import { foundingState } from './cluster.ts';

const accepted = (index: number, from = 3): Message => ({
  type: 'append-accepted',
  from,
  to: 1,
  term: 2,
  index,
});

describe('the limits of a replica', () => {
  it('a leader refuses proposals while too many bytes are not applied', () => {
    const raft = createLeader({ maxUnappliedBytes: 1000 });
    pump(raft);
    assert.ok(raft.propose([new Uint8Array(800)]).accepted);
    assert.deepEqual(raft.propose([new Uint8Array(300)]), { accepted: false, reason: 'full' });
    pump(raft);
    raft.step(accepted(3));
    pump(raft);
    assert.ok(raft.propose([new Uint8Array(5000)]).accepted, 'nothing outstanding: any size goes');
  });

  it('a follower gets no more appends than the window allows until it answers', () => {
    const raft = createLeader({ maxInflightMessages: 2 });
    pump(raft);
    raft.step(accepted(2));
    pump(raft);
    const sizes = [];
    for (let i = 0; i < 4; i++) {
      raft.propose([Uint8Array.of(i)]);
      sizes.push(find(pump(raft), 'append').filter((m) => m.to === 3).length);
    }
    assert.deepEqual(sizes, [1, 1, 0, 0]);
    raft.step(accepted(4));
    const [next] = find(pump(raft), 'append').filter((m) => m.to === 3);
    assert.deepEqual(
      next!.entries.map((e) => e.index),
      [5, 6],
    );
  });

  it('entries are handed out to apply no faster than they are applied', () => {
    const raft = createReplica(withLog([1], [1, 1, 1], 1), { maxApplyBytes: 1 });
    raft.campaign();
    for (let i = 0; i < 3; i++) {
      const { persist } = raft.ready();
      if (persist !== undefined) raft.persisted(persist.token);
    }
    const seen = [];
    while (raft.hasReady()) {
      const { committed, persist } = raft.ready();
      if (persist !== undefined) raft.persisted(persist.token);
      seen.push(committed.length);
      if (committed.length > 0) raft.applied(committed.at(-1)!.index);
    }
    assert.ok(seen.every((count) => count <= 1));
  });

  it('reads over the limit are refused', () => {
    const raft = createReplica(firstState(1), { maxPendingReads: 1 });
    raft.campaign();
    pump(raft);
    assert.ok(raft.readIndex(1).accepted);
    assert.deepEqual(raft.readIndex(2), { accepted: false, reason: 'full' });
    const ready = raft.ready();
    assert.deepEqual(ready.reads, [{ context: 1, index: 2 }]);
  });
});

describe('bad input', () => {
  it('a bad config is refused by name', () => {
    assert.throws(() => createReplica(blankState, { electionTicks: 1 }), /electionTicks/);
    assert.throws(() => createReplica(blankState, { maxInflightBytes: 1 }), /maxInflightBytes/);
    assert.throws(() => createReplica(blankState, { heartbeatTicks: 0.5 }), /heartbeatTicks/);
  });

  it('a malformed message changes nothing', () => {
    const raft = createReplica(foundingState([1, 2, 3]));
    const head = { type: 'append' as const, from: 2, to: 1, term: 5, prevIndex: 1, prevTerm: 1 };
    const bad: unknown[] = [
      { ...head, commit: 0, entries: [entry(4, 1)] },
      { ...head, commit: 0, entries: [entry(2, 6)] },
      { ...head, commit: -1, entries: [] },
      { ...head, commit: 0, entries: [], to: 9 },
      { ...head, commit: 0, entries: [], from: 1 },
      { type: 'gossip', from: 2, to: 1, term: 5 },
    ];
    for (const message of bad) {
      assert.throws(() => raft.step(message as Message), { code: 'invalid' });
      assert.equal(raft.status().term, 1);
    }
  });

  it('an empty proposal is refused', () => {
    const raft = createLeader();
    assert.throws(() => raft.propose([]), { code: 'invalid' });
    assert.throws(() => raft.propose([new Uint8Array(0)]), { code: 'invalid' });
  });

  it('a shell that skips a config entry is stopped', () => {
    const raft = createReplica(firstState(1));
    raft.campaign();
    pump(raft);
    raft.proposeConfChange({ transition: 'auto', steps: [{ type: 'add-learner', id: 2 }] });
    for (let i = 0; i < 2; i++) raft.persisted(raft.ready().persist!.token);
    const [config] = raft.ready().committed;
    assert.throws(() => raft.applied(config!.index), /was not given to applyConfChange/);
  });
});

describe('what a replica starts from', () => {
  it('a log that ends before what is committed is corrupt', () => {
    const state = withLog([1, 2, 3], [1, 1], 1);
    const hardState = { term: 1, vote: 0, commit: 9 };
    assert.throws(() => createReplica({ ...state, hardState }), { code: 'corrupt' });
  });

  it('a log with a hole, or a hole after the snapshot, is corrupt', () => {
    const state = foundingState([1, 2, 3]);
    assert.throws(() => createReplica({ ...state, entries: [entry(2, 1), entry(4, 1)] }), {
      code: 'corrupt',
    });
    assert.throws(() => createReplica({ ...state, entries: [entry(3, 1)] }), { code: 'corrupt' });
  });

  it('entries that the snapshot covers are left out, and so is a log that it contradicts', () => {
    const { conf } = foundingState([1, 2, 3]).snapshot!;
    const entries = [entry(2, 1), entry(3, 1), entry(4, 1)];
    const hardState = { term: 2, vote: 0, commit: 1 };
    const last = (index: number, term: number): number =>
      createReplica({ hardState, entries, snapshot: { index, term, conf } }).status().lastIndex;
    assert.equal(last(3, 1), 4);
    assert.equal(last(3, 2), 3);
    assert.equal(last(9, 2), 9);
  });

  it('a blank replica waits: it never campaigns', () => {
    const raft = createReplica(blankState);
    for (let i = 0; i < 100; i++) raft.tick();
    raft.campaign();
    assert.deepEqual([raft.status().role, raft.hasReady()], ['follower', false]);
  });
});

describe('a change of the configuration', () => {
  it('survives being written and read', () => {
    const step = fc.record(
      {
        type: fc.constantFrom('add-voter' as const, 'add-learner' as const, 'remove' as const),
        id: fc.integer({ min: 1, max: 2 ** 40 }),
      },
      { noNullPrototype: true },
    );
    const change = fc.record(
      {
        transition: fc.constantFrom('auto' as const, 'implicit' as const, 'explicit' as const),
        steps: fc.array(step, { minLength: 1, maxLength: 8 }),
        context: fc.string(),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(change, (value: ConfChange) => {
        assert.deepEqual(decodeConfChange(encodeConfChange(value)), value);
      }),
    );
    assert.throws(() => decodeConfChange(Buffer.from('{"steps":7}')), { code: 'corrupt' });
  });
});

describe('the log in memory', () => {
  it('calls stable only what no write under way will go over', () => {
    // A model of the disk: writes in order, each overwriting from its first entry on.
    const cut = fc.record({ back: fc.nat(3), count: fc.integer({ min: 1, max: 3 }) });
    const action = fc.oneof(cut, fc.constant('take' as const), fc.constant('written' as const));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const log = createRaftLog({ index: 0, term: 0 }, []);
        const disk = new Map<number, number>();
        const queue: { token: number; entries: ReturnType<typeof takeUnwritten> }[] = [];
        let [token, term] = [0, 0];
        for (const step of actions) {
          if (step === 'take') {
            token++;
            queue.push({ token, entries: takeUnwritten(log, token) });
          } else if (step === 'written') {
            const write = queue.shift();
            if (write === undefined) continue;
            for (const { index, term } of write.entries) disk.set(index, term);
            writtenThrough(log, write.token);
          } else {
            term++;
            // Every third term repeats an earlier one, as when a leader comes back.
            const from = Math.max(1, lastIndex(log) + 1 - step.back);
            const entries = Array.from({ length: step.count }, (_, i) =>
              entry(from + i, Math.ceil(term / 3)),
            );
            appendToLog(log, entries);
          }
          for (let index = 1; index <= log.stable; index++) {
            assert.equal(disk.get(index), termAt(log, index));
            const isOvertaken = queue.some((w) =>
              w.entries.some((e) => e.index <= index && e.term !== termAt(log, e.index)),
            );
            assert.ok(!isOvertaken, `entry ${index} is called stable and will be overwritten`);
          }
          assert.equal(log.bytes, bytesOf(log.entries));
        }
      }),
      { seed: 7, numRuns: 500 },
    );
  });
});
