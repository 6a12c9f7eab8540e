// The leases of a store: part of the replicated state, so without any clock; when they end is a command.

import type { WatchEvent } from './store.ts';
import type { Lease } from './store.ts';

/** Leases at one time; a grant above it is refused with `overloaded`. */
export const maxLeases = 100_000;

export interface LeaseTable {
  readonly get: (id: number) => Lease | undefined;
  /** In the order of their grants. */
  readonly all: () => readonly Lease[];
  readonly count: () => number;
  readonly grant: (lease: Lease) => void;
  /** Forgets the lease; the keys that end with it, in order. */
  readonly end: (id: number) => readonly string[];
  /** Moves keys between leases as they are written and deleted. */
  readonly follow: (events: readonly WatchEvent[]) => void;
}

export function createLeaseTable(): LeaseTable {
  const leases = new Map<number, { readonly lease: Lease; readonly keys: Set<string> }>();
  return {
    get: (id) => leases.get(id)?.lease,
    all: () => [...leases.values()].map(({ lease }) => lease),
    count: () => leases.size,
    grant: (lease) => void leases.set(lease.id, { lease, keys: new Set() }),
    end: (id) => {
      const keys = [...(leases.get(id)?.keys ?? [])].sort();
      leases.delete(id);
      return keys;
    },
    follow: (events) => {
      for (const { kv, previous } of events) {
        const before = previous?.lease ?? 0;
        if (before === kv.lease) continue;
        if (before !== 0) leases.get(before)?.keys.delete(kv.key);
        if (kv.lease !== 0) leases.get(kv.lease)?.keys.add(kv.key);
      }
    },
  };
}
