// What each peer says of itself: versioned and signed per origin, one writer each, carried by digests and deltas. Pure.
//
// A peer's facts are a map of key -> (value, version). Its versions only grow, so "all up to version v" says
// everything one holds of a peer, and what another lacks is what is newer than its v (van Renesse, Scuttlebutt).
// The origin signs all it says at a version. What is passed on must lead to exactly that, so whoever passes it on
// can change, mix, shorten or turn back nothing.

import { failed, ok } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import { createBucketHashes } from '../bucket-hash.ts';
import { deltasFor, missing } from './facts-deltas.ts';
import type { DeltaBatch } from './facts-deltas.ts';
import { changedKeys, isWithinLimits, merged, originOf, tooLarge } from './facts-origin.ts';
import type { Origin } from './facts-origin.ts';
import type { NodeFacts } from '../mesh.ts';
import type { PeerSigner } from '../belonging/peer-signer.ts';
import { signedBytes } from './signed-facts.ts';
import type { FactEntry, FactsDelta, FactsVersion } from './signed-facts.ts';
import type { PeerId } from '../transport.ts';

export interface FactsOutcome {
  /** Peers of whom something new is known, with the keys that changed. */
  readonly changed: readonly { readonly peer: PeerId; readonly keys: readonly string[] }[];
  /** Whose facts somebody made up: nobody who checks what it passes on can have passed these. The rest was not looked at. */
  readonly forged: PeerId | undefined;
  /** Whose facts do not follow from those here: a lie as well, or the peer itself told two stories. The rest was not looked at. */
  readonly mismatched: PeerId | undefined;
  /** Keys whose values are not what they should be; readers do not see them. */
  readonly unreadable: readonly { readonly peer: PeerId; readonly key: string }[];
}

export interface Facts {
  /** Replaces keys of this peer's own facts; undefined removes. The keys that did change. Errors: too-large; nothing is changed then. */
  readonly set: (facts: NodeFacts, nowMs: number) => Result<readonly string[]>;
  readonly get: (peer: PeerId) => NodeFacts;
  /** When the newest of them were learned, as `nowMs` was then. */
  readonly learnedMs: (peer: PeerId) => number | undefined;
  readonly version: (peer: PeerId) => FactsVersion | undefined;
  /** Equal on two peers exactly when (but for a chance of 2^-53) they hold the same. */
  readonly hash: () => number;
  readonly bucketHashes: () => readonly number[];
  /** Numbers of the buckets that differ from another's hashes. */
  readonly differing: (bucketHashes: readonly number[]) => readonly number[];
  /** What is held of the peers in these buckets. */
  readonly digest: (buckets: readonly number[]) => readonly FactsVersion[];
  /** What to ask with, for each of these versions that is newer than what is here. */
  readonly behind: (theirs: readonly FactsVersion[]) => readonly FactsVersion[];
  /** What the owner of this digest of these buckets lacks, what it has nothing of included. */
  readonly deltaFor: (
    digest: readonly FactsVersion[],
    buckets: readonly number[],
    limitBytes?: number,
  ) => DeltaBatch;
  /** What the owner of these versions lacks of those peers. */
  readonly deltaOf: (have: readonly FactsVersion[], limitBytes?: number) => DeltaBatch;
  readonly apply: (deltas: readonly FactsDelta[], nowMs: number) => FactsOutcome;
  readonly forget: (peer: PeerId) => void;
}

export interface FactsOptions {
  readonly self: PeerId;
  readonly incarnation: number;
  readonly signer: PeerSigner;
  /** Whose facts are wanted: those of members that are not long dead. */
  readonly accepts: (peer: PeerId) => boolean;
}

type Verdict =
  | { readonly type: 'changed'; readonly keys: readonly string[] }
  | { readonly type: 'forged' | 'mismatched' }
  | { readonly type: 'nothing' };

const NOTHING: Verdict = { type: 'nothing' };

