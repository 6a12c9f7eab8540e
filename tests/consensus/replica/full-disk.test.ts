// A zone whose disks fill up: nobody ends, nothing acknowledged is lost, and writes flow again once there is room.

import assert from 'node:assert/strict';
import type { Store, TransactionResult } from '../../../consensus/index.ts';
import type { Result } from '../../../runtime/index.ts';
import { createZone } from './zone.ts';
import type { Member, SimulatedZone } from './zone.ts';

const value = 'x'.repeat(4_000);
const put = (store: Store, key: string, deadlineMs = 5_000) =>
  store.transact({ compare: [], success: [{ type: 'put', key, value }] }, { deadlineMs });

async function until(zone: SimulatedZone, holds: () => boolean, limitMs = 60_000): Promise<void> {
  const reached = await zone.simulation.run({ until: holds, limitMs });
  assert.deepEqual(zone.failures, []);
  assert.ok(reached, `did not come to hold in ${limitMs} ms of virtual time\n${zone.lines()}`);
}

async function settled<T>(zone: SimulatedZone, promise: Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  void promise.then((found) => (result = { value: found }));
  await until(zone, () => result !== undefined);
  return result!.value;
}

/** Time passes, and nobody fails. */
async function pass(zone: SimulatedZone, ms: number): Promise<void> {
  await zone.simulation.run({ untilMs: zone.simulation.nowMs() + ms });
  assert.deepEqual(zone.failures, []);
}

async function zoneOf(seed: number, names: readonly string[]): Promise<SimulatedZone> {
  const zone = createZone(seed);
  for (const [at, name] of names.entries()) await settled(zone, zone.start(name, at === 0));
  const voters = names.length >= 3 ? 3 : 1;
  await until(zone, () => zone.leader()?.zone.store.status().voters.length === voters);
  return zone;
}

/** These disks take no more than that. */
function fill(zone: SimulatedZone, names: Iterable<string>, roomBytes = 0): void {
  for (const name of names) {
    const disk = zone.disks.get(name)!;
    const used = disk.paths().reduce((sum, path) => sum + disk.content(path).length, 0);
    disk.setCapacityBytes(used + roomBytes);
  }
}

function empty(zone: SimulatedZone, names: Iterable<string>): void {
  for (const name of names) zone.disks.get(name)!.setCapacityBytes(Infinity);
}

interface Written {
  readonly acknowledged: string[];
  readonly refusals: Result<TransactionResult>[];
}

/** Writes one after the other through a peer, until `isOver` says so, at most `count`. */
async function write(
  zone: SimulatedZone,
  through: () => Member,
  count: number,
  written: Written,
  isOver: () => boolean = () => false,
): Promise<void> {
  for (let at = 0; at < count && !isOver(); at++) {
    const key = `/k/${written.acknowledged.length + written.refusals.length}`;
    const result = await settled(zone, put(through().zone.store, key));
    if (result.ok) written.acknowledged.push(key);
    else written.refusals.push(result);
  }
}

const nothingWritten = (): Written => ({ acknowledged: [], refusals: [] });

const leaderOf = (zone: SimulatedZone): Member => zone.leader()!;
const followersOf = (zone: SimulatedZone): string[] =>
  [...zone.members.keys()].filter((name) => name !== leaderOf(zone).name);

/** The peers that the leader knows to be without room. */
const fullDisks = (zone: SimulatedZone): readonly string[] =>
  zone.leader()?.zone.store.status().fullDisks ?? [];

/** Every peer has all that was acknowledged, and the zone takes writes. */
async function expectHealed(zone: SimulatedZone, { acknowledged }: Written): Promise<void> {
  await until(zone, () => zone.leader() !== undefined && fullDisks(zone).length === 0);
  const after = await settled(zone, put(leaderOf(zone).zone.store, '/after'));
  assert.ok(after.ok, JSON.stringify(after));
  const stores = [...zone.members.values()].map((member) => member.zone.store);
  await until(zone, () => stores.every(({ view }) => view.get('/after') !== undefined));
  for (const { view } of stores) {
    for (const key of acknowledged) assert.ok(view.get(key) !== undefined, `${key} is lost`);
  }
}

const isDiskRefusal = (result: Result<TransactionResult>): boolean =>
  !result.ok &&
  result.error.code === 'overloaded' &&
  result.error.details['reason'] === 'disk-full';

