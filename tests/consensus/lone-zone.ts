// A whole zone log of one peer on the real disk and clock, as `skein up` opens it.

import { nodeDisk, openZoneLog, prefixEnd } from '../../consensus/index.ts';
import type { Store } from '../../consensus/index.ts';
import {
  createActorSystem,
  createImmediateDispatcher,
  createRingLogger,
  createSystemClock,
  createSystemRandom,
} from '../../runtime/index.ts';

export interface LoneZone {
  readonly store: Store;
  /** Rejects with the first failure of an actor there was. */
  readonly close: () => Promise<void>;
}

/** Founds the zone in `directory`, or opens it again. It need not lead yet. */
export async function openLoneZone(
  directory: string,
  options: { readonly segmentBytes?: number } = {},
): Promise<LoneZone> {
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
    ...options,
    domain: 'a',
    isFounder: true,
    health: { isAlive: () => true, deadForMs: () => 0 },
    joinThrough: () => [],
  });
  return {
    store: zone.store,
    close: async () => {
      await system.stop();
      await zone.close();
      if (failures[0] !== undefined) throw failures[0];
    },
  };
}

/** Resolves once it leads and takes writes. */
export async function untilItLeads({ store }: LoneZone, deadlineMs = 10_000): Promise<void> {
  const ready = await store.barrier(deadlineMs);
  if (!ready.ok) throw ready.error;
}

/** A new leader records itself: the one revision that nobody asked for. */
export const untilRecorded = ({ store }: LoneZone): Promise<void> =>
  new Promise((recorded) => {
    const prefix = '/skein/replicas/';
    store.watch(prefix, prefixEnd(prefix), 1, { events: () => recorded(), ended: () => undefined });
  });
