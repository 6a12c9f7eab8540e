// Commands and their rules: refusals, leases, requests applied at most once, snapshots while writing.

import assert from 'node:assert/strict';

import { decodeCommand, encodeCommand, maxCommandBytes } from '../../../consensus/store/command.ts';
import type { Command } from '../../../consensus/store/command.ts';
import {
  createRequestSession,
  maxOpenRequests,
  maxSessions,
} from '../../../consensus/store/request-table.ts';
import { createStateMachine } from '../../../consensus/store/state-machine.ts';
import { prefixEnd } from '../../../consensus/store/store.ts';
import type { Compare } from '../../../consensus/store/store.ts';
import { maxOperations } from '../../../consensus/store/transaction.ts';
import { refusal } from '../log/log-fixture.ts';
import { copyOf, createDriver, put, remove } from './commands.ts';

const writing = (...success: ReturnType<typeof put>[]): Command => ({
  type: 'transaction',
  transaction: { compare: [], success },
});

describe('a transaction', () => {
  it('that compares falsely or only reads does not raise the revision', () => {
    const { machine, answer, transact } = createDriver();
    transact(put('a'));
    const compare = [{ target: 'value' as const, key: 'none', is: '!=' as const, to: 'x' }];
    const done = answer({ type: 'transaction', transaction: { compare, success: [put('b')] } });
    assert.deepEqual(done, {
      type: 'transaction',
      result: { succeeded: false, revision: 2, responses: [] },
    });
    transact({ type: 'range', key: 'a' }, remove('nothing'));
    assert.equal(machine.view.revision(), 2);
  });

  it('is refused when it writes a key twice, also on the branch not taken', () => {
    const { answer, transact } = createDriver();
    assert.throws(() => transact(put('a'), put('a')), refusal('invalid', 'key a', 'twice'));
    assert.throws(() => transact(remove('a', 'c'), put('b')), refusal('invalid', 'key b'));
    const transaction = { compare: [], success: [], failure: [put('c'), remove('c')] };
    assert.throws(() => answer({ type: 'transaction', transaction }), refusal('invalid', 'key c'));
  });

  it('is refused with too many operations, an empty key or an unknown lease, and nothing is done', () => {
    const { machine, transact } = createDriver();
    const many = Array.from({ length: maxOperations + 1 }, (_, i) => put(`k${i}`));
    assert.throws(() => transact(...many), refusal('too-large', String(maxOperations)));
    assert.throws(() => transact(put('')), refusal('invalid', '1 to'));
    assert.throws(() => transact(put('a'), put('b', 'v', 44)), refusal('not-found', 'lease 44'));
    assert.equal(machine.view.revision(), 1);
    assert.equal(machine.view.get('a'), undefined);
  });

  it('may compare all keys of a range, of which there may be none', () => {
    const { answer, transact } = createDriver();
    transact(put('a/1', 'x'), put('a/2', 'y'));
    const holds = (compare: Compare): boolean => {
      const done = answer({
        type: 'transaction',
        transaction: { compare: [compare], success: [] },
      });
      return done.type === 'transaction' && done.result.succeeded;
    };
    const all = { key: 'a/', end: prefixEnd('a/') };
    const none = { key: 'b/', end: prefixEnd('b/') };
    assert.ok(holds({ ...all, target: 'version', is: '=', to: 1 }));
    assert.ok(!holds({ ...all, target: 'create', is: '=', to: 0 }));
    assert.ok(holds({ ...none, target: 'create', is: '=', to: 0 }));
    assert.ok(!holds({ ...all, target: 'value', is: '=', to: 'x' }));
    assert.ok(holds({ ...all, target: 'value', is: '<', to: 'z' }));
    assert.ok(!holds({ ...none, target: 'value', is: '!=', to: 'z' }));
  });

  it('sees its own writes', () => {
    const { transact } = createDriver();
    const { responses } = transact(put('b'), { type: 'range', key: 'a', end: 'z' });
    assert.equal(responses[1]?.type === 'range' && responses[1].kvs[0]?.modRevision, 2);
  });

  it('over the limit of bytes is refused where it is proposed', () => {
    assert.throws(
      () => encodeCommand(writing(put('a', 'x'.repeat(maxCommandBytes)))),
      refusal('too-large', String(maxCommandBytes)),
    );
  });
});

