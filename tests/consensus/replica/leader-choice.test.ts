import assert from 'node:assert/strict';
import { fitterThan, heirAmong } from '../../../consensus/replica/leader-choice.ts';
import type { LeaderCandidate } from '../../../consensus/replica/leader-choice.ts';

const voter = (id: number, over: Partial<LeaderCandidate> = {}): LeaderCandidate => ({
  id,
  isWitness: false,
  isWithdrawn: false,
  hasRoom: true,
  alive: true,
  caughtUp: true,
  match: 10,
  ...over,
});
const witness = voter(1, { isWitness: true });
const cordoned = voter(2, { isWithdrawn: true });

describe('the choice of a leader', () => {
  it('moves leadership from a witness to any full voter, and from a cordoned one to one that is not', () => {
    assert.equal(fitterThan(witness, [cordoned]), 2);
    assert.equal(fitterThan(witness, [cordoned, voter(3)]), 3);
    assert.equal(fitterThan(cordoned, [witness, voter(3)]), 3);
  });

  it('leaves it where nobody is strictly fitter', () => {
    assert.equal(fitterThan(voter(3), [voter(4, { match: 20 }), witness]), undefined);
    assert.equal(fitterThan(cordoned, [voter(3, { isWithdrawn: true }), witness]), undefined);
  });

  it('counts room on the disk before all else', () => {
    assert.equal(fitterThan(witness, [voter(3, { hasRoom: false })]), undefined);
    assert.equal(fitterThan(voter(3, { hasRoom: false }), [witness]), 1);
    assert.equal(heirAmong([voter(3, { hasRoom: false }), witness]), 1);
  });

  it('waits for one that is alive and caught up', () => {
    const others = [voter(3, { alive: false }), voter(4, { caughtUp: false })];
    assert.equal(fitterThan(witness, others), undefined);
  });

  it('has an heir in anybody alive, and the fittest if it has caught up', () => {
    assert.equal(heirAmong([voter(3, { alive: false })]), undefined);
    assert.equal(heirAmong([witness]), 1);
    assert.equal(heirAmong([witness, voter(3), voter(4, { match: 20 })]), 4);
    assert.equal(heirAmong([witness, voter(3, { caughtUp: false })]), 1);
  });
});
