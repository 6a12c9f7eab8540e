// What a replica says of the age of its view is never too little, whatever happens to it and around it.

import assert from 'node:assert/strict';
import type { Revision, Store } from '../../../consensus/index.ts';
import { createZone } from './zone.ts';
import type { SimulatedZone } from './zone.ts';

const names = ['a', 'b', 'c'] as const;
/** A replica that nobody asks makes a round of its own at least this often, milliseconds. */
const refreshedWithinMs = 10_700;

async function founded(seed: number): Promise<SimulatedZone> {
  const zone = createZone(seed);
  for (const [at, name] of names.entries()) {
    let isUp = false;
    void zone.start(name, at === 0).then(() => (isUp = true));
    assert.ok(await zone.simulation.run({ until: () => isUp, limitMs: 10_000 }));
  }
  const isWhole = () => zone.leader()?.zone.store.status().voters.length === 3;
  assert.ok(await zone.simulation.run({ until: isWhole, limitMs: 30_000 }));
  return zone;
}

const pass = (zone: SimulatedZone, ms: number): Promise<boolean> =>
  zone.simulation.run({ untilMs: zone.simulation.nowMs() + ms });

const ageOf = (store: Store): number => {
  const read = store.local(Number.POSITIVE_INFINITY);
  assert.ok(read.ok);
  return read.value.ageMs;
};

describe('a local read', () => {
  it('is refused with its age when it may be older than asked for, until a barrier made it fresh', async () => {
    const zone = await founded(71);
    const follower = [...zone.members.values()].find((member) => member !== zone.leader())!;
    const { store } = follower.zone;
    const barrier = async (): Promise<void> => {
      let isThere = false;
      void store.barrier(2_000).then(({ ok }) => (isThere = ok));
      assert.ok(await zone.simulation.run({ until: () => isThere, limitMs: 3_000 }));
    };
    await barrier();
    const read = store.local(500);
    assert.ok(read.ok && read.value.ageMs <= 500 && read.value.view === store.view);
    zone.partition(new Set([follower.name]));
    await pass(zone, 20_000);
    const refused = store.local(5_000);
    assert.ok(!refused.ok && refused.error.code === 'unavailable');
    assert.ok(Number(refused.error.details['ageMs']) >= 20_000, refused.error.message);
    assert.match(refused.error.message, /may be \d+ ms old, asked for was 5000 ms/);
    zone.partition(undefined);
    await pass(zone, 3_000);
    await barrier();
    assert.ok(store.local(1_000).ok);
  });

  it('is fresh to some seconds at every peer of an idle zone, and writes nothing for it', async () => {
    const zone = await founded(72);
    await pass(zone, refreshedWithinMs);
    const { appliedIndex } = zone.leader()!.zone.store.status();
    for (let at = 0; at < 30; at++) {
      await pass(zone, 1_000);
      for (const { zone: log } of zone.members.values()) {
        assert.ok(ageOf(log.store) <= refreshedWithinMs, `${ageOf(log.store)} ms`);
      }
    }
    assert.equal(zone.leader()!.zone.store.status().appliedIndex, appliedIndex);
  });

  it('has everything that was acknowledged before its age, through loss, partitions and pauses', async function () {
    this.timeout(60_000);
    let looks = 0;
    let fresh = 0;
    for (let seed = 80; seed < 90; seed++) {
      const zone = await founded(seed);
      const random = zone.simulation.random.fork('faults');
      const acknowledged: { readonly atMs: number; readonly revision: Revision }[] = [];
      const write = (): void => {
        const { store } = zone.members.get(names[random.integer(3)]!)!.zone;
        const put = { type: 'put', key: `/${random.integer(9)}`, value: 'x' } as const;
        void store.transact({ compare: [], success: [put] }).then((done) => {
          if (!done.ok) return;
          acknowledged.push({ atMs: zone.simulation.nowMs(), revision: done.value.revision });
        });
        zone.simulation.schedule(random.integer(100), write);
      };
      write();
      zone.setLoss(0.05);
      for (let round = 0; round < 60; round++) {
        await pass(zone, random.integer(500));
        const victim = zone.members.get(names[random.integer(3)]!)!;
        const roll = random.integer(8);
        if (roll === 0) zone.partition(new Set([victim.name]));
        else if (roll === 1) zone.partition(undefined);
        else if (roll === 2 && victim.peer.status() === 'running') {
          victim.peer.freeze();
          zone.simulation.schedule(random.integer(4_000), () => victim.peer.resume());
        } else if (roll < 6 && victim.peer.status() === 'running') {
          void victim.zone.store.barrier(1_000);
        }
        for (const { name, zone: log } of zone.members.values()) {
          looks++;
          const ageMs = ageOf(log.store);
          if (ageMs > refreshedWithinMs) continue;
          fresh++;
          const sinceMs = zone.simulation.nowMs() - ageMs;
          const before = acknowledged.filter(({ atMs }) => atMs < sinceMs);
          const newest = Math.max(0, ...before.map(({ revision }) => revision));
          assert.ok(
            log.store.view.revision() >= newest,
            `seed ${seed}: ${name} says ${ageMs} ms, but ${newest} was acknowledged before`,
          );
        }
      }
      assert.deepEqual(zone.failures, []);
    }
    assert.ok(fresh > looks / 2, `${fresh} of ${looks}`);
  });
});
