import assert from 'node:assert/strict';
import { replicaPath } from '../../../consensus/replica/protocol.ts';
import type { RemoteMessage } from '../../../consensus/replica/protocol.ts';
import { commandVersion, encodeCommand } from '../../../consensus/store/command.ts';
import { formatAddress } from '../../../runtime/index.ts';
import { put, settled, until } from './zone-steps.ts';
import { createZone } from './zone.ts';
import type { SimulatedZone } from './zone.ts';

async function zoneOf(seed: number, names: readonly string[]): Promise<SimulatedZone> {
  const zone = createZone(seed);
  for (const [at, name] of names.entries()) await settled(zone, zone.start(name, at === 0));
  const voters = names.length >= 5 ? 5 : names.length >= 3 ? 3 : 1;
  await until(zone, () => zone.leader()?.zone.store.status().voters.length === voters);
  return zone;
}

describe('the log of a zone', () => {
  it('answers a write at a founder alone, and still has it after a restart', async () => {
    const zone = await zoneOf(1, ['a']);
    const written = await settled(zone, put(zone.members.get('a')!.zone.store, '/k', 'v'));
    assert.ok(written.ok && written.value.succeeded);
    zone.crash('a');
    const { zone: log } = await settled(zone, zone.start('a'));
    await settled(zone, log.store.barrier(5_000));
    assert.equal(log.store.view.get('/k')?.value, 'v');
  });

  it('grows from one voter to three as peers join, and keeps two peers at one', async () => {
    const zone = await zoneOf(2, ['a', 'b']);
    await until(zone, () => zone.leader()!.zone.store.status().learners.length === 1);
    assert.deepEqual(zone.leader()!.zone.store.status().voters, ['a']);
    await settled(zone, zone.start('c'));
    await until(zone, () => zone.leader()?.zone.store.status().voters.length === 3);
    assert.deepEqual(zone.leader()!.zone.store.status().voters, ['a', 'b', 'c']);
  });

  it('takes writes at any peer and answers once that peer has applied them', async () => {
    const zone = await zoneOf(3, ['a', 'b', 'c', 'd']);
    for (const { name, zone: log } of zone.members.values()) {
      const written = await settled(zone, put(log.store, `/from/${name}`, name));
      assert.ok(written.ok);
      assert.equal(log.store.view.get(`/from/${name}`)?.value, name);
    }
  });

  it('syncs a write once at each voter, not again for its commit, and nothing once it is idle', async () => {
    const zone = await zoneOf(9, ['a', 'b', 'c']);
    const syncs = (): number =>
      [...zone.members.values()].reduce((sum, member) => sum + member.zone.diskStats().syncs, 0);
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 2_000 });
    const before = syncs();
    const writes = 50;
    const { store } = zone.leader()!.zone;
    for (let at = 0; at < writes; at++) await settled(zone, put(store, `/${at}`, 'v'));
    const each = (syncs() - before) / writes / zone.members.size;
    assert.ok(each < 1.5, `${each} syncs of a voter for a write`);
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 2_000 });
    const after = syncs();
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 5_000 });
    assert.equal(syncs(), after);
  });

  it('goes on within three seconds when its leader is lost, with everything acknowledged', async () => {
    const zone = await zoneOf(4, ['a', 'b', 'c']);
    const lost = zone.leader()!.name;
    await settled(zone, put(zone.leader()!.zone.store, '/before', '1'));
    zone.crash(lost);
    const survivor = [...zone.members.values()][0]!;
    const began = zone.simulation.nowMs();
    const written = await settled(zone, put(survivor.zone.store, '/after', '2'));
    assert.ok(written.ok);
    assert.ok(zone.simulation.nowMs() - began < 3_000);
    assert.equal(survivor.zone.store.view.get('/before')?.value, '1');
  });

  it('refuses writes in a minority within their deadline and says nothing was done', async () => {
    const zone = await zoneOf(5, ['a', 'b', 'c']);
    const cut = [...zone.members.keys()].find((name) => name !== zone.leader()!.name)!;
    zone.partition(new Set([cut]));
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 5_000 });
    const { store } = zone.members.get(cut)!.zone;
    const began = zone.simulation.nowMs();
    const written = await settled(zone, put(store, '/k', 'v', 4_000));
    assert.ok(!written.ok && written.error.code === 'unavailable', JSON.stringify(written));
    assert.ok(zone.simulation.nowMs() - began < 5_000);
    const read = await settled(zone, store.barrier(1_000));
    assert.ok(!read.ok && read.error.code === 'unavailable');
    assert.ok(store.status().staleMs >= 4_000);
  });

  it('lets a peer leave, and hands its leadership and vote over first', async () => {
    const zone = await zoneOf(6, ['a', 'b', 'c', 'd']);
    const leader = zone.leader()!;
    const left = await settled(zone, leader.zone.leave());
    assert.ok(left.ok);
    zone.crash(leader.name);
    await until(zone, () => {
      const status = zone.leader()?.zone.store.status();
      return status?.voters.length === 3 && !status.voters.includes(leader.name);
    });
  });

  it('feeds a peer that was away too long by a snapshot', async function () {
    this.timeout(30_000);
    const zone = await zoneOf(7, ['a', 'b', 'c']);
    const away = [...zone.members.keys()].find((name) => name !== zone.leader()!.name)!;
    zone.crash(away);
    const { store } = zone.leader()!.zone;
    for (let batch = 0; batch < 30; batch++) {
      const writes = Array.from({ length: 500 }, (_, at) => put(store, `/k/${batch}/${at}`, 'x'));
      await settled(zone, Promise.all(writes));
    }
    const { zone: log } = await settled(zone, zone.start(away));
    await until(zone, () => log.store.view.revision() === store.view.revision());
    assert.equal(log.store.view.get('/k/0/0')?.value, 'x');
  });

  it('goes on with writes and heartbeats while a snapshot crawls to a peer', async function () {
    this.timeout(30_000);
    const zone = await zoneOf(15, ['a', 'b', 'c']);
    const away = [...zone.members.keys()].find((name) => name !== zone.leader()!.name)!;
    zone.crash(away);
    // Nothing is kept for it once it has been silent for an election timeout.
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 1_000 });
    const { store } = zone.leader()!.zone;
    for (let batch = 0; batch < 4; batch++) {
      const writes = Array.from({ length: 500 }, (_, at) =>
        put(store, `/k/${batch}/${at}`, 'x'.repeat(4_000)),
      );
      await settled(zone, Promise.all(writes));
    }
    let chunks = 0;
    let last = 0;
    zone.setTap((_to, message) => {
      const each = message as RemoteMessage;
      if (each.type !== 'snapshot-chunk') return;
      chunks++;
      last = Math.max(last, each.chunk);
    });
    // A chunk takes longer than an election.
    zone.setSnapshotDelayMs(2_000);
    const { zone: log } = await settled(zone, zone.start(away));
    await until(zone, () => chunks > 0);
    const { term } = store.status();
    for (let at = 0; at < 50; at++) {
      const beganAtMs = zone.simulation.nowMs();
      assert.ok((await settled(zone, put(store, `/meanwhile/${at}`, 'x'))).ok);
      assert.ok(zone.simulation.nowMs() - beganAtMs < 100);
      assert.ok(log.store.status().staleMs < 1_000, 'heartbeats come through');
      await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 200 });
    }
    assert.equal(log.store.view.get('/k/0/0'), undefined, 'the snapshot is still on its way');
    await until(zone, () => log.store.view.revision() === store.view.revision(), 120_000);
    assert.equal(store.status().term, term);
    assert.ok(last > 20 && chunks < 2 * last, `${chunks} chunks were sent of ${last}`);
  });

  it('refuses a snapshot that it cannot read, stays up, and takes the next offer', async function () {
    this.timeout(30_000);
    const zone = await zoneOf(16, ['a', 'b', 'c']);
    const away = [...zone.members.keys()].find((name) => name !== zone.leader()!.name)!;
    zone.crash(away);
    // Nothing is kept for it once it has been silent for an election timeout.
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 1_000 });
    const { store } = zone.leader()!.zone;
    for (let batch = 0; batch < 2; batch++) {
      const writes = Array.from({ length: 500 }, (_, at) =>
        put(store, `/k/${batch}/${at}`, 'x'.repeat(2_000)),
      );
      await settled(zone, Promise.all(writes));
    }
    let isBad = true;
    zone.setTap((_to, message) => {
      const each = message as RemoteMessage;
      if (each.type === 'snapshot-chunk' && each.chunk === 1 && isBad) each.data.fill(0xc1);
    });
    const { zone: log } = await settled(zone, zone.start(away));
    await until(zone, () => /a snapshot of the zone was refused/.test(zone.lines()));
    const disk = zone.disks.get(away)!;
    const snapshots = disk.paths().filter((path) => path.endsWith('.snap'));
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 5_000 });
    assert.deepEqual(zone.failures, []);
    assert.deepEqual(
      disk.paths().filter((path) => path.endsWith('.snap')),
      snapshots,
    );
    isBad = false;
    await until(zone, () => log.store.view.revision() === store.view.revision(), 60_000);
  });

  it('cuts what it sends at once to what the mesh carries', async function () {
    this.timeout(30_000);
    const zone = await zoneOf(10, ['a', 'b', 'c']);
    const [one, other] = [...zone.members.values()].filter((member) => member !== zone.leader());
    zone.crash(other!.name);
    const large = 'x'.repeat(1024 * 1024);
    const writes = Array.from({ length: 12 }, (_, at) => put(one!.zone.store, `/k/${at}`, large));
    for (const written of await settled(zone, Promise.all(writes))) assert.ok(written.ok);

    const { zone: log } = await settled(zone, zone.start(other!.name));
    const { revision } = one!.zone.store.view;
    await until(zone, () => log.store.view.revision() === revision());
  });

  it('keeps a lease while its holder renews it, through any peer, and ends it after', async () => {
    const zone = await zoneOf(8, ['a', 'b', 'c']);
    const follower = [...zone.members.values()].find((member) => member !== zone.leader())!;
    const { store } = follower.zone;
    const lease = await settled(zone, store.grantLease(3_000));
    assert.ok(lease.ok);
    const { id } = lease.value;
    await settled(
      zone,
      store.transact({
        compare: [],
        success: [{ type: 'put', key: '/held', value: 'x', lease: id }],
      }),
    );
    for (let round = 0; round < 6; round++) {
      await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 1_000 });
      const kept = await settled(zone, store.keepLease(id, 2_000));
      assert.ok(kept.ok, JSON.stringify(kept));
    }
    assert.equal(store.view.get('/held')?.value, 'x');
    await until(zone, () => store.view.get('/held') === undefined, 10_000);
    const late = await settled(zone, store.keepLease(id, 2_000));
    assert.ok(!late.ok && late.error.code === 'not-found');
  });

  it('answers a renewal at a leader without a quorum', async () => {
    const zone = await zoneOf(11, ['a', 'b', 'c']);
    const { name, zone: log } = zone.leader()!;
    const lease = await settled(zone, log.store.grantLease(30_000));
    assert.ok(lease.ok);
    zone.partition(new Set([name]));
    const kept = await settled(zone, log.store.keepLease(lease.value.id, 1_000));
    assert.ok(!kept.ok && kept.error.code === 'unavailable', JSON.stringify(kept));
  });

  it('never calls a lease ended that goes on under a new leader', async () => {
    for (let seed = 20; seed < 30; seed++) {
      const zone = await zoneOf(seed, ['a', 'b', 'c']);
      const follower = [...zone.members.values()].find((member) => member !== zone.leader())!;
      const { store } = follower.zone;
      const lease = await settled(zone, store.grantLease(20_000));
      assert.ok(lease.ok);
      zone.crash(zone.leader()!.name);
      for (let round = 0; round < 30; round++) {
        const kept = await settled(zone, store.keepLease(lease.value.id, 100));
        assert.notEqual(kept.ok ? 'kept' : kept.error.code, 'not-found', `seed ${seed}`);
      }
    }
  });

  it('answers everything that is asked of a log that has stopped', async () => {
    const zone = await zoneOf(12, ['a']);
    const { system, zone: log } = zone.members.get('a')!;
    const { store } = log;
    await settled(zone, system.stop());
    assert.equal((await settled(zone, put(store, '/k', 'v'))).ok, false);
    assert.equal((await settled(zone, store.barrier(1_000))).ok, false);
    assert.equal((await settled(zone, store.keepLease(1, 1_000))).ok, false);
  });

  it('does not end a lease again and again that ended before its grant was repeated', async () => {
    const zone = await zoneOf(13, ['a']);
    const { system, zone: log } = zone.members.get('a')!;
    const replica = system.ref<RemoteMessage>(formatAddress({ peer: 'a', path: replicaPath }));
    const request = { session: 5, sequence: 1, lowest: 1 };
    const command = encodeCommand({ type: 'grant-lease', id: 9, ttlMs: 100 }, request);
    const from = { replica: 5, peer: 'b', epoch: 0, life: 1 };
    const ask = (bytes: Uint8Array) =>
      replica.tell({ type: 'hand-over', from, writes: [{ sequence: 1, command: bytes }] });
    ask(command);
    ask(encodeCommand({ type: 'end-lease', id: 9 }));
    ask(command);
    const { simulation } = zone;
    await simulation.run({ untilMs: simulation.nowMs() + 3_000 });
    const { appliedIndex } = log.store.status();
    await simulation.run({ untilMs: simulation.nowMs() + 10_000 });
    assert.equal(log.store.status().appliedIndex, appliedIndex, 'an idle zone writes nothing');
  });

  it('makes no entry of a command that it does not know, and goes on', async () => {
    const zone = await zoneOf(14, ['a', 'b', 'c']);
    const leader = zone.leader()!;
    const [other] = [...zone.members.values()].filter((member) => member !== leader);
    const replica = other!.system.ref<RemoteMessage>(
      formatAddress({ peer: leader.name, path: replicaPath }),
    );
    const refused: RemoteMessage[] = [];
    zone.setTap((_to, message) => {
      if ((message as RemoteMessage).type === 'refused') refused.push(message as RemoteMessage);
    });
    // A peer of another version hands over what only that version knows.
    const newer = Buffer.from(encodeCommand({ type: 'none' }));
    newer[1] = commandVersion + 1;
    const writes = [{ sequence: 99, command: newer }];
    const from = { replica: 99, peer: other!.name, epoch: 0, life: 1 };
    replica.tell({ type: 'hand-over', from, writes });
    await until(zone, () => refused.length > 0);
    const [refusal] = refused;
    assert.ok(refusal?.type === 'refused' && refusal.code === 'unsupported');
    assert.match(refusal.message, /: update all peers/);
    assert.deepEqual(refusal.sequences, [99]);
    const written = await settled(zone, put(other!.zone.store, '/k', 'v'));
    assert.ok(written.ok);
    assert.deepEqual(zone.failures, []);
  });

  it('applies each write once and loses none that it acknowledged, through crashes, loss and partitions', async function () {
    this.timeout(60_000);
    for (let seed = 100; seed < 120; seed++) await storm(seed);
  });
});

