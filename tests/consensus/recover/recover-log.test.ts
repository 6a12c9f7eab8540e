// A recovery is whole or not at all, wherever it is cut off.

import assert from 'node:assert/strict';
import { openLog } from '../../../consensus/log/open-log.ts';
import { recoverLog } from '../../../consensus/recover/recover-log.ts';
import { surveyLog } from '../../../consensus/recover/survey-log.ts';
import { epochOf, formatEpoch, foundingEpoch } from '../../../consensus/replica/epoch.ts';
import { replicaRecords } from '../../../consensus/replica/replica-records.ts';
import { isDiskFull } from '../../../consensus/log/disk.ts';
import type { Disk } from '../../../consensus/log/disk.ts';
import { refusal } from '../log/log-fixture.ts';
import { seededRandom } from '../log/virtual-time.ts';
import {
  commit,
  directory,
  keys,
  lastIndex,
  segmentBytes,
  self,
  stoppedLog,
} from './stopped-log.ts';
import type { StoppedLog } from './stopped-log.ts';

const recover = ({ disk, time }: StoppedLog, seed: number) =>
  time.run(recoverLog(disk.boot(), directory, seededRandom(seed), segmentBytes));

async function survey({ disk, time }: StoppedLog) {
  const found = await time.run(surveyLog(disk.boot(), directory));
  assert.ok(found !== 'over');
  return found;
}

const countKeys = ({ view }: Awaited<ReturnType<typeof survey>>): number =>
  view.range('/k/', '/k0').kvs.length;

describe('the recovery of a log', () => {
  it('begins an epoch with one voter and everything that the replica had', async () => {
    const stopped = await stoppedLog(1);
    const before = await survey(stopped);
    assert.deepEqual(
      [before.replica, before.term, before.commit, before.lastEntry],
      [self, 2, commit, { term: 2, index: lastIndex }],
    );
    assert.deepEqual(
      before.voters.map(({ replica, peer, isSelf }) => [replica, peer, isSelf]),
      [
        [77, 'a', true],
        [78, undefined, false],
        [79, undefined, false],
      ],
    );
    assert.equal(before.epoch, foundingEpoch);
    const recovered = await recover(stopped, 1);
    assert.ok(recovered !== 'over');
    const after = await survey(stopped);
    assert.equal(after.replica, recovered.replica);
    assert.notEqual(after.replica, self);
    assert.deepEqual(after.lastEntry, { term: recovered.term, index: lastIndex + 1 });
    assert.ok(recovered.term > 1_000_000);
    assert.equal(after.commit, lastIndex + 1);
    assert.deepEqual(
      after.voters.map(({ replica, peer, isSelf }) => [replica, peer, isSelf]),
      [[recovered.replica, 'a', true]],
    );
    assert.deepEqual(after.learners, []);
    assert.equal(countKeys(after), keys);
    assert.equal(epochOf(after.view), recovered.epoch);
    assert.match(formatEpoch(recovered.epoch), /^2-[0-9a-f]{8}$/);
    assert.deepEqual(
      replicaRecords(after.view).map(({ replica, domain, life }) => [replica, domain, life]),
      [[recovered.replica, 'here', undefined]],
    );
  });

  it('is the old log or the new one after a crash at any step, and finishes when it is run again', async () => {
    const seen = { old: 0, new: 0 };
    let steps = 0;
    for (let isCutOff = true; isCutOff; steps++) {
      for (let seed = 1; seed <= 5; seed++) {
        const stopped = await stoppedLog(seed);
        isCutOff = await crashAt(stopped, steps + 1);
        const found = await survey(stopped);
        assert.equal(countKeys(found), keys, `step ${steps}, seed ${seed}`);
        if (found.replica === self) {
          seen.old += 1;
          assert.equal(found.voters.length, 3);
          assert.equal(found.epoch, foundingEpoch);
        } else {
          seen.new += 1;
          assert.equal(found.voters.length, 1);
          assert.ok(found.epoch > foundingEpoch);
        }
        await opens(stopped, found.replica);
        const again = await recover(stopped, seed + 100);
        assert.ok(again !== 'over' && again.epoch > found.epoch);
        assert.equal(countKeys(await survey(stopped)), keys);
      }
    }
    assert.ok(steps > 20 && seen.old > 20 && seen.new > 10, JSON.stringify({ steps, ...seen }));
  });

  it('changes nothing when there is no room for it', async () => {
    const stopped = await stoppedLog(1);
    stopped.disk.setCapacityBytes(0);
    await assert.rejects(recover(stopped, 1), isDiskFull);
    stopped.disk.setCapacityBytes(Infinity);
    assert.equal((await survey(stopped)).replica, self);
  });

  it('is preceded by a survey that writes nothing at all', async () => {
    const { disk, time } = await stoppedLog(1);
    const booted = disk.boot();
    const written: string[] = [];
    const watched: Disk = {
      ...booted,
      open: (path, access) => {
        if (access !== 'read') written.push(path);
        return booted.open(path, access);
      },
      remove: (path) => {
        written.push(path);
        return booted.remove(path);
      },
    };
    await time.run(surveyLog(watched, directory));
    assert.deepEqual(written, []);
  });

  it('refuses a log that rots, and a directory without one', async () => {
    const stopped = await stoppedLog(1);
    const [segment] = stopped.disk.paths().filter((path) => path.includes('segment-'));
    stopped.disk.rot(segment!, 1_000);
    await assert.rejects(recover(stopped, 1), refusal('corrupt', 'segment-', 'offset'));
    const { disk, time } = stopped;
    const nowhere = time.run(recoverLog(disk.boot(), '/data/other', seededRandom(1)));
    await assert.rejects(nowhere, refusal('not-found', '/data/other', '--data'));
  });
});

/** Cuts the power in the middle of the recovery's n-th operation. False when it had ended before. */
async function crashAt({ disk, time }: StoppedLog, operation: number): Promise<boolean> {
  let hasCrashed = false;
  const booted = disk.boot();
  disk.crashAfter(operation, () => (hasCrashed = true));
  const work = recoverLog(booted, directory, seededRandom(operation), segmentBytes);
  await time.run(work, () => hasCrashed);
  disk.crashAfter(Infinity, () => undefined);
  return hasCrashed;
}

/** As a peer would. */
async function opens({ disk, time }: StoppedLog, replicaId: number): Promise<void> {
  const opened = await time.run(openLog(disk.boot(), { directory, replicaId: 1, segmentBytes }));
  assert.ok(opened !== 'over');
  assert.equal(opened.recovered.replicaId, replicaId);
  await time.run(opened.log.close());
}
