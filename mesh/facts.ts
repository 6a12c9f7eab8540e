// What each peer says of itself: versioned per origin, one writer each, carried by digests and deltas. Pure.
//
// A peer's facts are a map of key -> (value, version). Its versions only grow, so "all up to version v" says
// everything one holds of a peer, and what another lacks is what is newer than its v (van Renesse, Scuttlebutt).

import { SkeinError } from '../runtime/index.ts';
import type { NodeFacts } from './mesh.ts';
import type { PeerId } from './transport.ts';

/** Keys one peer may write, removed ones among them. */
const KEYS_LIMIT = 256;

/** All facts of one peer, as JSON. */
const ORIGIN_LIMIT_BYTES = 64 * 1024;

/** One exchange carries at most about this much; the rest follows with the next. */
export const DELTA_LIMIT_BYTES = 64 * 1024;

/** "I hold this peer's facts up to this version." */
export interface FactsVersion {
  readonly peer: PeerId;
  readonly incarnation: number;
  readonly version: number;
}

export interface FactEntry {
  readonly key: string;
  readonly version: number;
  /** Absent when the key was removed. */
  readonly value?: unknown;
}

/** Everything of one peer with versions in (from, to], oldest first. */
export interface FactsDelta {
  readonly peer: PeerId;
  readonly incarnation: number;
  readonly from: number;
  readonly to: number;
  readonly entries: readonly FactEntry[];
}

export interface FactsOutcome {
  /** Peers of whom something new is known, with the keys that changed. */
  readonly changed: readonly { readonly peer: PeerId; readonly keys: readonly string[] }[];
}

export interface Facts {
  /** Replaces keys of this peer's own facts; undefined removes. Returns the keys that did change. Throws too-large. */
  readonly set: (facts: NodeFacts) => readonly string[];
  readonly get: (peer: PeerId) => NodeFacts;
  readonly version: (peer: PeerId) => FactsVersion | undefined;
  readonly digest: () => readonly FactsVersion[];
  /** Equal on two peers exactly when (but for a chance of 2^-53) they hold the same. */
  readonly hash: () => string;
  /** What the owner of this digest lacks, the most behind first. */
  readonly deltaFor: (
    digest: readonly FactsVersion[],
    limitBytes?: number,
  ) => readonly FactsDelta[];
  /** What the owner of this version lacks of that one peer. */
  readonly deltaOf: (have: FactsVersion) => readonly FactsDelta[];
  /** True when that digest holds something newer than what is here. */
  readonly isBehind: (digest: readonly FactsVersion[]) => boolean;
  readonly apply: (deltas: readonly FactsDelta[]) => FactsOutcome;
  readonly forget: (peer: PeerId) => void;
}

interface Origin {
  readonly incarnation: number;
  version: number;
  readonly entries: Map<string, FactEntry>;
  bytes: number;
  view: NodeFacts | undefined;
}

/** `accepts` says whose facts are wanted: those of members that are not long dead. */
export function createFacts(
  self: PeerId,
  incarnation: number,
  accepts: (peer: PeerId) => boolean,
): Facts {
  const origins = new Map<PeerId, Origin>();
  let hashed: string | undefined;
  let own: Origin = emptyOrigin(incarnation);
  origins.set(self, own);

  const digest = (): readonly FactsVersion[] =>
    [...origins].map(([peer, o]) => ({ peer, incarnation: o.incarnation, version: o.version }));

  const write = (origin: Origin, entry: FactEntry): void => {
    origin.bytes += sizeOf(entry) - sizeOf(origin.entries.get(entry.key));
    // Deleted first, so that the map stays in order of versions.
    origin.entries.delete(entry.key);
    origin.entries.set(entry.key, entry);
    origin.version = Math.max(origin.version, entry.version);
    origin.view = undefined;
    hashed = undefined;
  };

  /** Somebody remembers this peer from a life with a later clock: everything is said again, above that. */
  const outbid = (claimed: number): void => {
    const again = emptyOrigin(claimed + 1);
    for (const entry of own.entries.values()) {
      write(again, { ...entry, version: again.version + 1 });
    }
    own = again;
    origins.set(self, own);
    hashed = undefined;
  };

  const applyOne = (delta: FactsDelta): readonly string[] => {
    if (delta.peer === self) {
      if (delta.incarnation > own.incarnation) outbid(delta.incarnation);
      return [];
    }
    if (!accepts(delta.peer)) return [];
    const known = origins.get(delta.peer);
    if (known !== undefined && delta.incarnation < known.incarnation) return [];
    const isSame = known?.incarnation === delta.incarnation;
    // With a gap before it, "all up to version v" would no longer be true.
    if (delta.from > (isSame ? known.version : 0)) return [];
    const target = isSame ? known : emptyOrigin(delta.incarnation);
    const fresh = delta.entries.filter((entry) => entry.version > target.version);
    const bytes = fresh.reduce((sum, entry) => sum + sizeOf(entry), target.bytes);
    if (target.entries.size + fresh.length > 2 * KEYS_LIMIT || bytes > 2 * ORIGIN_LIMIT_BYTES) {
      return [];
    }
    for (const entry of fresh) write(target, entry);
    if (delta.to > target.version) {
      target.version = delta.to;
      hashed = undefined;
    }
    if (!isSame) {
      origins.set(delta.peer, target);
      hashed = undefined;
    }
    const gone = isSame ? [] : [...(known?.entries.keys() ?? [])];
    return [...new Set([...fresh.map((entry) => entry.key), ...gone])];
  };

  return {
    set: (facts) => {
      const changed = Object.keys(facts).filter(
        (key) => JSON.stringify(facts[key]) !== JSON.stringify(own.entries.get(key)?.value),
      );
      checkLimits(own, facts, changed);
      for (const key of changed) {
        const value = facts[key];
        const version = own.version + 1;
        write(own, value === undefined ? { key, version } : { key, version, value });
      }
      return changed;
    },
    get: (peer) => viewOf(origins.get(peer)),
    version: (peer) => {
      const o = origins.get(peer);
      return o === undefined ? undefined : { peer, incarnation: o.incarnation, version: o.version };
    },
    digest,
    hash: () => {
      hashed ??= hashOf(digest());
      return hashed;
    },
    deltaFor: (theirs, limitBytes = DELTA_LIMIT_BYTES) => {
      const held = new Map(theirs.map((v) => [v.peer, v]));
      const lacking = [...origins]
        .map(([peer, origin]) => missing(peer, origin, held.get(peer)))
        .filter((delta) => delta !== undefined)
        .sort((a, b) => b.entries.length - a.entries.length);
      return bounded(lacking, limitBytes);
    },
    deltaOf: (have) => {
      const origin = origins.get(have.peer);
      const delta = origin === undefined ? undefined : missing(have.peer, origin, have);
      return delta === undefined ? [] : bounded([delta], DELTA_LIMIT_BYTES);
    },
    isBehind: (theirs) =>
      theirs.some((v) => {
        if (v.peer !== self && !accepts(v.peer)) return false;
        const here = origins.get(v.peer);
        if (here === undefined || v.incarnation > here.incarnation) return true;
        return v.incarnation === here.incarnation && v.version > here.version;
      }),
    apply: (deltas) => {
      const changed = deltas
        .map((delta) => ({ peer: delta.peer, keys: applyOne(delta) }))
        .filter(({ keys }) => keys.length > 0);
      return { changed };
    },
    forget: (peer) => {
      if (peer !== self && origins.delete(peer)) hashed = undefined;
    },
  };
}