describe('a command', () => {
  it('comes back from its bytes as it went in', () => {
    const commands: Command[] = [
      { type: 'none' },
      { type: 'grant-lease', id: 2 ** 52, ttlMs: 10_000 },
      { type: 'end-lease', id: 3 },
      { type: 'compact', revision: 2 ** 40 },
      {
        type: 'transaction',
        transaction: {
          compare: [
            { target: 'mod', key: 'a', is: '<', to: 7 },
            { target: 'value', key: 'ü', is: '!=', to: '' },
            { target: 'version', key: 'a', end: 'b', is: '=', to: 0 },
          ],
          success: [put('a', 'ü\0'), remove('a', 'b'), { type: 'range', key: 'a' }],
          failure: [remove('x'), { type: 'range', key: 'a', end: 'b', limit: 3 }],
        },
      },
    ];
    const request = { session: 2 ** 52, sequence: 8, lowest: 3 };
    for (const command of commands) {
      assert.deepEqual(decodeCommand(encodeCommand(command)), { command });
      assert.deepEqual(decodeCommand(encodeCommand(command, request)), { command, request });
    }
    assert.deepEqual(decodeCommand(new Uint8Array(0)), { command: { type: 'none' } });
  });

  it('of an unknown version, or that is none, stops the replica', () => {
    const bytes = Buffer.from(encodeCommand({ type: 'none' }));
    assert.equal(bytes[1], 1, 'what asks for nothing new can be followed by older replicas');
    bytes[1] = 9;
    const machine = createStateMachine();
    assert.throws(() => machine.apply(1, bytes), refusal('unsupported', 'command version 9'));
    assert.throws(() => machine.apply(1, Buffer.from('x')), refusal('corrupt'));
  });

  it('is applied once and in order', () => {
    const { machine, transact } = createDriver();
    transact(put('a'));
    assert.throws(() => machine.apply(1, encodeCommand({ type: 'none' })), /entry 1 comes after 1/);
  });
});

describe('a lease', () => {
  it('takes its keys along in one revision, in key order, and only those it still has', () => {
    const { answer, machine, transact } = createDriver();
    answer({ type: 'grant-lease', id: 5, ttlMs: 1000 });
    answer({ type: 'grant-lease', id: 6, ttlMs: 1000 });
    transact(
      put('z', 'v', 5),
      put('a', 'v', 5),
      put('m', 'v', 5),
      put('n', 'v', 5),
      put('o', 'v', 5),
    );
    transact(put('m', 'v', 6));
    transact(put('n', 'v'));
    transact(remove('o'));
    transact(put('o'));
    const { events, revision } = createDriver(machine).apply({ type: 'end-lease', id: 5 });
    assert.deepEqual(
      events.map(({ type, kv }) => `${type} ${kv.key} ${kv.modRevision}`),
      [`delete a ${revision}`, `delete z ${revision}`],
    );
    assert.deepEqual(
      machine.view.range('', '\uffff').kvs.map(({ key }) => key),
      ['m', 'n', 'o'],
    );
    assert.deepEqual(machine.leases(), [{ id: 6, ttlMs: 1000 }]);
  });

  it('without keys ends without a revision, and ends once', () => {
    const { answer, machine } = createDriver();
    answer({ type: 'grant-lease', id: 5, ttlMs: 1000 });
    answer({ type: 'end-lease', id: 5 });
    assert.equal(machine.view.revision(), 1);
    assert.throws(() => answer({ type: 'end-lease', id: 5 }), refusal('not-found', 'lease 5'));
  });

  it('is refused with an id in use or a term of nothing', () => {
    const { answer } = createDriver();
    answer({ type: 'grant-lease', id: 5, ttlMs: 1000 });
    assert.throws(
      () => answer({ type: 'grant-lease', id: 5, ttlMs: 1000 }),
      refusal('already-exists', 'lease 5'),
    );
    assert.throws(() => answer({ type: 'grant-lease', id: 6, ttlMs: 0 }), refusal('invalid'));
  });

  it('still has its keys after a snapshot', () => {
    const { answer, machine, transact, apply } = createDriver();
    answer({ type: 'grant-lease', id: 5, ttlMs: 1000 });
    transact(put('early', 'v', 5));
    apply({ type: 'compact', revision: 2 });
    transact(put('late', 'v', 5));
    const copy = createDriver(copyOf(machine));
    assert.equal(copy.apply({ type: 'end-lease', id: 5 }).events.length, 2);
  });
});

