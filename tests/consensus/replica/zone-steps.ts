// Steps of tests over a simulated zone: write, and run virtual time until something came or holds.

import assert from 'node:assert/strict';
import type { Store } from '../../../consensus/index.ts';
import type { SimulatedZone } from './zone.ts';

export const put = (store: Store, key: string, value: string, deadlineMs = 5_000) =>
  store.transact({ compare: [], success: [{ type: 'put', key, value }] }, { deadlineMs });

/** Runs virtual time until the promise settles. */
export async function settled<T>(
  zone: SimulatedZone,
  promise: Promise<T>,
  limitMs = 30_000,
): Promise<T> {
  let result: { value: T } | undefined;
  void promise.then((value) => (result = { value }));
  const reached = await zone.simulation.run({ until: () => result !== undefined, limitMs });
  assert.deepEqual(zone.failures, []);
  assert.ok(reached, `nothing came in ${limitMs} ms of virtual time\n${zone.lines()}`);
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
