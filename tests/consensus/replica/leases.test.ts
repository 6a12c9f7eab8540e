// The promise of leases, held against true time: clocks that drift, leaders that fall, messages that are lost.

import assert from 'node:assert/strict';
import type { Store } from '../../../consensus/index.ts';
import { electionTimeoutMs } from '../../../consensus/replica/timing.ts';
import { createZone } from './zone.ts';
import type { Member, SimulatedZone } from './zone.ts';

/** Clocks are off by this share at most; holders and leases are made for it. */
const drift = 0.02;
/** A holder stops so much of a term early: more than two clocks can differ. */
const safety = 0.1;
const names = ['a', 'b', 'c', 'd', 'e'] as const;

async function founded(seed: number, peers: readonly string[]): Promise<SimulatedZone> {
  const zone = createZone(seed);
  for (const [at, name] of peers.entries()) await come(zone, zone.start(name, at === 0));
  const isWhole = () => zone.leader()?.zone.store.status().voters.length === peers.length;
  assert.ok(await zone.simulation.run({ until: isWhole, limitMs: 30_000 }));
  return zone;
}

async function come<T>(zone: SimulatedZone, promise: Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  void promise.then((value) => (result = { value }));
  assert.ok(await zone.simulation.run({ until: () => result !== undefined, limitMs: 20_000 }));
  return result!.value;
}

const pass = (zone: SimulatedZone, ms: number): Promise<boolean> =>
  zone.simulation.run({ untilMs: zone.simulation.nowMs() + ms });

const after = <T>(zone: SimulatedZone, delayMs: number, value: T): Promise<T> =>
  new Promise((resume) => zone.simulation.schedule(delayMs, () => resume(value)));

/** A lease with a key, as its holder knows it and as the log has it. */
interface Held {
  readonly id: number;
  readonly ttlMs: number;
  readonly key: string;
  /** By true time: when the last question was asked that was answered with yes. */
  askedAtMs: number;
  /** By true time: until when its holder, by the clock of its own, works. */
  worksUntilMs: number;
  /** By true time: when some replica first heard that its key is gone. */
  endedAtMs: number | undefined;
  readonly endRevisions: Set<number>;
}

/** Each peer's watch of all leases' keys; begun again with each life. */
function listen(zone: SimulatedZone, member: Member, leases: Map<string, Held>): void {
  const { store } = member.zone;
  store.watch('/lease/', '/lease0', store.view.revision(), {
    events: (revision, events) => {
      for (const { type, kv } of events) {
        const held = leases.get(kv.key);
        if (type !== 'delete' || held === undefined) continue;
        held.endedAtMs ??= zone.simulation.nowMs();
        held.endRevisions.add(revision);
      }
    },
    ended: () => {},
  });
}

/** Takes a lease, keeps it for a while through whatever peer, then lets it lapse. */
async function hold(zone: SimulatedZone, number: number, leases: Map<string, Held>): Promise<void> {
  const random = zone.simulation.random.fork(`holder ${number}`);
  const rate = 1 - drift + 2 * drift * random.float();
  const now = () => zone.simulation.nowMs();
  const store = (): Store | undefined =>
    [...zone.members.values()][random.integer(zone.members.size)]?.zone.store;
  const ttlMs = 1_000 + random.integer(2_000);
  const worksMs = (ttlMs * (1 - safety)) / rate;
  let askedAtMs = now();
  const granted = await patiently(zone, store()?.grantLease(ttlMs));
  if (granted?.ok !== true) return;
  const { id } = granted.value;
  const key = `/lease/${id}`;
  const taken = await patiently(
    zone,
    store()?.transact({ compare: [], success: [{ type: 'put', key, value: '', lease: id }] }),
  );
  if (taken?.ok !== true) return;
  const held: Held = {
    id,
    ttlMs,
    key,
    askedAtMs,
    worksUntilMs: askedAtMs + worksMs,
    endedAtMs: undefined,
    endRevisions: new Set(),
  };
  leases.set(key, held);
  for (let renewals = 2 + random.integer(6); renewals > 0; renewals--) {
    await after(zone, ttlMs / 4, undefined);
    askedAtMs = now();
    const isOver = held.endedAtMs !== undefined;
    const kept = await patiently(zone, store()?.keepLease(id, 600));
    if (kept?.ok !== true) continue;
    assert.ok(!isOver, `lease ${id} was renewed by a question asked after its end`);
    held.askedAtMs = askedAtMs;
    held.worksUntilMs = askedAtMs + worksMs;
  }
}

const patiently = <T>(
  zone: SimulatedZone,
  answer: Promise<T> | undefined,
): Promise<T | undefined> =>
  Promise.race([answer ?? after(zone, 100, undefined), after(zone, 4_500, undefined)]);

