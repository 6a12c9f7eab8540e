// Recoveries and rollbacks in the middle of crashes, loss and partitions: whoever must be is fenced, and nothing is lost.

import assert from 'node:assert/strict';
import { recoverLog } from '../../../consensus/recover/recover-log.ts';
import { epochOf } from '../../../consensus/replica/epoch.ts';
import type { Random } from '../../../runtime/index.ts';
import { zoneOf } from './fencing-zone.ts';
import { keysUnder, pass, put, settled, startAll, statusOf, storeOf, until } from './zone-steps.ts';
import type { SimulatedZone } from './zone.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
/** The last one found that a fenced replica went on with the rest of the message that had fenced it. */
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 2062];
/** Of virtual time. */
const healMs = 120_000;

const isWhole = (zone: SimulatedZone): boolean =>
  names.every((name) => zone.members.has(name)) &&
  zone.leader()?.zone.store.status().voters.length === 5;

/** All stop, one is recovered, and all come back while messages get lost and peers go on crashing. */
async function recoverInStorm(zone: SimulatedZone, random: Random): Promise<void> {
  for (const name of names) zone.exit(name);
  const survivor = names[random.integer(names.length)]!;
  const disk = zone.disks.get(survivor)!.boot();
  const { epoch } = await settled(zone, recoverLog(disk, '/log', random, 256 * 1024));
  zone.setLoss(0.1 * random.float());
  zone.setDuplication(0.3 * random.float());
  if (random.float() < 0.5) zone.partition(new Set([survivor]));
  await startAll(zone, names);
  for (let round = 0; round < 12; round++) {
    await pass(zone, random.integer(900));
    const name = names[random.integer(names.length)]!;
    if (zone.members.has(name)) {
      if (random.float() < 0.5) zone.crash(name);
      else zone.exit(name);
      await settled(zone, zone.start(name));
    }
    if (round === 6) zone.partition(undefined);
  }
  zone.setLoss(0);
  zone.setDuplication(0);
  const isOver = (): boolean =>
    isWhole(zone) && names.every((name) => epochOf(storeOf(zone, name).view) === epoch);
  await until(zone, isOver, healMs);
  for (const name of names) assert.equal(keysUnder(zone, name, '/before/'), names.length);
}

const write = async (zone: SimulatedZone, random: Random, key: string): Promise<void> => {
  const name = names[random.integer(names.length)]!;
  const written = await settled(zone, put(storeOf(zone, name), key, 'v'));
  if (!written.ok) await write(zone, random, key);
};

/** One is put back to an older copy in a way that can be found out; the leader may be away meanwhile. */
async function rollBack(zone: SimulatedZone, random: Random, round: number): Promise<void> {
  const victim = names[random.integer(names.length)]!;
  const disk = zone.disks.get(victim)!;
  const copy = disk.keep();
  const before = zone.fenced.length;
  const leads = (): boolean => zone.leader()?.name === victim;
  const hasStartedSince = leads() || random.float() < 0.6;
  if (hasStartedSince) {
    zone.exit(victim);
    await settled(zone, zone.start(victim));
    await until(
      zone,
      () => zone.leader() !== undefined && statusOf(zone, victim)?.leader !== undefined,
    );
    // Its start is recorded.
    await pass(zone, 3_000);
  }
  for (let n = 0; n < 3; n++) await write(zone, random, `/acked/${round}-${n}`);
  await pass(zone, 500);
  const away =
    hasStartedSince && !leads() && random.float() < 0.5 ? zone.leader()?.name : undefined;
  if (away !== undefined) zone.crash(away);
  zone.exit(victim);
  disk.putBack(copy);
  await settled(zone, zone.start(victim));
  if (away !== undefined) {
    await pass(zone, random.integer(3_000));
    await settled(zone, zone.start(away));
  }
  await until(zone, () => zone.fenced.length === before + 1, healMs);
  assert.equal(zone.fenced.at(-1)!.name, victim);
  const acknowledged = 3 * (round + 1);
  const isOver = (): boolean =>
    isWhole(zone) && names.every((name) => keysUnder(zone, name, '/acked/') === acknowledged);
  await until(zone, isOver, healMs);
}

describe('a zone that is recovered and rolled back in a storm', () => {
  for (const seed of seeds) {
    it(`fences whoever must be, and loses nothing that it acknowledged (seed ${seed})`, async () => {
      const zone = await zoneOf(seed, names);
      const random = zone.simulation.random.fork('storm');
      await recoverInStorm(zone, random);
      for (let round = 0; round < 4; round++) await rollBack(zone, random, round);
    });
  }
});
