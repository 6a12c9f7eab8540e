import assert from 'node:assert/strict';
import { cutIndex, isSnapshotDue } from '../../../consensus/replica/snapshot-schedule.ts';

const mb = 1 << 20;
const minuteMs = 60_000;
const none = { entries: 0, bytes: 0, ageMs: 0 };
const isDue = (uncovered: Partial<typeof none>, snapshotBytes: number): boolean =>
  isSnapshotDue({ ...none, ...uncovered }, snapshotBytes, 16 * mb);

describe('when a snapshot is saved', () => {
  it('is when the log since the last one is as large as that, and not below the floor', () => {
    const entries = 1_000;
    assert.equal(isDue({ entries, bytes: 16 * mb - 1 }, 100), false);
    assert.equal(isDue({ entries, bytes: 16 * mb }, 100), true);
    assert.equal(isDue({ entries, bytes: 50 * mb - 1 }, 50 * mb), false);
    assert.equal(isDue({ entries, bytes: 50 * mb }, 50 * mb), true);
  });

  it('is at the ceiling at the latest, for all of it is kept in memory', () => {
    assert.equal(isDue({ entries: 1_000, bytes: 96 * mb - 1 }, 2_000 * mb), false);
    assert.equal(isDue({ entries: 1_000, bytes: 96 * mb }, 2_000 * mb), true);
  });

  it('is before there are more small entries than can be applied again while the log is opened', () => {
    assert.equal(isDue({ entries: 190_000, bytes: 1 }, 1), false);
    assert.equal(isDue({ entries: 200_000, bytes: 1 }, 1), true);
    assert.equal(isDue({ entries: 100_000, bytes: 1 }, 400 * mb), true);
    assert.equal(isDue({ entries: 49_999, bytes: 1 }, 4_000 * mb), false, 'not all the time');
    assert.equal(isDue({ entries: 50_000, bytes: 1 }, 4_000 * mb), true);
  });

  it('is within half an hour of any entry, and never without one', () => {
    assert.equal(isDue({ entries: 1, bytes: 1, ageMs: 30 * minuteMs - 1 }, 1), false);
    assert.equal(isDue({ entries: 1, bytes: 1, ageMs: 30 * minuteMs }, 1), true);
    assert.equal(isDue({ ageMs: 1_000 * minuteMs }, 1), false);
  });

  it('costs each byte written no more than a constant, as a state grows to the ceiling', () => {
    let written = 0;
    let saved = 0;
    let bytes = 0;
    let state = 0;
    for (let step = 0; step < 96; step++) {
      bytes += mb;
      written += mb;
      if (!isDue({ entries: 1, bytes }, state)) continue;
      state = written;
      saved += state;
      bytes = 0;
    }
    assert.ok(saved < 2 * written, `${saved} bytes saved for ${written} written`);
  });
});

describe('where the log is cut', () => {
  const follower = { match: 500, pendingSnapshot: 0, ticksSinceContact: 1 };

  it('is where it was wanted, without followers', () => {
    assert.equal(cutIndex(900, mb, [], 8), 900);
  });

  it('is not beyond what a follower in touch still needs', () => {
    assert.equal(cutIndex(900, mb, [follower], 8), 500);
    assert.equal(cutIndex(900, mb, [{ ...follower, pendingSnapshot: 700 }], 8), 700);
    assert.equal(cutIndex(900, mb, [{ ...follower, match: 2_000 }], 8), 900);
  });

  it('waits neither for the silent nor for ever', () => {
    assert.equal(cutIndex(900, mb, [{ ...follower, ticksSinceContact: 8 }], 8), 900);
    assert.equal(cutIndex(900, 97 * mb, [follower], 8), 900);
  });
});