describe('a request', () => {
  it('that is repeated is answered again and not done again, also after a snapshot', () => {
    const { machine, apply } = createDriver();
    const session = createRequestSession(99);
    const request = session.begin();
    const first = apply(writing(put('a')), request);
    const second = apply(writing(put('a')), session.again(request));
    assert.equal(second.isRepeated, true);
    assert.deepEqual(second.answer, first.answer);
    assert.deepEqual(second.events, []);
    const copy = createDriver(copyOf(machine));
    const third = copy.apply(writing(put('a')), request);
    assert.equal(third.isRepeated, true);
    assert.deepEqual(third.answer, first.answer);
    assert.equal(copy.machine.view.revision(), 2);
  });

  it('whose comparison failed is not done when it comes again and would hold, also after a snapshot', () => {
    const { apply, machine } = createDriver();
    const request = { session: 1, sequence: 1, lowest: 1 };
    const swap: Command = {
      type: 'transaction',
      transaction: {
        compare: [{ target: 'value', key: 'a', is: '=', to: 'free' }],
        success: [put('a', 'taken')],
      },
    };
    const { answer: first } = apply(swap, request);
    apply(writing(put('a', 'free')));
    for (const driver of [createDriver(copyOf(machine)), createDriver(machine)]) {
      const again = driver.apply(swap, request);
      assert.equal(again.isRepeated, true);
      assert.deepEqual(again.answer, first, 'the client was told that nothing was done');
      assert.equal(driver.machine.view.get('a')?.value, 'free');
    }
  });

  it('that only reads is carried out again: its answer is not kept', () => {
    const { apply } = createDriver();
    const request = { session: 1, sequence: 1, lowest: 1 };
    const read: Command = {
      type: 'transaction',
      transaction: { compare: [], success: [{ type: 'range', key: 'a' }] },
    };
    apply(read, request);
    apply(writing(put('a')));
    const { answer, isRepeated } = apply(read, request);
    assert.equal(isRepeated, false);
    assert.ok(
      answer.ok && answer.value.type === 'transaction' && answer.value.result.revision === 2,
    );
  });

  it('that was refused is refused alike when it is repeated', () => {
    const { apply, machine } = createDriver();
    const request = { session: 1, sequence: 1, lowest: 1 };
    const end: Command = { type: 'end-lease', id: 5 };
    assert.equal(apply(end, request).answer.ok, false);
    apply({ type: 'grant-lease', id: 5, ttlMs: 1000 });
    for (const driver of [createDriver(copyOf(machine)), createDriver(machine)]) {
      const again = driver.apply(end, request);
      assert.ok(!again.answer.ok && again.answer.error.code === 'not-found');
      assert.equal(driver.machine.leases().length, 1);
    }
  });

  it('may come in any order within its session', () => {
    const { apply, machine } = createDriver();
    const session = createRequestSession(7);
    const [one, two, three] = [session.begin(), session.begin(), session.begin()];
    for (const request of [three, one, two, one, three]) {
      apply(writing(put(`k${request.sequence}`)), request);
    }
    assert.equal(machine.view.revision(), 4);
  });

  it('whose answer the client had is not done again, and says so', () => {
    const { apply, machine } = createDriver();
    const session = createRequestSession(7);
    const old = session.begin();
    apply(writing(put('a')), old);
    session.finish(old, true);
    apply(writing(put('b')), session.begin());
    const { answer } = apply(writing(put('a')), old);
    assert.ok(!answer.ok && answer.error.code === 'conflict', 'a late duplicate');
    assert.equal(machine.view.revision(), 3);
  });

  it('of a session that was forgotten is not done, unless the session is new', () => {
    const { apply, machine } = createDriver();
    apply(writing(put('a')), { session: 1, sequence: 1, lowest: 1 });
    for (let session = 2; session <= maxSessions + 1; session++) {
      apply(writing(put('b')), { session, sequence: 1, lowest: 1 });
    }
    const before = machine.view.revision();
    const { answer } = apply(writing(put('c')), { session: 1, sequence: 3, lowest: 2 });
    assert.ok(!answer.ok && answer.error.code === 'conflict');
    assert.equal(machine.view.revision(), before);
  });

  it('of a session that is heard of is remembered when others are forgotten', () => {
    const { apply, machine } = createDriver();
    apply(writing(put('a')), { session: 1, sequence: 1, lowest: 1 });
    for (let session = 2; session <= maxSessions; session++) {
      apply(writing(put('b')), { session, sequence: 1, lowest: 1 });
    }
    apply(writing(put('a')), { session: 1, sequence: 2, lowest: 1 });
    const copy = createDriver(copyOf(machine, 1000));
    for (const driver of [createDriver(machine), copy]) {
      driver.apply(writing(put('c')), { session: 9999, sequence: 1, lowest: 1 });
      const known = driver.apply(writing(put('a')), { session: 1, sequence: 1, lowest: 1 });
      assert.equal(known.isRepeated, true);
      const forgotten = driver.apply(writing(put('b')), { session: 2, sequence: 1, lowest: 1 });
      assert.equal(forgotten.isRepeated, false, 'session 2 had been idle for longest');
    }
  });

  it('too far ahead of what its session waits for is refused', () => {
    const { apply } = createDriver();
    apply(writing(put('a')), { session: 1, sequence: 1, lowest: 1 });
    const ahead = { session: 1, sequence: 1 + maxOpenRequests, lowest: 1 };
    const { answer } = apply(writing(put('a')), ahead);
    assert.ok(!answer.ok && answer.error.code === 'overloaded');
  });

  it('says which is the lowest that its session still waits for', () => {
    const session = createRequestSession(7);
    const [one, two] = [session.begin(), session.begin()];
    session.finish(two, true);
    assert.equal(session.begin().lowest, 1);
    session.finish(one, true);
    assert.equal(session.begin().lowest, 3);
    assert.equal(session.open(), 2);
  });
});

