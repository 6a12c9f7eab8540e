// The quorum is lost for good: one survivor goes on, and whoever comes back is fenced.

import assert from 'node:assert/strict';
import type { Store } from '../../../consensus/index.ts';
import { recoverLog } from '../../../consensus/recover/recover-log.ts';
import { epochOf } from '../../../consensus/replica/epoch.ts';
import { surveyLog } from '../../../consensus/recover/survey-log.ts';
import { refusal } from '../log/log-fixture.ts';
import { createZone } from './zone.ts';
import type { SimulatedZone } from './zone.ts';

const put = (store: Store, key: string, value: string, deadlineMs = 5_000) =>
  store.transact({ compare: [], success: [{ type: 'put', key, value }] }, { deadlineMs });

/** Runs virtual time until the promise settles. */
async function settled<T>(zone: SimulatedZone, promise: Promise<T>, limitMs = 30_000): Promise<T> {
  let result: { value: T } | { error: unknown } | undefined;
  promise.then(
    (value) => (result = { value }),
    (error: unknown) => (result = { error }),
  );
  const reached = await zone.simulation.run({ until: () => result !== undefined, limitMs });
  assert.deepEqual(zone.failures, []);
  assert.ok(reached, `nothing came in ${limitMs} ms of virtual time\n${zone.lines()}`);
  if ('error' in result!) throw result.error;
  return result!.value;
}

async function until(zone: SimulatedZone, holds: () => boolean, limitMs = 60_000): Promise<void> {
  const reached = await zone.simulation.run({ until: holds, limitMs });
  assert.deepEqual(zone.failures, []);
  assert.ok(reached, `did not come to hold in ${limitMs} ms of virtual time\n${zone.lines()}`);
}

const statusOf = (zone: SimulatedZone, name: string) => zone.members.get(name)?.zone.store.status();

/** Peers of these names, three of them voters, and a key written through each. */
async function zoneOf(seed: number, names: readonly string[]): Promise<SimulatedZone> {
  const zone = createZone(seed);
  for (const [at, name] of names.entries()) await settled(zone, zone.start(name, at === 0));
  await until(zone, () => zone.leader()?.zone.store.status().voters.length === 3);
  for (const { name, zone: log } of zone.members.values()) {
    assert.ok((await settled(zone, put(log.store, `/before/${name}`, name))).ok);
  }
  await until(zone, () =>
    names.every(
      (name) =>
        zone.members.get(name)!.zone.store.view.range('/before/', '/before0').kvs.length ===
        names.length,
    ),
  );
  return zone;
}

const recover = (zone: SimulatedZone, name: string) =>
  settled(
    zone,
    recoverLog(
      zone.disks.get(name)!.boot(),
      '/log',
      zone.simulation.random.fork('recovery'),
      256 * 1024,
    ),
  );

describe('a zone whose quorum is lost for good', () => {
  it('goes on from its survivor at once, and takes new peers in', async () => {
    const zone = await zoneOf(31, ['a', 'b', 'c']);
    for (const name of ['a', 'b', 'c']) zone.exit(name);
    const { epoch } = await recover(zone, 'b');
    await settled(zone, zone.start('b'));
    const { store } = zone.members.get('b')!.zone;
    assert.ok((await settled(zone, put(store, '/after', 'b'))).ok);
    assert.equal(epochOf(store.view), epoch);
    assert.equal(store.view.range('/before/', '/before0').kvs.length, 3);
    for (const name of ['d', 'e']) await settled(zone, zone.start(name));
    await until(zone, () => statusOf(zone, 'b')?.voters.length === 3);
    assert.deepEqual(statusOf(zone, 'b')?.voters, ['b', 'd', 'e']);
    assert.equal(zone.fenced.length, 0);
  });

  it('says what a survivor has without changing a byte, and refuses while a peer runs', async () => {
    const zone = await zoneOf(33, ['a', 'b', 'c', 'd']);
    const disk = zone.disks.get('b')!;
    await assert.rejects(
      settled(zone, surveyLog(disk.boot(), '/log')),
      refusal('conflict', '/log'),
    );
    // A commit index goes to the disk with the next tick.
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 1_000 });
    const { term, voters, learners } = zone.leader()!.zone.store.status();
    const revision = zone.members.get('b')!.zone.store.view.revision();
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

  it('fences old members that come back one by one, and takes them in anew', async () => {
    const zone = await zoneOf(32, ['a', 'b', 'c']);
    for (const name of ['a', 'b', 'c']) zone.exit(name);
    await recover(zone, 'c');
    for (const name of ['c', 'a', 'b']) await settled(zone, zone.start(name));
    await until(zone, () => statusOf(zone, 'c')?.voters.length === 3);
    assert.deepEqual(zone.fenced.map(({ name }) => name).sort(), ['a', 'b']);
  });
});
