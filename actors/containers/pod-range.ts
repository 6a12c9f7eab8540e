// Which loopback addresses the pods of a peer get: a /24 of 127.64.0.0/10 that no other peer of the zone has.

import type { StoreView } from '../../consensus/index.ts';
import { hash32 } from '../objects/stable-hash.ts';

/** Ranges: 127.64.0.0/24 to 127.127.255.0/24. */
const rangeCount = 64 * 256;

/** Holds the peer id of the peer that has this range. */
export const podRangeKey = (range: string): string => `/skein/pod-ranges/${range}`;

const rangeAt = (index: number): string => `127.${64 + (index >> 8)}.${index & 255}.0/24`;

/** The node's own address is the first of its range. */
export const nodeAddressIn = (range: string): string => range.replace(/\.0\/24$/, '.1');

/** Ranges in the order in which this peer should try them; the same at every start. */
export function* podRanges(peerId: string): Generator<string> {
  const first = hash32(peerId) % rangeCount;
  for (let offset = 0; offset < rangeCount; offset++) yield rangeAt((first + offset) % rangeCount);
}

/** The first range that no other peer of the zone holds, as far as this replica knows. */
export function freePodRange(
  view: StoreView,
  peerId: string,
  isTakenHere: (range: string) => boolean,
): string | undefined {
  for (const range of podRanges(peerId)) {
    const holder = view.get(podRangeKey(range));
    if ((holder === undefined || holder.value === peerId) && !isTakenHere(range)) return range;
  }
  return undefined;
}
