// What an admitted peer may send to a replica: nothing as somebody else, and no nonsense that would stop it.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { replicaPath } from '../../../consensus/replica/protocol.ts';
import type { Sender } from '../../../consensus/replica/protocol.ts';
import { remoteMessageSchema } from '../../../consensus/replica/remote-message-schema.ts';
import { formatAddress } from '../../../runtime/index.ts';
import { pass, settled, until } from './zone-steps.ts';
import { createZone } from './zone.ts';
import type { Member, SimulatedZone } from './zone.ts';

const liar = { replica: 77, peer: 'liar', epoch: 1, life: 1 };

const junk = fc.constantFrom<unknown>(
  undefined,
  null,
  -1,
  0.5,
  NaN,
  2 ** 53,
  'text',
  true,
  {},
  [null],
  ['a'],
  [{}],
  new Uint8Array([255, 255]),
);

const envelope = { from: liar.replica, term: 1 };
const conf = { voters: [1], votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
const raftMessages: readonly Record<string, unknown>[] = [
  { ...envelope, type: 'append', prevIndex: 0, prevTerm: 0, entries: new Uint8Array(), commit: 0 },
  { ...envelope, type: 'commit', prevIndex: 0, prevTerm: 0, commit: 0 },
  { ...envelope, type: 'append-accepted', index: 1 },
  { ...envelope, type: 'append-rejected', prevIndex: 1, hintIndex: 1, hintTerm: 1 },
  { ...envelope, type: 'heartbeat', commit: 0, readRound: 0 },
  { ...envelope, type: 'heartbeat-reply', readRound: 0 },
  { ...envelope, type: 'install-snapshot', meta: { index: 1, term: 1, conf } },
  { ...envelope, type: 'read-index', contexts: [1] },
  { ...envelope, type: 'read-index-reply', contexts: [1], index: 1 },
  { ...envelope, type: 'read-index-refused', contexts: [1] },
];

/** A Raft message of which one field is nonsense. */
const broken = fc
  .tuple(fc.constantFrom(...raftMessages), junk, fc.nat())
  .map(([message, value, at]) => {
    const fields = Object.keys(message).filter((field) => field !== 'type' && field !== 'from');
    return { ...message, [fields[at % fields.length]!]: value };
  });

describe('a replica and a peer that lies', () => {
  let zone: SimulatedZone;
  let victim: Member;
  /** How each peer was heard to name itself. */
  const senders = new Map<string, Sender>();

  const deliver = (from: string, message: unknown): string | undefined =>
    victim.system.deliver(from, formatAddress({ peer: 'a', path: replicaPath }), message);

  beforeEach(async () => {
    senders.clear();
    zone = createZone(7);
    zone.setTap((_to, message) => {
      const { from } = message as { readonly from: Sender };
      senders.set(from.peer, from);
    });
    victim = await settled(zone, zone.start('a', true));
    await settled(zone, zone.start('b'));
    await until(zone, () => victim.zone.store.status().learners.length === 1);
    assert.deepEqual([...senders.keys()].sort(), ['a', 'b']);
  });

  it('refuses at the door what claims to be of another peer, and what speaks for another replica', () => {
    const leave = { type: 'leave', from: { ...liar, peer: 'b' } };
    assert.match(deliver('liar', leave)!, /liar speaks as b/);
    const vote = { type: 'timeout-now', from: 5, to: 1, term: 9 };
    const raft = { type: 'raft', from: liar, messages: [vote] };
    assert.match(deliver('liar', raft)!, /no messages of its sender/);
    assert.equal(victim.system.counters().refusedMessages, 2);
  });

  it('is not let go when another peer says that it leaves', async () => {
    const spoken = senders.get('b')!;
    const before = victim.zone.store.status().revision;
    // Its own name at the door, and the replica of another.
    assert.equal(deliver('liar', { type: 'leave', from: { ...spoken, peer: 'liar' } }), undefined);
    await pass(zone, 2_000);
    assert.equal(victim.zone.store.status().revision, before);
    // What b says itself counts.
    assert.equal(deliver('b', { type: 'leave', from: spoken }), undefined);
    await until(zone, () => victim.zone.store.status().revision > before, 5_000);
  });

  it('goes on, whatever nonsense comes in a message of Raft', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(broken, { maxLength: 4 }), async (messages) => {
        const to = senders.get('a')!.replica;
        const addressed = messages.map((message) => ({ to, ...message }));
        deliver('liar', { type: 'raft', from: liar, messages: addressed });
        await pass(zone, 1);
        assert.deepEqual(zone.failures, []);
      }),
      { numRuns: 300 },
    );
    assert.ok(victim.system.counters().living > 0);
  });

  it('has a schema that says no to every kind of nonsense and never throws', () => {
    const types = ['raft', 'hand-over', 'refused', 'join', 'renew', 'snapshot-chunk', 'toString'];
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        junk,
        fc.dictionary(fc.string(), junk),
        (type, value, rest) => {
          assert.notEqual(remoteMessageSchema(value), undefined);
          const message = {
            ...rest,
            type,
            from: liar,
            messages: value,
            writes: value,
            domain: value,
          };
          const fault = remoteMessageSchema(message);
          if (fault === undefined) assert.ok(type === 'join' && value === 'text', type);
        },
      ),
    );
  });
});