describe('a snapshot', () => {
  it('is of the moment it was asked for, whatever is written and compacted while it is read', () => {
    const { machine, transact, apply } = createDriver();
    for (let i = 0; i < 3000; i++) transact(put(`k${i % 1000}`, 'x'.repeat(500) + i));
    apply({ type: 'compact', revision: 1500 });
    const digest = machine.digest();
    const chunks: Uint8Array[] = [];
    let rounds = 0;
    for (const chunk of machine.snapshot()) {
      chunks.push(chunk);
      for (let i = 0; i < 100; i++) transact(put(`k${(rounds * 37 + i) % 1000}`, 'new'));
      transact(remove(`k${rounds}`, `k${rounds}9`), put('zz'));
      apply({ type: 'compact', revision: machine.view.revision() - 1 });
      rounds += 1;
    }
    assert.ok(rounds > 3, `${rounds} chunks`);
    const copy = createStateMachine();
    const restoration = copy.restore();
    for (const chunk of chunks) restoration.add(chunk);
    restoration.finish(3001);
    assert.equal(copy.digest(), digest);
  });

  it('that ends early or has an unknown version leaves the old state', () => {
    const { machine, transact } = createDriver();
    transact(put('a', 'x'.repeat(100)));
    const [chunk] = [...machine.snapshot()];
    const early = machine.restore();
    early.add(chunk!.subarray(0, -1));
    assert.throws(() => early.finish(1), refusal('corrupt', 'ends early'));
    const newer = Buffer.from(chunk!);
    // Length of the block, array of rows, array of the head, its type: then the version.
    newer[newer.indexOf(Buffer.from([0x94, 0, 1])) + 2] = 8;
    assert.throws(() => machine.restore().add(newer), refusal('unsupported', 'version 8'));
    assert.equal(machine.view.revision(), 2);
  });
});
