// Steps of tests over a simulated zone: write, look, and run virtual time until something came or holds.

import assert from 'node:assert/strict';
import type { Store, StoreStatus } from '../../../consensus/index.ts';
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
  const reached = await zone.simulation.run({ until: () => result !== undefined, limitMs });
  assert.deepEqual(zone.failures, []);
  assert.ok(reached, `nothing came in ${limitMs} ms of virtual time\n${zone.lines()}`);
  if ('error' in result!) throw result.error;
  return result!.value;
}

export async function until(
  zone: SimulatedZone,
  holds: () => boolean,
  limitMs = 30_000,
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