describe('a zone with full disks', function () {
  this.timeout(60_000);

  it('writes on with one full follower, who catches up once it has room', async () => {
    const zone = await zoneOf(1, ['a', 'b', 'c']);
    const [full] = followersOf(zone);
    fill(zone, [full!]);
    const written = nothingWritten();
    await write(zone, () => leaderOf(zone), 200, written);
    assert.equal(written.refusals.length, 0);
    assert.deepEqual(fullDisks(zone), [full]);
    const { view } = zone.members.get(full!)!.zone.store;
    assert.equal(view.get(written.acknowledged.at(-1)!), undefined, 'it could not keep up');
    empty(zone, [full!]);
    await expectHealed(zone, written);
  });

  it('hands leadership from a full leader to a voter with room, and writes on', async () => {
    const zone = await zoneOf(2, ['a', 'b', 'c']);
    const full = leaderOf(zone).name;
    fill(zone, [full]);
    const written = nothingWritten();
    await write(
      zone,
      () => zone.members.get(full)!,
      200,
      written,
      () => {
        const leader = zone.leader();
        return leader !== undefined && leader.name !== full;
      },
    );
    assert.ok(zone.leader() !== undefined && leaderOf(zone).name !== full);
    // What it could not put down itself it cannot answer, whatever the others did.
    assert.ok(written.refusals.every((each) => !each.ok && each.error.code === 'timeout'));
    const early = written.refusals.length;
    await until(zone, () => fullDisks(zone).length === 1);
    await write(zone, () => leaderOf(zone), 100, written);
    assert.equal(written.refusals.length, early, JSON.stringify(written.refusals));
    await pass(zone, 10_000);
    assert.notEqual(leaderOf(zone).name, full, 'it does not take leadership back');
    empty(zone, [full]);
    await expectHealed(zone, written);
  });

  it('refuses writes at every peer while two of three are full, names them, and takes writes again', async () => {
    const zone = await zoneOf(3, ['a', 'b', 'c']);
    const full = [leaderOf(zone).name, followersOf(zone)[0]!].sort();
    fill(zone, full);
    const written = nothingWritten();
    await write(
      zone,
      () => leaderOf(zone),
      500,
      written,
      () => fullDisks(zone).length === 2,
    );
    await until(zone, () => !full.includes(zone.leader()?.name ?? full[0]!));
    await until(zone, () => fullDisks(zone).length === 2);
    for (const { name, zone: log } of zone.members.values()) {
      const beganAtMs = zone.simulation.nowMs();
      const refused = await settled(zone, put(log.store, `/refused/${name}`));
      assert.ok(isDiskRefusal(refused), JSON.stringify(refused));
      assert.ok(!refused.ok && full.every((each) => refused.error.message.includes(each)));
      assert.ok(zone.simulation.nowMs() - beganAtMs < 200, 'at once');
      const read = await settled(zone, log.store.barrier(2_000));
      assert.ok(read.ok, 'reads go on');
    }
    const { revision } = leaderOf(zone).zone.store.view;
    const before = revision();
    await pass(zone, 5_000);
    assert.equal(revision(), before, 'what was refused is not done later');
    const beganAtMs = zone.simulation.nowMs();
    empty(zone, full.slice(0, 1));
    await until(zone, () => fullDisks(zone).length === 1);
    assert.ok(zone.simulation.nowMs() - beganAtMs < 2_000);
    await write(zone, () => leaderOf(zone), 10, written);
    assert.ok(written.refusals.every(isDiskRefusal), JSON.stringify(written.refusals));
    empty(zone, full);
    await expectHealed(zone, written);
    for (const { zone: log } of zone.members.values()) {
      assert.deepEqual(log.store.view.range('/refused/', '/refused0').kvs, []);
    }
  });

  it('keeps its leader while all are full, refuses writes, and heals', async () => {
    const zone = await zoneOf(4, ['a', 'b', 'c']);
    fill(zone, zone.members.keys());
    const written = nothingWritten();
    await write(
      zone,
      () => leaderOf(zone),
      500,
      written,
      () => fullDisks(zone).length === 3,
    );
    // One whose disk was known to be full first may still have handed over.
    await pass(zone, 3_000);
    const { term } = leaderOf(zone).zone.store.status();
    await pass(zone, 30_000);
    assert.equal(leaderOf(zone).zone.store.status().term, term, 'nobody contests it');
    await write(zone, () => leaderOf(zone), 3, written);
    assert.ok(written.refusals.length >= 3 && written.refusals.every(isDiskRefusal));
    empty(zone, zone.members.keys());
    await expectHealed(zone, written);
  });

  it('refuses writes as a lone voter, and heals', async () => {
    const zone = await zoneOf(5, ['a']);
    fill(zone, ['a']);
    const written = nothingWritten();
    await write(
      zone,
      () => leaderOf(zone),
      500,
      written,
      () => written.refusals.length > 0,
    );
    assert.ok(written.refusals.every(isDiskRefusal), JSON.stringify(written.refusals));
    empty(zone, ['a']);
    await expectHealed(zone, written);
  });

  it('elects one with room when the leader of full ones dies', async () => {
    for (let seed = 30; seed < 33; seed++) {
      const zone = await zoneOf(seed, ['a', 'b', 'c']);
      const [full, other] = followersOf(zone);
      fill(zone, [full!]);
      const written = nothingWritten();
      await write(
        zone,
        () => leaderOf(zone),
        100,
        written,
        () => fullDisks(zone).length === 1,
      );
      zone.crash(leaderOf(zone).name);
      await until(zone, () => zone.leader() !== undefined);
      assert.equal(leaderOf(zone).name, other, `seed ${seed}`);
      empty(zone, [full!]);
      for (const name of ['a', 'b', 'c']) {
        if (!zone.members.has(name)) await settled(zone, zone.start(name));
      }
      await expectHealed(zone, written);
    }
  });

  it('comes back from a crash of all peers while their disks are full', async () => {
    const zone = await zoneOf(6, ['a', 'b', 'c']);
    fill(zone, zone.members.keys());
    const written = nothingWritten();
    await write(
      zone,
      () => leaderOf(zone),
      500,
      written,
      () => fullDisks(zone).length === 3,
    );
    for (const name of ['a', 'b', 'c']) zone.crash(name);
    for (const name of ['a', 'b', 'c']) await settled(zone, zone.start(name));
    await until(zone, () => fullDisks(zone).length === 3);
    await write(zone, () => leaderOf(zone), 3, written);
    assert.ok(written.refusals.every(isDiskRefusal), JSON.stringify(written.refusals));
    empty(zone, zone.members.keys());
    await expectHealed(zone, written);
  });

  it('lets more writes wait than there is room for, and loses none that it acknowledged', async () => {
    const zone = await zoneOf(7, ['a', 'b', 'c']);
    fill(zone, zone.members.keys());
    const { store } = leaderOf(zone).zone;
    const writes = Array.from({ length: 400 }, (_, at) => put(store, `/at-once/${at}`, 3_000));
    const outcomes = await settled(zone, Promise.all(writes));
    const acknowledged = outcomes.flatMap(({ ok }, at) => (ok ? [`/at-once/${at}`] : []));
    assert.ok(acknowledged.length < 400);
    empty(zone, zone.members.keys());
    await expectHealed(zone, { acknowledged, refusals: [] });
  });

  it('waits with a snapshot that it cannot put down, and takes it once there is room', async () => {
    const zone = await zoneOf(8, ['a', 'b', 'c']);
    const away = followersOf(zone)[0]!;
    zone.crash(away);
    const written = nothingWritten();
    await write(zone, () => leaderOf(zone), 400, written);
    fill(zone, [away]);
    const { zone: log } = await settled(zone, zone.start(away));
    await pass(zone, 30_000);
    assert.equal(log.store.view.get(written.acknowledged.at(-1)!), undefined);
    await write(zone, () => leaderOf(zone), 50, written);
    assert.equal(written.refusals.length, 0);
    empty(zone, [away]);
    await expectHealed(zone, written);
  });

  it('saves snapshots later that found no room', async () => {
    const zone = await zoneOf(9, ['a']);
    const disk = zone.disks.get('a')!;
    const snapshots = () =>
      disk
        .paths()
        .filter((path) => path.endsWith('.snap'))
        .join();
    const written = nothingWritten();
    fill(zone, ['a'], 300 * 1024);
    const before = snapshots();
    const isShort = () => fullDisks(zone).length > 0;
    await write(zone, () => leaderOf(zone), 400, written, isShort);
    assert.equal(snapshots(), before);
    assert.match(zone.lines(), /no room for a snapshot/);
    empty(zone, ['a']);
    await expectHealed(zone, written);
    await until(zone, () => snapshots() !== before);
  });

  it('survives disks that fill and empty under load', async () => {
    for (let seed = 50; seed < 54; seed++) await fullStorm(seed);
  });
});

