// When leases end, on a clock that is only numbers.

import assert from 'node:assert/strict';

import { createLessor, maxExpiredAtOnce } from '../../../consensus/store/lessor.ts';

const lease = { id: 1, ttlMs: 1000 };
const electionTimeoutMs = 300;

describe('the lessor', () => {
  it('lets a lease end at its term, and names it until it has ended', () => {
    const lessor = createLessor(electionTimeoutMs);
    lessor.granted(lease, 0);
    assert.deepEqual(lessor.expired(999), []);
    assert.deepEqual(lessor.expired(1000), [1]);
    assert.deepEqual(lessor.expired(1001), [1]);
    lessor.ended(1);
    assert.deepEqual(lessor.expired(2000), []);
  });

  it('runs a full term from a confirmed renewal', () => {
    const lessor = createLessor(electionTimeoutMs);
    lessor.granted(lease, 0);
    assert.deepEqual(lessor.renewed(1, 900), lease);
    assert.equal(lessor.remainingMs(1, 1000), 900);
    assert.deepEqual(lessor.expired(1899), []);
    assert.deepEqual(lessor.expired(1900), [1]);
  });

  it('refuses to renew what is ending, ended or unknown', () => {
    const lessor = createLessor(electionTimeoutMs);
    lessor.granted(lease, 0);
    lessor.expired(1000);
    assert.equal(lessor.renewed(1, 1000), undefined);
    assert.deepEqual(lessor.expired(1000), [1], 'a refused renewal changed nothing');
    lessor.ended(1);
    assert.equal(lessor.renewed(1, 1000), undefined);
    assert.equal(lessor.renewed(2, 1000), undefined);
  });

  it('gives every lease a full term and an election timeout when it begins to lead', () => {
    const lessor = createLessor(electionTimeoutMs);
    lessor.granted({ id: 9, ttlMs: 1 }, 0);
    lessor.lead([lease, { id: 2, ttlMs: 5000 }], 10_000);
    assert.equal(lessor.remainingMs(9, 10_000), undefined);
    assert.deepEqual(lessor.expired(11_299), []);
    assert.deepEqual(lessor.expired(11_300), [1]);
    assert.equal(lessor.remainingMs(2, 11_300), 4000);
  });

  it('never shortens a term by a renewal soon after it began to lead', () => {
    const lessor = createLessor(electionTimeoutMs);
    lessor.lead([lease], 0);
    lessor.renewed(1, 100);
    assert.equal(lessor.remainingMs(1, 100), 1200);
  });

  it('ends nothing once another leads', () => {
    const lessor = createLessor(electionTimeoutMs);
    lessor.granted(lease, 0);
    lessor.resign();
    assert.deepEqual(lessor.expired(99_999), []);
  });

  it('names the oldest first, and not more than a turn can propose', () => {
    const lessor = createLessor(electionTimeoutMs);
    for (let id = 1; id <= maxExpiredAtOnce + 1; id++) lessor.granted({ id, ttlMs: 5000 - id }, 0);
    const named = lessor.expired(9000);
    assert.equal(named.length, maxExpiredAtOnce);
    assert.equal(named[0], maxExpiredAtOnce + 1);
    assert.notEqual(lessor.renewed(1, 9000), undefined, 'what was not named may still be renewed');
  });
});
