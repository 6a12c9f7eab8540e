// What tests of a simulated zone do again and again: wait in virtual time, write, and look.

import assert from 'node:assert/strict';
import type { Store, StoreStatus } from '../../../consensus/index.ts';
import { createZone } from './zone.ts';
import type { SimulatedZone } from './zone.ts';

export const put = (store: Store, key: string, value: string, deadlineMs = 5_000) =>
  store.transact({ compare: [], success: [{ type: 'put', key, value }] }, { deadlineMs });

/** Runs virtual time until the promise settles. */
export async function settled<T>(
  zone: SimulatedZone,
  promise: Promise<T>,
  limitMs = 30_000,
): Promise<T> {
  let result: { readonly value: T } | { readonly error: unknown } | undefined;
  promise.then(
    (value) => (result = { value }),
    (error: unknown) => (result = { error }),
  );
  await until(zone, () => result !== undefined, limitMs);
  if ('error' in result!) throw result.error;
  return result!.value;
}

export async function until(
  zone: SimulatedZone,
  holds: () => boolean,
  limitMs = 60_000,
): Promise<void> {
  const reached = await zone.simulation.run({ until: holds, limitMs });
  assert.deepEqual(zone.failures, []);
  assert.ok(reached, `did not come to hold in ${limitMs} ms of virtual time\n${zone.lines()}`);
}

/** All at once. */
export const startAll = (zone: SimulatedZone, names: Iterable<string>): Promise<unknown> =>
  settled(zone, Promise.all([...names].map((name) => zone.start(name))));

export const pass = (zone: SimulatedZone, ms: number): Promise<unknown> =>
  zone.simulation.run({ untilMs: zone.simulation.nowMs() + ms });

/** The store of a peer that runs. */
export const storeOf = (zone: SimulatedZone, name: string): Store =>
  zone.members.get(name)!.zone.store;

export const statusOf = (zone: SimulatedZone, name: string): StoreStatus | undefined =>
  zone.members.get(name)?.zone.store.status();

export const keysUnder = (zone: SimulatedZone, name: string, prefix: string): number =>
  storeOf(zone, name).view.range(prefix, `${prefix}\uffff`).kvs.length;

/** A zone of these peers, as many voters among them as there should be, and a key `/before/NAME` written through each. */
export async function zoneOf(seed: number, names: readonly string[]): Promise<SimulatedZone> {
  const zone = createZone(seed);
  for (const [at, name] of names.entries()) await settled(zone, zone.start(name, at === 0));
  const voters = names.length >= 5 ? 5 : names.length >= 3 ? 3 : 1;
  await until(zone, () => zone.leader()?.zone.store.status().voters.length === voters);
  for (const name of names) {
    assert.ok((await settled(zone, put(storeOf(zone, name), `/before/${name}`, name))).ok);
  }
  await until(zone, () =>
    names.every((name) => keysUnder(zone, name, '/before/') === names.length),
  );
  return zone;
}
