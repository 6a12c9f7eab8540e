// What is known of where a peer is: what it announces now, and every address that ever did. Pure.
//
// A peer that moved announces it, but only to those who are linked to it. Whoever slept meanwhile, or a cluster that was
// off as a whole, finds it again by what worked before, from either side.

import { parseRelayHint } from './relay-hint.ts';
import type { PeerId } from '../transport.ts';

/** Addresses kept for one peer, those it announces among them. */
export const KNOWN_LIMIT = 12;

export interface AddressBookEntry {
  readonly peer: PeerId;
  /** What it announces now, the best first. Empty for a peer that only dials out. */
  readonly addresses: readonly string[];
  /** When each known address, announced now or once, was last dialled with success, on the wall clock; 0 for never. */
  readonly workedMs: Readonly<Record<string, number>>;
  /** Wall clock, when a link to it last came up. */
  readonly seenMs: number;
}

/** The entry once the peer announces these. */
export function learned(
  entry: AddressBookEntry | undefined,
  peer: PeerId,
  announced: readonly string[],
  nowMs: number,
): AddressBookEntry {
  const before = entry?.workedMs ?? {};
  const known = { ...before };
  for (const address of announced) known[address] ??= 0;
  return bounded({ peer, addresses: announced, workedMs: known, seenMs: entry?.seenMs ?? nowMs });
}

/** The entry once a link to the peer came up: by dialling `address`, unless it dialled itself. */
export function met(
  entry: AddressBookEntry,
  address: string | undefined,
  nowMs: number,
): AddressBookEntry {
  if (address === undefined) return { ...entry, seenMs: nowMs };
  return bounded({ ...entry, seenMs: nowMs, workedMs: { ...entry.workedMs, [address]: nowMs } });
}

/**
 * Where to dial it, the most promising first: what it announces, then what last worked, then the rest. A relay is of use
 * only while it is announced.
 */
export function waysTo({ addresses, workedMs }: AddressBookEntry): readonly string[] {
  const announced = new Set(addresses);
  const former = Object.keys(workedMs)
    .filter((address) => !announced.has(address) && parseRelayHint(address) === undefined)
    .sort((a, b) => workedMs[b]! - workedMs[a]!);
  return [...addresses, ...former];
}

/** Former addresses go first, and of these the ones that did not work for longest. */
function bounded(entry: AddressBookEntry): AddressBookEntry {
  const kept = waysTo(entry).slice(0, KNOWN_LIMIT);
  if (kept.length === Object.keys(entry.workedMs).length) return entry;
  const workedMs = Object.fromEntries(
    kept.map((address) => [address, entry.workedMs[address] ?? 0]),
  );
  return { ...entry, workedMs };
}