/** Partitions, crashes, stops and loss, with each peer's clock a little wrong; then a time for all to come right. */
async function storm(seed: number): Promise<readonly Held[]> {
  const zone = await founded(seed, names);
  const random = zone.simulation.random.fork('storm');
  const leases = new Map<string, Held>();
  const skew = (member: Member): void => {
    member.peer.clock.setRate(1 - drift + 2 * drift * random.float());
    listen(zone, member, leases);
  };
  for (const member of zone.members.values()) skew(member);
  zone.setLoss(0.05);
  const holders: Promise<void>[] = [];
  for (let round = 0; round < 25; round++) {
    holders.push(hold(zone, round, leases));
    await pass(zone, 200 + random.integer(600));
    const victim = random.float() < 0.5 ? zone.leader() : undefined;
    const name = victim?.name ?? names[random.integer(5)]!;
    const peer = zone.members.get(name)?.peer;
    const roll = random.integer(6);
    if (roll === 0) zone.partition(new Set([name, names[random.integer(5)]!]));
    else if (roll === 1) zone.partition(new Set([name]));
    else if (roll === 2) zone.partition(undefined);
    else if (roll === 3 && peer?.status() === 'running') {
      peer.freeze();
      zone.simulation.schedule(random.integer(3_000), () => {
        if (peer.status() === 'frozen') peer.resume();
      });
    } else if (roll === 4 && zone.members.size > 3 && peer !== undefined) zone.crash(name);
    const back = names.find((each) => !zone.members.has(each));
    if (back !== undefined && random.float() < 0.5) skew(await come(zone, zone.start(back)));
  }
  zone.partition(undefined);
  zone.setLoss(0);
  await come(zone, Promise.all(holders));
  const isOver = () => [...leases.values()].every(({ endedAtMs }) => endedAtMs !== undefined);
  const limitMs = 30_000;
  assert.ok(await zone.simulation.run({ until: isOver, limitMs }), `seed ${seed}: some never end`);
  await pass(zone, 5_000);
  assert.deepEqual(zone.failures, []);
  return [...leases.values()];
}

describe('a lease of a zone', () => {
  it('outlives its term by every clock, is over for its holder first, and ends once', async function () {
    this.timeout(60_000);
    let count = 0;
    for (let seed = 900; seed < 912; seed++) {
      for (const { id, ttlMs, askedAtMs, worksUntilMs, endedAtMs, endRevisions } of await storm(
        seed,
      )) {
        count++;
        const leastMs = ttlMs / (1 + drift);
        const about = `seed ${seed}: lease ${id} of ${ttlMs} ms, asked for at ${askedAtMs}, ended at ${endedAtMs}`;
        assert.ok(endedAtMs! >= askedAtMs + leastMs, about);
        assert.ok(endedAtMs! >= worksUntilMs, `${about}: its holder works until ${worksUntilMs}`);
        assert.equal(endRevisions.size, 1, about);
      }
    }
    assert.ok(count > 100, `only ${count} leases`);
    this.test!.title += ` (${count} leases)`;
  });

  it('is not renewed by a leader that slept while another ended it', async () => {
    const zone = await founded(940, ['a', 'b', 'c']);
    const old = zone.leader()!;
    const { store } = [...zone.members.values()].find((member) => member !== old)!.zone;
    const lease = await come(zone, store.grantLease(1_000));
    assert.ok(lease.ok);
    const { id } = lease.value;
    const put = { type: 'put', key: '/held', value: '', lease: id } as const;
    await come(zone, store.transact({ compare: [], success: [put] }));
    old.peer.freeze();
    // On its way to the sleeper, who takes it up before anything else.
    const renewal = store.keepLease(id, 15_000);
    const isGone = () => store.view.get('/held') === undefined;
    assert.ok(await zone.simulation.run({ until: isGone, limitMs: 10_000 }));
    old.peer.resume();
    const renewed = await come(zone, renewal);
    assert.ok(!renewed.ok, 'nobody may work under a lease that has ended');
  });

  it('runs its full term and an election timeout again under a new leader, not longer', async () => {
    const zone = await founded(950, ['a', 'b', 'c']);
    const old = zone.leader()!;
    const { store } = [...zone.members.values()].find((member) => member !== old)!.zone;
    const ttlMs = 3_000;
    const lease = await come(zone, store.grantLease(ttlMs));
    assert.ok(lease.ok);
    const { id } = lease.value;
    const put = { type: 'put', key: '/held', value: '', lease: id } as const;
    await come(zone, store.transact({ compare: [], success: [put] }));
    await pass(zone, ttlMs - 500);
    assert.ok((await come(zone, store.keepLease(id, 400))).ok);
    zone.crash(old.name);
    const isLed = () => zone.leader() !== undefined;
    assert.ok(await zone.simulation.run({ until: isLed, limitMs: 10_000 }));
    const ledAtMs = zone.simulation.nowMs();
    const isGone = () => store.view.get('/held') === undefined;
    assert.ok(await zone.simulation.run({ until: isGone, limitMs: 20_000 }));
    const ranMs = zone.simulation.nowMs() - ledAtMs;
    assert.ok(ranMs >= ttlMs + electionTimeoutMs - 100, `${ranMs} ms under the new leader`);
    assert.ok(ranMs <= ttlMs + electionTimeoutMs + 500, `${ranMs} ms under the new leader`);
  });
});
