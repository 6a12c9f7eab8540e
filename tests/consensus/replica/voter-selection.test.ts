import assert from 'node:assert/strict';
import { selectVoters, voterLimits } from '../../../consensus/replica/voter-selection.ts';
import type { Candidate } from '../../../consensus/replica/voter-selection.ts';

const candidate = (id: number, over: Partial<Candidate> = {}): Candidate => ({
  id,
  domain: `domain-${id}`,
  alive: true,
  deadForMs: 0,
  caughtUp: true,
  superseded: false,
  isWitness: false,
  isWithdrawn: false,
  steadyForMs: 60_000,
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

  it('leaves a voter that was replaced and comes back a learner', () => {
    const current = { voters: [1, 2, 4], learners: [3] };
    const all = [1, 2, 3, 4].map((id) => candidate(id));
    assert.equal(selectVoters(current, 1, all), undefined);
  });

  it('lets the successor decide who follows a leader that leaves', () => {
    const current = { voters: [1, 2, 3], learners: [4] };
    assert.equal(
      selectVoters(
        current,
        1,
        [2, 3, 4].map((id) => candidate(id)),
      ),
      undefined,
    );
  });

  it('gives the seat of a lone voter that leaves to the learner, in one change', () => {
    const change = selectVoters({ voters: [1], learners: [2] }, 1, [candidate(2)]);
    assert.deepEqual(change, { ...nothing, promote: [2], remove: [1] });
  });

  it('moves the vote of a lone voter that is cordoned to a learner that is not', () => {
    const cordoned = candidate(1, { isWithdrawn: true });
    const current = { voters: [1], learners: [2] };
    const change = selectVoters(current, 1, [cordoned, candidate(2)]);
    assert.deepEqual(change, { ...nothing, promote: [2], demote: [1] });
    const both = [cordoned, candidate(2, { isWithdrawn: true })];
    assert.equal(selectVoters(current, 1, both), undefined);
  });

  it('adds as many learners at once as fit in one change', () => {
    const all = Array.from({ length: 100 }, (_, at) => candidate(at + 1));
    const change = selectVoters({ voters: [1], learners: [] }, 1, all);
    assert.equal(change?.addLearners.length, 32);
  });
});

describe('voter selection, in calm', () => {
  const crowd = ['a', 'a', 'a', 'b', 'c'].map((domain, at) => candidate(at + 1, { domain }));
  const three = { ...voterLimits, maxVoters: 3 };
  const crowded = { voters: [1, 2, 3], learners: [4, 5] };

  it('moves votes to domains without one, one at a time, and then leaves them there', () => {
    const first = selectVoters(crowded, 1, crowd, three);
    assert.deepEqual(first, { ...nothing, promote: [4], demote: [2] });
    const second = selectVoters({ voters: [1, 3, 4], learners: [2, 5] }, 1, crowd, three);
    assert.deepEqual(second, { ...nothing, promote: [5], demote: [3] });
    assert.equal(selectVoters({ voters: [1, 4, 5], learners: [2, 3] }, 1, crowd, three), undefined);
  });

  it('moves none to a learner that comes and goes, and none while a voter is dead', () => {
    const unsteady = crowd.map((each) => ({ ...each, steadyForMs: 29_000 }));
    assert.equal(selectVoters(crowded, 1, unsteady, three), undefined);
    const mourning = crowd.map((each) => (each.id === 3 ? { ...each, ...dead(3, 2_000) } : each));
    assert.equal(selectVoters(crowded, 1, mourning, three), undefined);
  });
});

describe('voter selection with a witness', () => {
  const witness = (id: number, over: Partial<Candidate> = {}): Candidate =>
    candidate(id, { isWitness: true, ...over });
  const rack = (id: number, domain: string): Candidate => candidate(id, { domain });

  it('makes three voters of two full peers and a witness', () => {
    const all = [candidate(1), candidate(2), witness(3)];
    const change = selectVoters({ voters: [1], learners: [2, 3] }, 1, all);
    assert.deepEqual(change?.promote.toSorted(), [2, 3]);
  });

  it('leaves one full peer and any number of witnesses with one voter', () => {
    const all = [candidate(1), witness(2), witness(3)];
    assert.equal(selectVoters({ voters: [1], learners: [2, 3] }, 1, all), undefined);
  });

  it('passes the witness over where three full peers are, and moves its vote once the third is steady', () => {
    const all = [candidate(1), candidate(2), candidate(3), witness(4)];
    const grown = selectVoters({ voters: [1], learners: [2, 3, 4] }, 1, all);
    assert.deepEqual(grown?.promote, [2, 3]);
    const moved = selectVoters({ voters: [1, 2, 4], learners: [3] }, 1, all);
    assert.deepEqual(moved, { ...nothing, promote: [3], demote: [4] });
    assert.equal(selectVoters({ voters: [1, 2, 3], learners: [4] }, 1, all), undefined);
    const fresh = all.map((each) => ({ ...each, steadyForMs: 1_000 }));
    assert.equal(selectVoters({ voters: [1, 2, 4], learners: [3] }, 1, fresh), undefined);
  });

  it('lets a witness in a third domain vote when all full peers lie in two', () => {
    const all = [rack(1, 'a'), rack(2, 'a'), rack(3, 'b'), rack(4, 'b'), witness(5)];
    const grown = selectVoters({ voters: [1], learners: [2, 3, 4, 5] }, 1, all);
    assert.deepEqual(grown?.promote.toSorted(), [3, 5]);
    const moved = selectVoters({ voters: [1, 2, 3], learners: [4, 5] }, 1, all);
    assert.deepEqual(moved, { ...nothing, promote: [5], demote: [2] });
  });

  it('gives it the seat of a voter that stays dead when no full learner is there', () => {
    const current = { voters: [1, 2, 3], learners: [4] };
    const change = selectVoters(current, 1, [candidate(1), candidate(2), dead(3), witness(4)]);
    assert.deepEqual(change, { ...nothing, promote: [4], demote: [3] });
  });

  it('moves the vote of a witness that alone was left to the first full peer that joins', () => {
    const change = selectVoters({ voters: [1], learners: [2] }, 1, [witness(1), candidate(2)]);
    assert.deepEqual(change, { ...nothing, promote: [2], demote: [1] });
  });

  it('goes down to the full peer, not to the witness, when one of two leaves', () => {
    const current = { voters: [1, 2, 3], learners: [] };
    const change = selectVoters(current, 2, [candidate(2), witness(3)]);
    assert.deepEqual(change, { ...nothing, demote: [3], remove: [1] });
    assert.equal(selectVoters(current, 3, [candidate(2), witness(3)]), undefined);
  });
});
