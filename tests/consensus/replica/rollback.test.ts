// A replica that lost what it voted or acknowledged comes back as a new one; a healthy one never has to.

import assert from 'node:assert/strict';
import { replicaRecords } from '../../../consensus/replica/replica-records.ts';
import { zoneOf } from './fencing-zone.ts';
import { keysUnder, pass, put, settled, startAll, statusOf, storeOf, until } from './zone-steps.ts';
import type { DiskImage } from '../../simulation/simulated-disk.ts';
import type { SimulatedZone } from './zone.ts';

const restart = async (zone: SimulatedZone, name: string): Promise<void> => {
  zone.exit(name);
  await settled(zone, zone.start(name));
};

const putBack = (zone: SimulatedZone, name: string, copy: DiskImage): void => {
  zone.exit(name);
  zone.disks.get(name)!.putBack(copy);
};

/** Everybody has every key, and three vote. */
const isWhole = (zone: SimulatedZone, keys: number): boolean =>
  zone.leader()?.zone.store.status().voters.length === 3 &&
  [...zone.members.keys()].every((name) => keysUnder(zone, name, '/after/') === keys);

const write = async (zone: SimulatedZone, at: string, from: number, to: number): Promise<void> => {
  for (let n = from; n <= to; n++) {
    assert.ok((await settled(zone, put(storeOf(zone, at), `/after/${n}`, 'v'))).ok);
  }
};

describe('a replica whose directory is an old copy', () => {
  for (const seed of [61, 62, 63]) {
    it(`is known by its life when it had started since, even under another leader (seed ${seed})`, async () => {
      const zone = await zoneOf(seed, ['a', 'b', 'c']);
      const victim = ['a', 'b', 'c'].find((name) => name !== zone.leader()!.name)!;
      const copy = zone.disks.get(victim)!.keep();
      await restart(zone, victim);
      await until(zone, () => statusOf(zone, victim)?.role === 'follower');
      await write(zone, victim, 1, 5);
      // Its start is in the log; and the leader to which it acknowledged is gone for a while.
      await pass(zone, 2_000);
      const leader = zone.leader()!.name;
      zone.exit(leader);
      putBack(zone, victim, copy);
      await settled(zone, zone.start(victim));
      await until(zone, () => zone.fenced.length === 1);
      assert.equal(zone.fenced[0]!.name, victim);
      assert.match(zone.fenced[0]!.why, /old copy: the zone knows of a later start of it/);
      await settled(zone, zone.start(leader));
      await until(zone, () => isWhole(zone, 5));
    });
  }

  it('is known by what it had acknowledged to the leader that is still there', async () => {
    const zone = await zoneOf(64, ['a', 'b', 'c']);
    const victim = ['a', 'b', 'c'].find((name) => name !== zone.leader()!.name)!;
    await pass(zone, 2_000);
    const copy = zone.disks.get(victim)!.keep();
    await write(zone, victim, 1, 5);
    putBack(zone, victim, copy);
    await settled(zone, zone.start(victim));
    await until(zone, () => zone.fenced.length === 1);
    assert.match(zone.fenced[0]!.why, /it ends at entry \d+ and had acknowledged \d+/);
    await until(zone, () => isWhole(zone, 5));
  });

  it('is told that it was taken out when nobody speaks to it any more', async () => {
    const zone = await zoneOf(65, ['a', 'b', 'c']);
    const victim = ['a', 'b', 'c'].find((name) => name !== zone.leader()!.name)!;
    const copy = zone.disks.get(victim)!.keep();
    zone.wipe(victim);
    await settled(zone, zone.start(victim));
    await until(zone, () => isWhole(zone, 0) && statusOf(zone, victim)?.role === 'follower');
    putBack(zone, victim, copy);
    await settled(zone, zone.start(victim));
    await until(zone, () => zone.fenced.length === 1);
    await write(zone, zone.leader()!.name, 1, 3);
    await until(zone, () => isWhole(zone, 3));
  });

  it('is not given up by itself when it is the only voter', async () => {
    const zone = await zoneOf(66, ['a', 'b']);
    const copy = zone.disks.get('a')!.keep();
    await restart(zone, 'a');
    await write(zone, 'b', 1, 3);
    await pass(zone, 2_000);
    putBack(zone, 'a', copy);
    await settled(zone, zone.start('a'));
    await zone.simulation.run({ until: () => zone.failures.length > 0, limitMs: 20_000 });
    assert.equal(zone.failures.length, 1);
    assert.match(zone.failures[0]!, /only voter of its zone: run `skein recover --dry-run` here/);
    assert.deepEqual(zone.fenced, []);
    const names = zone.disks.get('a')!.paths();
    assert.ok(names.every((path) => !path.includes('fenced') && !path.includes('set-aside')));
  });
});

describe('a replica that is healthy', () => {
  it('starts with all others at once, again and again, and costs an entry for each start', async () => {
    const zone = await zoneOf(71, ['a', 'b', 'c', 'd']);
    const names = [...zone.members.keys()];
    await pass(zone, 2_000);
    const rounds = 4;
    const revision = (): number => storeOf(zone, 'a').view.revision();
    const before = revision();
    for (let round = 0; round < rounds; round++) {
      for (const name of names) zone.crash(name);
      await startAll(zone, names);
      await until(zone, () => zone.leader() !== undefined);
      await pass(zone, 3_000);
    }
    assert.deepEqual(zone.fenced, []);
    assert.ok(revision() - before <= rounds * names.length, `${revision() - before} entries`);
    const after = revision();
    await pass(zone, 10_000);
    assert.equal(revision(), after);
  });

  it('gives up the vote of its former self when its disk was lost', async () => {
    const zone = await zoneOf(72, ['a', 'b', 'c']);
    const victim = ['a', 'b', 'c'].find((name) => name !== zone.leader()!.name)!;
    const idOf = (): number =>
      replicaRecords(zone.leader()!.zone.store.view).findLast(({ peer }) => peer === victim)!
        .replica;
    const before = idOf();
    zone.wipe(victim);
    await write(zone, zone.leader()!.name, 1, 3);
    await settled(zone, zone.start(victim));
    await until(zone, () => isWhole(zone, 3) && idOf() !== before);
    await until(zone, () => statusOf(zone, victim)?.role === 'follower');
    // The old quorum counts, too, until the change of voters is over.
    await pass(zone, 1_000);
    // Two of three suffice again, whichever they are.
    const other = ['a', 'b', 'c'].find((name) => name !== victim && name !== zone.leader()!.name)!;
    zone.exit(other);
    await write(zone, victim, 4, 5);
    assert.deepEqual(zone.fenced, []);
  });
});
