import assert from 'node:assert/strict';
import { selectVoters } from '../../../consensus/replica/voter-selection.ts';
import type { Candidate } from '../../../consensus/replica/voter-selection.ts';

const candidate = (id: number, over: Partial<Candidate> = {}): Candidate => ({
  id,
  domain: `domain-${id}`,
  alive: true,
  deadForMs: 0,
  caughtUp: true,
  superseded: false,
  ...over,
});
const dead = (id: number, deadForMs = 60_000): Candidate =>
  candidate(id, { alive: false, deadForMs });
const nothing = { addLearners: [], promote: [], demote: [], remove: [] };

describe('voter selection', () => {
  it('adds a new replica as a learner first', () => {
    const change = selectVoters({ voters: [1], learners: [] }, 1, [candidate(1), candidate(2)]);
    assert.deepEqual(change, { ...nothing, addLearners: [2] });
  });

  it('leaves two peers as one voter and one learner', () => {
    const current = { voters: [1], learners: [2] };
    assert.equal(selectVoters(current, 1, [candidate(1), candidate(2)]), undefined);
  });

  it('grows from one to three voters in one change', () => {
    const current = { voters: [1], learners: [2, 3] };
    const change = selectVoters(current, 1, [candidate(1), candidate(2), candidate(3)]);
    assert.deepEqual(change, { ...nothing, promote: [2, 3] });
  });

  it('waits for a learner that is still behind', () => {
    const slow = candidate(3, { caughtUp: false });
    const current = { voters: [1], learners: [2, 3] };
    assert.equal(selectVoters(current, 1, [candidate(1), candidate(2), slow]), undefined);
  });

  it('never has more than five voters', () => {
    const seven = [1, 2, 3, 4, 5, 6, 7].map((id) => candidate(id));
    const current = { voters: [1, 2, 3, 4, 5], learners: [6, 7] };
    assert.equal(selectVoters(current, 1, seven), undefined);
  });

  it('spreads voters over failure domains', () => {
    const domains = ['a', 'a', 'a', 'b', 'c'];
    const all = domains.map((domain, index) => candidate(index + 1, { domain }));
    const change = selectVoters({ voters: [1], learners: [2, 3, 4, 5] }, 1, all.slice(0, 4));
    assert.deepEqual(change?.promote, [4, 2]);
  });

  it('replaces a voter that stays dead, and not one that just went', () => {
    const current = { voters: [1, 2, 3], learners: [4] };
    const after = (ms: number) =>
      selectVoters(current, 1, [candidate(1), candidate(2), dead(3, ms), candidate(4)]);
    assert.equal(after(2000), undefined);
    assert.deepEqual(after(20_000), { ...nothing, promote: [4], demote: [3] });
  });

  it('never shrinks because of a death', () => {
    const current = { voters: [1, 2, 3], learners: [] };
    assert.equal(selectVoters(current, 1, [candidate(1), candidate(2), dead(3)]), undefined);
    assert.equal(selectVoters(current, 1, [candidate(1), dead(2), dead(3)]), undefined);
  });

  it('goes down to one voter when one of three leaves cleanly', () => {
    const change = selectVoters({ voters: [1, 2, 3], learners: [] }, 1, [
      candidate(1),
      candidate(2),
    ]);
    assert.deepEqual(change, { ...nothing, demote: [2], remove: [3] });
  });

  it('fills the seat of a voter that left', () => {
    const current = { voters: [1, 2, 3], learners: [4] };
    const change = selectVoters(current, 1, [candidate(1), candidate(2), candidate(4)]);
    assert.deepEqual(change, { ...nothing, promote: [4], remove: [3] });
  });

  it('drops the old replica of a peer that came back with a new one', () => {
    const current = { voters: [1, 2, 3], learners: [4] };
    const old = candidate(3, { superseded: true, alive: false, deadForMs: 1 });
    const change = selectVoters(current, 1, [candidate(1), candidate(2), old, candidate(4)]);
    assert.deepEqual(change, { ...nothing, promote: [4], remove: [3] });
  });

  it('never drops the leader', () => {
    const change = selectVoters({ voters: [1, 2, 3], learners: [] }, 3, [
      candidate(1),
      candidate(2),
      candidate(3),
    ]);
    assert.equal(change, undefined);
    const shrink = selectVoters({ voters: [1, 2, 3], learners: [] }, 3, [
      candidate(1),
      candidate(3),
    ]);
    assert.deepEqual(shrink, { ...nothing, demote: [1], remove: [2] });
  });
});
