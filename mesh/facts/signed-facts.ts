// What of a peer's facts travels, and the bytes that its signature covers: all of them, at one version. Pure.

import type { PeerId } from '../transport.ts';

/** Keys one peer may write in one life, removed ones among them. */
export const KEYS_LIMIT = 64;

/** All facts of one peer: with what goes around them they fit one message. */
export const ORIGIN_LIMIT_BYTES = 32 * 1024;

/** Longest key of a fact. */
export const KEY_LIMIT = 64;

/** "I hold this peer's facts up to this version." */
export interface FactsVersion {
  readonly peer: PeerId;
  readonly incarnation: number;
  readonly version: number;
}

export interface FactEntry {
  readonly key: string;
  readonly version: number;
  /** JSON, exactly as its origin wrote it; absent when the key was removed. */
  readonly text?: string | undefined;
}

/** Everything of one peer with versions in (from, version], oldest first. */
export interface FactsDelta extends FactsVersion {
  readonly from: number;
  readonly entries: readonly FactEntry[];
  /** By the origin, over all its facts at `version`: who applies a delta must arrive at exactly these. */
  readonly signature: Uint8Array;
}

/** Keeps these signatures apart from all others of the same key. */
const DOMAIN = 'skein facts 1';

const encoder = new TextEncoder();

/** `entries` are all of the peer's, removed ones too, in the order of their versions. */
export function signedBytes(
  { peer, incarnation, version }: FactsVersion,
  entries: Iterable<FactEntry>,
): Uint8Array {
  const all = Array.from(entries, (entry) => [entry.key, entry.version, entry.text ?? null]);
  return encoder.encode(JSON.stringify([DOMAIN, peer, incarnation, version, all]));
}

/** What an entry counts for in limits. */
export function sizeOf(entry: FactEntry | undefined): number {
  if (entry === undefined) return 0;
  return entry.key.length + 16 + (entry.text === undefined ? 0 : Buffer.byteLength(entry.text));
}