/** Counters are raised by compare-and-swap; what was acknowledged must be there, once. */
async function storm(seed: number): Promise<void> {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const zone = await zoneOf(seed, names);
  const random = zone.simulation.random.fork('storm');
  let acknowledged = 0;
  let attempts = 0;
  let isOver = false;
  const client = async (name: string): Promise<void> => {
    while (!isOver) {
      const store = zone.members.get(name)?.zone.store;
      if (store === undefined) {
        await new Promise<void>((resume) => zone.simulation.schedule(100, resume));
        continue;
      }
      attempts++;
      const written = await Promise.race([
        put(store, `/storm/${name}/${attempts}`, 'x', 2_000),
        new Promise<undefined>((give) => zone.simulation.schedule(4_000, () => give(undefined))),
      ]);
      if (written?.ok === true) acknowledged++;
      await new Promise<void>((resume) => zone.simulation.schedule(20, resume));
    }
  };
  const clients = names.map(client);
  zone.setLoss(0.05);
  for (let round = 0; round < 12; round++) {
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 800 });
    const victim = names[random.integer(names.length)]!;
    if (round % 3 === 0) zone.partition(new Set([victim, names[random.integer(5)]!]));
    if (round % 3 === 2) zone.partition(undefined);
    if (zone.members.has(victim) && zone.members.size > 3) zone.crash(victim);
    const back = names.find((name) => !zone.members.has(name));
    if (back !== undefined && round % 2 === 1) await settled(zone, zone.start(back));
  }
  isOver = true;
  zone.partition(undefined);
  zone.setLoss(0);
  for (const name of names) if (!zone.members.has(name)) await settled(zone, zone.start(name));
  await settled(zone, Promise.all(clients));
  const written = await settled(zone, put(zone.members.get('a')!.zone.store, '/end', 'x', 20_000));
  assert.ok(written.ok, `seed ${seed}: ${JSON.stringify(written)}`);
  const stores = [...zone.members.values()].map((member) => member.zone.store);
  await until(zone, () => stores.every(({ view }) => view.get('/end') !== undefined));
  for (const { view } of stores) {
    const { kvs } = view.range('/storm/', '/storm0');
    assert.ok(kvs.length >= acknowledged, `seed ${seed}: ${kvs.length} < ${acknowledged}`);
    assert.ok(
      kvs.every(({ version }) => version === 1),
      `seed ${seed}: applied twice`,
    );
  }
  assert.ok(acknowledged > 20, `seed ${seed}: only ${acknowledged} of ${attempts} acknowledged`);
}
