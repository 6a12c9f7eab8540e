// The quorum is lost for good: one survivor goes on, and whoever comes back is fenced.

import assert from 'node:assert/strict';
import { recoverLog } from '../../../consensus/recover/recover-log.ts';
import { surveyLog } from '../../../consensus/recover/survey-log.ts';
import { epochOf } from '../../../consensus/replica/epoch.ts';
import { refusal } from '../log/log-fixture.ts';
import { zoneOf } from './fencing-zone.ts';
import { keysUnder, pass, put, settled, startAll, statusOf, storeOf, until } from './zone-steps.ts';
import type { SimulatedZone } from './zone.ts';

const segmentBytes = 256 * 1024;

const recover = (zone: SimulatedZone, name: string) => {
  const disk = zone.disks.get(name)!.boot();
  const random = zone.simulation.random.fork(`recovery of ${name}`);
  return settled(zone, recoverLog(disk, '/log', random, segmentBytes));
};

const epochAt = (zone: SimulatedZone, name: string): number => epochOf(storeOf(zone, name).view);

describe('a zone whose quorum is lost for good', () => {
  it('goes on from its survivor at once, and takes new peers in', async () => {
    const zone = await zoneOf(31, ['a', 'b', 'c']);
    for (const name of ['a', 'b', 'c']) zone.exit(name);
    const { epoch } = await recover(zone, 'b');
    await settled(zone, zone.start('b'));
    const began = zone.simulation.nowMs();
    assert.ok((await settled(zone, put(storeOf(zone, 'b'), '/after', 'b'))).ok);
    assert.ok(zone.simulation.nowMs() - began < 500);
    assert.equal(epochAt(zone, 'b'), epoch);
    assert.equal(keysUnder(zone, 'b', '/before/'), 3);
    for (const name of ['d', 'e']) await settled(zone, zone.start(name));
    await until(zone, () => statusOf(zone, 'b')?.voters.length === 3);
    assert.deepEqual(statusOf(zone, 'b')?.voters, ['b', 'd', 'e']);
    assert.equal(zone.fenced.length, 0);
  });

  it('says what a survivor has without changing a byte, and refuses while a peer runs', async () => {
    const zone = await zoneOf(33, ['a', 'b', 'c', 'd']);
    const disk = zone.disks.get('b')!;
    const early = settled(zone, surveyLog(disk.boot(), '/log'));
    await assert.rejects(early, refusal('conflict', '/log'));
    // A commit index goes to the disk with the next tick.
    await pass(zone, 1_000);
    const { term, voters, learners } = zone.leader()!.zone.store.status();
    const revision = storeOf(zone, 'b').view.revision();
    for (const name of ['a', 'b', 'c', 'd']) zone.exit(name);
    const contents = () =>
      disk.paths().map((path) => [path, disk.content(path).toString('base64')]);
    const before = contents();
    const survey = await settled(zone, surveyLog(disk.boot(), '/log'));
    assert.deepEqual(contents(), before);
    assert.equal(survey.revision, revision);
    assert.equal(survey.term, term);
    assert.deepEqual(new Set(survey.voters.map(({ peer }) => peer)), new Set(voters));
    assert.deepEqual(new Set(survey.learners.map(({ peer }) => peer)), new Set(learners));
    const own = [...survey.voters, ...survey.learners].filter(({ isSelf }) => isSelf);
    assert.deepEqual(
      own.map(({ peer }) => peer),
      ['b'],
    );
    assert.equal(survey.lastEntry.index, survey.commit);
    const nowhere = settled(zone, surveyLog(disk.boot(), '/elsewhere'));
    await assert.rejects(nowhere, refusal('not-found', '/elsewhere', '--data'));
  });

  it('keeps what its survivor does not know to be committed', async () => {
    const zone = await zoneOf(34, ['a', 'b', 'c']);
    const leader = zone.leader()!;
    const others = ['a', 'b', 'c'].filter((name) => name !== leader.name);
    for (const name of others) zone.exit(name);
    // It is on the leader's disk alone, and was acknowledged to nobody.
    const write = put(leader.zone.store, '/unsure', 'kept', 2_000);
    assert.ok(!(await settled(zone, write)).ok);
    zone.exit(leader.name);
    const disk = zone.disks.get(leader.name)!.boot();
    const { lastEntry, commit } = await settled(zone, surveyLog(disk, '/log'));
    assert.ok(lastEntry.index > commit);
    await recover(zone, leader.name);
    await settled(zone, zone.start(leader.name));
    assert.equal(storeOf(zone, leader.name).view.get('/unsure')?.value, 'kept');
  });

  it('fences old members that come back one by one, and takes them in anew', async () => {
    const zone = await zoneOf(32, ['a', 'b', 'c', 'd']);
    for (const name of ['a', 'b', 'c', 'd']) zone.exit(name);
    const { epoch } = await recover(zone, 'c');
    for (const name of ['c', 'a', 'b', 'd']) {
      await settled(zone, zone.start(name));
      await until(zone, () => zone.members.has(name) && epochAt(zone, name) === epoch);
    }
    await until(zone, () => statusOf(zone, 'c')?.voters.length === 3);
    assert.deepEqual(
      zone.fenced.map(({ name }) => name),
      ['a', 'b', 'd'],
    );
    for (const { why } of zone.fenced)
      assert.match(why, /recovered without this replica: epoch 2-/);
    for (const name of ['a', 'b', 'd']) {
      const aside = zone.disks
        .get(name)!
        .paths()
        .filter((path) => path.includes('set-aside-'));
      assert.ok(
        aside.some((path) => path.endsWith('.snap')),
        String(aside),
      );
    }
  });

  for (const seed of [41, 42, 43, 44, 45]) {
    it(`fences old members that come back all at once (seed ${seed})`, async () => {
      const zone = await zoneOf(seed, ['a', 'b', 'c', 'd', 'e']);
      for (const name of ['a', 'b', 'c', 'd', 'e']) zone.exit(name);
      const { epoch } = await recover(zone, 'b');
      zone.setLoss(0.1);
      zone.setDuplication(0.2);
      await startAll(zone, ['a', 'b', 'c', 'd', 'e']);
      await until(zone, () => statusOf(zone, 'b')?.voters.length === 5);
      await until(zone, () =>
        [...zone.members.keys()].every((name) => epochAt(zone, name) === epoch),
      );
      zone.setLoss(0);
      assert.equal(new Set(zone.fenced.map(({ name }) => name)).size, 4);
      assert.ok((await settled(zone, put(storeOf(zone, 'a'), '/after', 'a'))).ok);
      await until(zone, () =>
        [...zone.members.keys()].every(
          (name) =>
            keysUnder(zone, name, '/after') === 1 && keysUnder(zone, name, '/before/') === 5,
        ),
      );
    });
  }

  it('lets nobody of the old epoch acknowledge a write once it has met the new one', async () => {
    const zone = await zoneOf(51, ['a', 'b', 'c']);
    for (const name of ['a', 'b', 'c']) zone.exit(name);
    const { epoch } = await recover(zone, 'c');
    // The others were not lost after all, and form a quorum of their own.
    zone.partition(new Set(['c']));
    await startAll(zone, ['a', 'b', 'c']);
    assert.ok((await settled(zone, put(storeOf(zone, 'c'), '/new', '1'))).ok);
    assert.ok((await settled(zone, put(storeOf(zone, 'a'), '/old', '1'))).ok);
    assert.equal(zone.fenced.length, 0);
    zone.partition(undefined);
    let last = 0;
    const begun = zone.simulation.nowMs();
    // Writes go on at both while they meet; each that is acknowledged after both were fenced is in the new epoch.
    while (zone.fenced.length < 2) {
      assert.ok(zone.simulation.nowMs() - begun < 10_000, 'they never met');
      await pass(zone, 50);
    }
    for (const name of ['a', 'b']) {
      await until(zone, () => zone.members.has(name));
      const key = `/late/${++last}`;
      assert.ok((await settled(zone, put(storeOf(zone, name), key, name))).ok);
      assert.equal(epochAt(zone, name), epoch);
      assert.equal(storeOf(zone, name).view.get('/old'), undefined);
    }
    assert.equal(keysUnder(zone, 'c', '/late/'), 2);
  });

  it('never has a fenced founder found the zone again, though it starts twice before it is fed', async () => {
    const zone = await zoneOf(54, ['a', 'b', 'c']);
    for (const name of ['a', 'b', 'c']) zone.exit(name);
    const { epoch } = await recover(zone, 'b');
    await startAll(zone, ['b', 'a']);
    await until(zone, () => zone.fenced.length === 1 && zone.members.has('a'));
    for (let start = 0; start < 2; start++) {
      zone.exit('a');
      await settled(zone, zone.start('a', true));
    }
    await until(zone, () => epochAt(zone, 'a') === epoch && statusOf(zone, 'a')?.leader === 'b');
    assert.equal(keysUnder(zone, 'a', '/before/'), 3);
  });

  it('lets the greater of two recoveries go on, and fences the other', async () => {
    const zone = await zoneOf(52, ['a', 'b', 'c']);
    for (const name of ['a', 'b', 'c']) zone.exit(name);
    const [atA, atB] = [await recover(zone, 'a'), await recover(zone, 'b')];
    const winner = atA.epoch > atB.epoch ? 'a' : 'b';
    await startAll(zone, ['a', 'b']);
    await settled(zone, zone.start('c'));
    await until(zone, () => statusOf(zone, winner)?.voters.length === 3);
    const loser = winner === 'a' ? 'b' : 'a';
    assert.deepEqual(new Set(zone.fenced.map(({ name }) => name)), new Set([loser, 'c']));
  });

  it('can be recovered again, and fences members of both epochs before', async () => {
    const zone = await zoneOf(53, ['a', 'b', 'c']);
    for (const name of ['a', 'b', 'c']) zone.exit(name);
    await recover(zone, 'a');
    await settled(zone, zone.start('a'));
    for (const name of ['d', 'e']) await settled(zone, zone.start(name));
    await until(zone, () => statusOf(zone, 'a')?.voters.length === 3);
    for (const name of ['a', 'd', 'e']) zone.exit(name);
    const { epoch } = await recover(zone, 'd');
    await startAll(zone, ['a', 'b', 'd', 'e']);
    await until(zone, () =>
      [...zone.members.keys()].every((name) => epochAt(zone, name) === epoch),
    );
    assert.equal(keysUnder(zone, 'b', '/before/'), 3);
    assert.deepEqual(zone.fenced.map(({ name }) => name).sort(), ['a', 'b', 'e']);
  });
});
