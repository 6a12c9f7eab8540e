// What the store may hold, and what is refused when it is full. Part of `apply`: every replica refuses alike.
//
//   below the limit: everything | in the reserve: no new keys but the zone's own; changes, deletions | full: deletions
//
// Nothing has to be switched back: once enough was deleted, everything is taken again.

import { SkeinError } from '../../runtime/index.ts';
import type { Keyspace } from './keyspace.ts';
import type { Operation } from './store.ts';
import { weightOf } from './weights.ts';

/** By what `weights.ts` counts: about 230,000 objects of 2 KB, which take 693 MB resident when they are ASCII. */
export const maxStoreBytes = 512 * (1 << 20);
/** Above the limit, this part of it is left for changes of what is there and for the zone's own keys. */
const reservedPart = 1 / 8;
/** Locks, leases' keys, replicas: without them a full zone could not even clean up. */
const ownPrefix = '/skein/';
/** More than one command can add. */
const commandGrowthBytes = 4 * (1 << 20);

/** Why these operations, of which the deletions are not counted, find no room; undefined when they do. */
export function refusalForCapacity(
  keyspace: Keyspace,
  operations: readonly Operation[],
  limitBytes: number,
): SkeinError | undefined {
  const heldBytes = keyspace.liveBytes();
  if (heldBytes + commandGrowthBytes <= limitBytes) return undefined;
  let growthBytes = 0;
  let hasNewKey = false;
  for (const operation of operations) {
    if (operation.type !== 'put') continue;
    const before = keyspace.get(operation.key);
    growthBytes += weightOf(operation) - (before === undefined ? 0 : weightOf(before));
    hasNewKey ||= before === undefined && !operation.key.startsWith(ownPrefix);
  }
  const roomBytes = hasNewKey ? limitBytes : limitBytes * (1 + reservedPart);
  if (growthBytes <= 0 || heldBytes + growthBytes <= roomBytes) return undefined;
  return new SkeinError(
    'too-large',
    `the store holds ${heldBytes} bytes and may hold ${limitBytes}: delete what is not needed, then ask again`,
    { heldBytes, limitBytes },
  );
}