function emptyOrigin(incarnation: number): Origin {
  return { incarnation, version: 0, entries: new Map(), bytes: 0, view: undefined };
}

function sizeOf(entry: FactEntry | undefined): number {
  if (entry === undefined) return 0;
  return entry.key.length + 16 + (JSON.stringify(entry.value)?.length ?? 0);
}

function viewOf(origin: Origin | undefined): NodeFacts {
  if (origin === undefined) return {};
  origin.view ??= Object.fromEntries(
    [...origin.entries.values()]
      .filter((entry) => entry.value !== undefined)
      .map((entry) => [entry.key, entry.value]),
  );
  return origin.view;
}

function checkLimits(own: Origin, facts: NodeFacts, changed: readonly string[]): void {
  const added = changed.filter((key) => !own.entries.has(key)).length;
  const bytes = changed.reduce(
    (sum, key) =>
      sum + sizeOf({ key, version: 0, value: facts[key] }) - sizeOf(own.entries.get(key)),
    own.bytes,
  );
  if (own.entries.size + added > KEYS_LIMIT || bytes > ORIGIN_LIMIT_BYTES) {
    throw new SkeinError(
      'too-large',
      `facts of one peer may have ${KEYS_LIMIT} keys and ${ORIGIN_LIMIT_BYTES} bytes: these would have ${own.entries.size + added} and ${bytes}`,
      { bytes },
    );
  }
}

function missing(
  peer: PeerId,
  origin: Origin,
  held: FactsVersion | undefined,
): FactsDelta | undefined {
  const sameLife = held?.incarnation === origin.incarnation;
  if (held !== undefined && held.incarnation > origin.incarnation) return undefined;
  const from = sameLife ? held.version : 0;
  if (sameLife && from >= origin.version) return undefined;
  const entries = [...origin.entries.values()].filter((entry) => entry.version > from);
  return { peer, incarnation: origin.incarnation, from, to: origin.version, entries };
}

/** Cuts at the limit; a delta that is cut ends at its last whole entry. At least one entry always goes. */
function bounded(deltas: readonly FactsDelta[], limitBytes: number): readonly FactsDelta[] {
  const result: FactsDelta[] = [];
  let left = limitBytes;
  for (const delta of deltas) {
    left -= delta.peer.length + 32;
    const entries: FactEntry[] = [];
    for (const entry of delta.entries) {
      left -= sizeOf(entry);
      if (left < 0 && (entries.length > 0 || result.length > 0)) break;
      entries.push(entry);
    }
    if (entries.length === delta.entries.length) {
      result.push(delta);
    } else if (entries.length > 0) {
      result.push({ ...delta, entries, to: entries[entries.length - 1]!.version });
    }
    if (left < 0) break;
  }
  return result;
}

/** cyrb53 over the ordered digest: 53 bits are plenty to notice a difference that the next change mends. */
function hashOf(digest: readonly FactsVersion[]): string {
  const text = digest
    .map((v) => `${v.peer}:${v.incarnation}:${v.version}`)
    .sort()
    .join('\n');
  let low = 0xdeadbeef;
  let high = 0x41c6ce57;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 2654435761);
    high = Math.imul(high ^ code, 1597334677);
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  return (4294967296 * (2097151 & high) + (low >>> 0)).toString(36);
}