/** Disks fill and empty by chance, peers crash and come back. */
async function fullStorm(seed: number): Promise<void> {
  const names = ['a', 'b', 'c'];
  const zone = await zoneOf(seed, names);
  const random = zone.simulation.random.fork('full storm');
  const acknowledged: string[] = [];
  let isOver = false;
  const client = async (name: string): Promise<void> => {
    for (let at = 0; !isOver; at++) {
      const store = zone.members.get(name)?.zone.store;
      const key = `/storm/${name}/${at}`;
      const result = await Promise.race([
        store === undefined ? undefined : put(store, key, 2_000),
        new Promise<undefined>((give) => zone.simulation.schedule(4_000, () => give(undefined))),
      ]);
      if (result?.ok === true) acknowledged.push(key);
      await new Promise<void>((resume) => zone.simulation.schedule(30, resume));
    }
  };
  const clients = names.map(client);
  for (let round = 0; round < 20; round++) {
    await pass(zone, 500 + random.integer(1_000));
    const victim = names[random.integer(names.length)]!;
    const roll = random.integer(4);
    if (roll < 2) fill(zone, [victim]);
    else if (roll === 2) empty(zone, [victim]);
    else if (zone.members.size === 3) zone.crash(victim);
    const back = names.find((name) => !zone.members.has(name));
    if (back !== undefined && random.integer(2) === 0) {
      empty(zone, [back]);
      await settled(zone, zone.start(back));
    }
  }
  isOver = true;
  empty(zone, names);
  for (const name of names) if (!zone.members.has(name)) await settled(zone, zone.start(name));
  await settled(zone, Promise.all(clients));
  await expectHealed(zone, { acknowledged, refusals: [] });
  assert.ok(acknowledged.length > 100, `seed ${seed}: only ${acknowledged.length} acknowledged`);
}
