import assert from 'node:assert/strict';
import { createPendingWrites } from '../../../consensus/replica/pending-writes.ts';
import type { Result } from '../../../runtime/index.ts';
import { ok, SkeinError } from '../../../runtime/index.ts';

function waiting() {
  const pending = createPendingWrites<string>();
  const settled: Result<string>[] = [];
  const add = (sequence: number, deadlineAtMs = 1_000): void =>
    pending.add({
      sequence,
      deadlineAtMs,
      command: new Uint8Array([sequence]),
      settle: (result) => settled.push(result),
    });
  const outcome = (): string | undefined => {
    const [result] = settled;
    if (result === undefined) return undefined;
    return result.ok ? result.value : result.error.code;
  };
  const sequences = (nowMs: number, leader: 'self' | 'other' = 'self') =>
    pending.takeDue(nowMs, leader).map(({ sequence }) => sequence);
  return { pending, add, outcome, sequences, settled };
}

const full = new SkeinError('overloaded', 'the disks are full');

describe('writes that wait', () => {
  it('are handed over once, and again when nothing came of it', () => {
    const { add, sequences } = waiting();
    add(1);
    assert.deepEqual(sequences(0), [1]);
    assert.deepEqual(sequences(100), []);
    assert.deepEqual(sequences(400), [1]);
  });

  it('are handed over at once when they were not taken or the leader changed', () => {
    const { pending, add, sequences } = waiting();
    add(1);
    sequences(0);
    pending.notTaken([1, 99]);
    assert.deepEqual(sequences(1), [1]);
    pending.leaderChanged();
    assert.deepEqual(sequences(2), [1]);
  });

  it('are settled once, when they were applied', () => {
    const { pending, add, outcome, settled } = waiting();
    add(1);
    pending.applied(1, ok('done'));
    pending.applied(1, ok('again'));
    pending.expire(5_000);
    assert.equal(outcome(), 'done');
    assert.equal(settled.length, 1);
  });

  it('were certainly not done when no leader ever had them', () => {
    const { pending, add, outcome } = waiting();
    add(1);
    pending.expire(999);
    assert.equal(outcome(), undefined);
    pending.expire(1_000);
    assert.equal(outcome(), 'unavailable');
  });

  it('were certainly not done when this peer led and did not take them', () => {
    const { pending, add, outcome, sequences } = waiting();
    add(1);
    sequences(0, 'self');
    pending.notTaken([1]);
    pending.expire(1_000);
    assert.equal(outcome(), 'unavailable');
  });

  it('may have been done once another peer had them, whatever it answered', () => {
    const { pending, add, outcome, sequences } = waiting();
    add(1);
    sequences(0, 'other');
    pending.notTaken([1]);
    pending.expire(1_000);
    assert.equal(outcome(), 'timeout');
  });

  it('were certainly not done when the only leader that had them refused them', () => {
    for (const leader of ['self', 'other'] as const) {
      const { pending, add, outcome, sequences } = waiting();
      add(1);
      sequences(0, leader);
      pending.refused([1, 99], full);
      assert.equal(outcome(), 'overloaded');
    }
  });

  it('were certainly not done when every leader that had them answered, and the last refused them', () => {
    const { pending, add, outcome, sequences } = waiting();
    add(1);
    sequences(0, 'other');
    pending.notTaken([1]);
    sequences(1, 'other');
    pending.refused([1], full);
    assert.equal(outcome(), 'overloaded');
  });

  it('may have been done though a leader refused them, when another hand-over went unanswered', () => {
    const { pending, add, outcome, sequences } = waiting();
    add(1);
    sequences(0, 'other');
    pending.leaderChanged();
    sequences(1, 'other');
    pending.refused([1], full);
    assert.equal(outcome(), undefined, 'the first leader may have taken it');
    pending.expire(1_000);
    assert.equal(outcome(), 'timeout');
  });

  it('are refused when too many wait', () => {
    const { pending, add, outcome } = waiting();
    for (let sequence = 1; sequence <= 4_000; sequence++) add(sequence);
    assert.equal(outcome(), undefined);
    add(4_001);
    assert.equal(outcome(), 'overloaded');
    assert.equal(pending.size(), 4_000);
  });
});
