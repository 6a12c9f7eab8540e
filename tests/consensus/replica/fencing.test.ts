import assert from 'node:assert/strict';
import { beginLife, startsOf } from '../../../consensus/log/life-file.ts';
import type { Heartbeat } from '../../../consensus/raft/messages.ts';
import { blankEpoch, foundingEpoch, nextEpoch } from '../../../consensus/replica/epoch.ts';
import { isLifeCredible, judgeEpoch, provesLoss } from '../../../consensus/replica/fencing.ts';
import { createSimulatedDisk } from '../../simulation/simulated-disk.ts';
import { createVirtualTime, seededRandom } from '../log/virtual-time.ts';

const random = seededRandom(1);

describe('the epoch of who speaks', () => {
  const newer = nextEpoch(foundingEpoch, random);

  it('is acted on when it is the own one, or none yet', () => {
    assert.equal(judgeEpoch(newer, newer, false), 'act');
    assert.equal(judgeEpoch(newer, blankEpoch, false), 'act');
    assert.equal(judgeEpoch(blankEpoch, blankEpoch, true), 'act');
  });

  it('ends the part of whoever is of an older one', () => {
    assert.equal(judgeEpoch(newer, foundingEpoch, false), 'answer');
    assert.equal(judgeEpoch(foundingEpoch, newer, false), 'stop');
  });

  it('is taken over by a replica that holds nothing, and never again an older one', () => {
    assert.equal(judgeEpoch(blankEpoch, foundingEpoch, true), 'adopt');
    assert.equal(judgeEpoch(foundingEpoch, newer, true), 'adopt');
    assert.equal(judgeEpoch(newer, foundingEpoch, true), 'answer');
  });

  it('is above all before it, and differs between two recoveries of one zone', () => {
    const [one, other] = [nextEpoch(foundingEpoch, random), nextEpoch(foundingEpoch, random)];
    assert.notEqual(one, other);
    const after = nextEpoch(Math.min(one, other), random);
    assert.ok(after > Math.max(one, other) && Number.isSafeInteger(after));
  });
});

describe('the life of a replica', () => {
  const time = createVirtualTime();
  const disk = createSimulatedDisk({ clock: time.clock, random });
  const begin = async (): Promise<number> => {
    const life = await time.run(beginLife(disk.boot(), '/log', random));
    assert.ok(life !== 'over');
    return life;
  };

  it('is credible when it is the recorded one or a later start', async () => {
    const [first, second, third] = [await begin(), await begin(), await begin()];
    assert.deepEqual([first, second, third].map(startsOf), [1, 2, 3]);
    assert.ok(isLifeCredible(undefined, first));
    assert.ok(isLifeCredible(first, first));
    assert.ok(isLifeCredible(first, third));
    assert.ok(!isLifeCredible(second, first));
  });

  it('is told from that of a copy which started as often', async () => {
    const copy = disk.keep();
    const own = await begin();
    disk.putBack(copy);
    const forked = await begin();
    assert.equal(startsOf(own), startsOf(forked));
    assert.ok(!isLifeCredible(own, forked) && !isLifeCredible(forked, own));
  });

  it('begins on a full disk, and after a crash at any moment', async () => {
    disk.setCapacityBytes(0);
    for (let step = 1; step <= 5; step++) {
      const before = await begin();
      let hasCrashed = false;
      const booted = disk.boot();
      disk.crashAfter(step, () => (hasCrashed = true));
      await time.run(beginLife(booted, '/log', random), () => hasCrashed);
      disk.crashAfter(Infinity, () => undefined);
      assert.ok(startsOf(await begin()) > startsOf(before), `step ${step}`);
    }
  });

  it('counts from the beginning when its file is lost', async () => {
    const before = await begin();
    disk.putBack([]);
    assert.ok(!isLifeCredible(before, await begin()));
  });
});

describe('a heartbeat', () => {
  const heartbeat = (more: Partial<Heartbeat>): Heartbeat => ({
    type: 'heartbeat',
    from: 1,
    to: 2,
    term: 5,
    commit: 10,
    readRound: 0,
    ...more,
  });
  const own = { id: 2, term: 5, lastIndex: 9 };

  it('proves a loss when it names more than its receiver has', () => {
    assert.ok(provesLoss(heartbeat({}), own));
    assert.ok(provesLoss(heartbeat({}), { ...own, term: 4 }));
    assert.ok(!provesLoss(heartbeat({}), { ...own, lastIndex: 10 }));
  });

  it('proves nothing when it is of an earlier term, or meant for another replica', () => {
    assert.ok(!provesLoss(heartbeat({}), { ...own, term: 6 }));
    assert.ok(!provesLoss(heartbeat({ to: 3 }), own));
  });
});
