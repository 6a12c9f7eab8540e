// A whole zone log of one peer on the real disk and clock, as `skein up` opens it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeDisk, openZoneLog, prefixEnd } from '../../../consensus/index.ts';
import type { Store } from '../../../consensus/index.ts';
import {
  createActorSystem,
  createImmediateDispatcher,
  createRingLogger,
  createSystemClock,
  createSystemRandom,
} from '../../../runtime/index.ts';

export interface LoneZone {
  readonly store: Store;
  readonly close: () => Promise<void>;
}

/** A new leader records itself: the one revision that nobody asked for. */
const untilRecorded = (store: Store): Promise<void> =>
  new Promise((recorded) => {
    const prefix = '/skein/replicas/';
    store.watch(prefix, prefixEnd(prefix), 1, { events: () => recorded(), ended: () => undefined });
  });

/** Resolves once it leads, takes writes and writes nothing by itself any more. */
export async function openLoneZone(): Promise<LoneZone> {
  const directory = await mkdtemp(join(tmpdir(), 'skein-lone-zone-'));
  const [clock, random] = [createSystemClock(), createSystemRandom()];
  const failures: Error[] = [];
  const system = createActorSystem({
    peer: 'a',
    clock,
    random,
    log: createRingLogger(clock, 100),
    dispatcher: createImmediateDispatcher(),
    onFailure: (_path, error) => void failures.push(error),
  });
  const zone = await openZoneLog({
    system,
    random,
    clock,
    disk: nodeDisk(),
    directory,
    domain: 'a',
    isFounder: true,
    health: { isAlive: () => true, deadForMs: () => 0 },
    joinThrough: () => [],
  });
  const ready = await zone.store.barrier(10_000);
  if (!ready.ok) throw ready.error;
  await untilRecorded(zone.store);
  return {
    store: zone.store,
    close: async () => {
      await system.stop();
      await zone.close();
      await rm(directory, { recursive: true });
      if (failures[0] !== undefined) throw failures[0];
    },
  };
}
