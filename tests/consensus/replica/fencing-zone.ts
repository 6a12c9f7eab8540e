// A simulated zone in which replicas may be fenced, with something written by each peer.

import assert from 'node:assert/strict';
import { keysUnder, put, settled, storeOf, until } from './zone-steps.ts';
import { createZone } from './zone.ts';
import type { SimulatedZone } from './zone.ts';

/** Of these peers, as many voters among them as there should be, and a key `/before/NAME` written through each. */
export async function zoneOf(seed: number, names: readonly string[]): Promise<SimulatedZone> {
  const zone = createZone(seed);
  zone.allowFencing();
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