export function createFacts({ self, incarnation, signer, accepts }: FactsOptions): Facts {
  const origins = new Map<PeerId, Origin>();
  const hash = createBucketHashes();
  /** Peers whose next delta must be whole: one did not fit what is here. */
  const wanted = new Set<PeerId>();

  const put = (peer: PeerId, origin: Origin): void => {
    origins.set(peer, origin);
    wanted.delete(peer);
    if (origin.version > 0) hash.set(peer, `${origin.incarnation} ${origin.version}`);
  };

  const nobody = { peer: self, incarnation, version: 0 };
  let own = originOf(nobody, [], 0, () => signer.sign(signedBytes(nobody, [])), undefined);
  put(self, own);

  /** The signature is made of what is said now, at the first time it is asked for. */
  const putOwn = (entries: readonly FactEntry[], life: number, nowMs: number): void => {
    const last = entries.at(-1)?.version ?? 0;
    const version: FactsVersion = { peer: self, incarnation: life, version: last };
    let signature: Uint8Array | undefined;
    const sign = (): Uint8Array => {
      signature ??= signer.sign(signedBytes(version, entries));
      return signature;
    };
    own = originOf(version, entries, nowMs, sign, own);
    put(self, own);
  };
  const versionOf = (peer: PeerId): FactsVersion | undefined => {
    const origin = origins.get(peer);
    if (origin === undefined) return undefined;
    const version = wanted.has(peer) ? 0 : origin.version;
    return { peer, incarnation: origin.incarnation, version };
  };

  /** Somebody remembers this peer from another life: everything is said again, above that. */
  const applyToSelf = (delta: FactsDelta, nowMs: number): Verdict => {
    if (delta.incarnation < own.incarnation) return NOTHING;
    if (delta.incarnation === own.incarnation && delta.version <= own.version) return NOTHING;
    if (delta.from > 0) {
      wanted.add(self);
      return { type: 'mismatched' };
    }
    if (!signer.verify(self, signedBytes(delta, delta.entries), delta.signature)) {
      return { type: 'forged' };
    }
    const again = [...own.entries.values()].map((entry, i) => ({ ...entry, version: i + 1 }));
    putOwn(again, delta.incarnation + 1, nowMs);
    return { type: 'changed', keys: [] };
  };

  const applyOne = (delta: FactsDelta, nowMs: number): Verdict => {
    const { peer } = delta;
    if (peer === self) return applyToSelf(delta, nowMs);
    if (!accepts(peer)) return NOTHING;
    const known = origins.get(peer);
    const isSame = known?.incarnation === delta.incarnation;
    if (known !== undefined && delta.incarnation < known.incarnation) return NOTHING;
    if (isSame && delta.version <= known.version) {
      // What is here is at least as new, so nothing is missing after all.
      wanted.delete(peer);
      return NOTHING;
    }
    const base = isSame && delta.from > 0 ? known : undefined;
    // With a gap before it, "all up to version v" would no longer be true.
    if (delta.from > (base?.version ?? 0)) return NOTHING;
    const entries = merged(base, delta.entries);
    const isSigned =
      isWithinLimits(entries) && signer.verify(peer, signedBytes(delta, entries), delta.signature);
    if (!isSigned) {
      if (base === undefined) return { type: 'forged' };
      // Either the sender lies, or the origin told its story twice: the whole of it will tell.
      wanted.add(peer);
      return { type: 'mismatched' };
    }
    const { signature } = delta;
    put(
      peer,
      originOf(delta, entries, nowMs, () => signature, known),
    );
    return { type: 'changed', keys: changedKeys(known, origins.get(peer)!) };
  };

  const named = (buckets: readonly number[]): readonly PeerId[] =>
    hash.items(buckets).map(({ peer }) => peer);

  return {
    set: (facts, nowMs) => {
      const texts = Object.entries(facts).map(([key, v]) => [key, JSON.stringify(v)] as const);
      const changed = texts.filter(([key, text]) => text !== own.entries.get(key)?.text);
      if (changed.length === 0) return ok([]);
      const fresh = changed.map(([key, text], i) => ({ key, text, version: own.version + 1 + i }));
      const entries = merged(own, fresh);
      if (!isWithinLimits(entries)) return failed(tooLarge(entries));
      putOwn(entries, own.incarnation, nowMs);
      return ok(changed.map(([key]) => key));
    },
    get: (peer) => origins.get(peer)?.values ?? {},
    learnedMs: (peer) => origins.get(peer)?.learnedMs,
    version: versionOf,
    hash: hash.root,
    bucketHashes: hash.buckets,
    differing: hash.differing,
    digest: (buckets) => named(buckets).map((peer) => versionOf(peer)!),
    behind: (theirs) =>
      theirs
        .filter(({ peer, ...v }) => {
          if (peer !== self && !accepts(peer)) return false;
          const here = versionOf(peer);
          if (here === undefined || v.incarnation > here.incarnation) return true;
          return v.incarnation === here.incarnation && v.version > here.version;
        })
        .map(({ peer }) => versionOf(peer) ?? { peer, incarnation: 0, version: 0 }),
    deltaFor: (digest, buckets, limitBytes) => {
      const held = new Map(digest.map((v) => [v.peer, v]));
      const lacking = named(buckets).map((peer) =>
        missing(peer, origins.get(peer)!, held.get(peer)),
      );
      return deltasFor(lacking, limitBytes);
    },
    deltaOf: (have, limitBytes) => {
      const lacking = have.map((v) => {
        const origin = origins.get(v.peer);
        return origin === undefined ? undefined : missing(v.peer, origin, v);
      });
      return deltasFor(lacking, limitBytes);
    },
    apply: (deltas, nowMs) => {
      const changed: { peer: PeerId; keys: readonly string[] }[] = [];
      let [forged, mismatched]: (PeerId | undefined)[] = [];
      for (const delta of deltas) {
        const { peer } = delta;
        const verdict = applyOne(delta, nowMs);
        if (verdict.type === 'forged') forged = peer;
        if (verdict.type === 'mismatched') mismatched = peer;
        // Each further one might cost a check of its signature to find out the same.
        if ((forged ?? mismatched) !== undefined) break;
        if (verdict.type === 'changed') changed.push({ peer, keys: verdict.keys });
      }
      const unreadable = changed.flatMap(({ peer, keys }) => {
        const { entries, values } = origins.get(peer)!;
        return keys
          .filter((key) => entries.get(key)?.text !== undefined && !Object.hasOwn(values, key))
          .map((key) => ({ peer, key }));
      });
      return { changed, forged, mismatched, unreadable };
    },
    forget: (peer) => {
      if (peer === self || !origins.delete(peer)) return;
      wanted.delete(peer);
      hash.set(peer, undefined);
    },
  };
}
