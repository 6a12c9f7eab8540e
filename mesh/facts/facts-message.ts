// What peers say to each other of facts, and how it travels: lists instead of names, checked at the door.

import { z } from 'zod';
import { BUCKET_COUNT } from '../bucket-hash.ts';
import { KEY_LIMIT, KEYS_LIMIT, ORIGIN_LIMIT_BYTES } from './signed-facts.ts';
import type { FactsDelta, FactsVersion } from './signed-facts.ts';

/** Peers that one message names at most: more than ever fit 64 KiB. */
const PEERS_LIMIT = 1024;

/** Longest text of a peer id. */
const PEER_LIMIT = 128;

export type FactsMessage =
  /** Opens an exchange: equal hashes end it at once, and what is newer of the news is pulled. */
  | {
      readonly type: 'facts-hash';
      readonly hash: number;
      readonly news: readonly FactsVersion[];
    }
  /** The hashes differ and no news says why. */
  | { readonly type: 'facts-buckets'; readonly hashes: readonly number[] }
  /** All that is held in the buckets that differ. */
  | {
      readonly type: 'facts-digest';
      readonly buckets: readonly number[];
      readonly digest: readonly FactsVersion[];
    }
  /** "I hold these: give me what is newer." */
  | { readonly type: 'facts-pull'; readonly have: readonly FactsVersion[] }
  | {
      readonly type: 'facts-delta';
      readonly deltas: readonly FactsDelta[];
      /** It just changed and is worth telling further; else it was only missed here. */
      readonly isNews: boolean;
    };

/** Published when something urgent changed: with it, unless it is large. */
export interface FactsHint {
  readonly type: 'facts';
  readonly newest: FactsVersion;
  readonly delta?: FactsDelta | undefined;
}

const count = z.number().int().nonnegative();
const peer = z.string().max(PEER_LIMIT);

const version = z
  .tuple([peer, count, count])
  .transform(([peer, incarnation, version]) => ({ peer, incarnation, version }));
const versions = z.array(version).max(PEERS_LIMIT);

const entry = z
  .tuple([z.string().max(KEY_LIMIT), count, z.string().max(ORIGIN_LIMIT_BYTES).nullable()])
  .transform(([key, version, text]) => ({ key, version, text: text ?? undefined }));
const entries = z
  .array(entry)
  .max(KEYS_LIMIT)
  .refine(
    (all) => all.every((e, i) => i === 0 || all[i - 1]!.version < e.version),
    'versions grow',
  );

const delta = z
  .tuple([peer, count, count, count, entries, z.instanceof(Uint8Array)])
  .transform(([peer, incarnation, from, version, entries, signature]) => {
    // A copy: the frame that it is a part of is not kept for it.
    return { peer, incarnation, from, version, entries, signature: Uint8Array.from(signature) };
  });

/** As `FactsMessage` once they are read. */
export const factsMessages = [
  z.object({ type: z.literal('facts-hash'), hash: count, news: versions }),
  z.object({ type: z.literal('facts-buckets'), hashes: z.array(count).max(BUCKET_COUNT) }),
  z.object({
    type: z.literal('facts-digest'),
    buckets: z.array(count).max(BUCKET_COUNT),
    digest: versions,
  }),
  z.object({ type: z.literal('facts-pull'), have: versions }),
  z.object({
    type: z.literal('facts-delta'),
    deltas: z.array(delta).max(PEERS_LIMIT),
    isNews: z.boolean(),
  }),
] as const;

/** As `FactsHint` once it is read. */
export const factsHint = z.object({
  type: z.literal('facts'),
  newest: version,
  delta: delta.optional(),
});

const packedVersion = ({ peer, incarnation, version }: FactsVersion): unknown => [
  peer,
  incarnation,
  version,
];

const packedDelta = (delta: FactsDelta): unknown => [
  delta.peer,
  delta.incarnation,
  delta.from,
  delta.version,
  delta.entries.map(({ key, version, text }) => [key, version, text ?? null]),
  delta.signature,
];

/** In the shape that the schemas read. */
export function packedFacts(message: FactsMessage | FactsHint): unknown {
  switch (message.type) {
    case 'facts-hash':
      return { ...message, news: message.news.map(packedVersion) };
    case 'facts-digest':
      return { ...message, digest: message.digest.map(packedVersion) };
    case 'facts-pull':
      return { ...message, have: message.have.map(packedVersion) };
    case 'facts-delta':
      return { ...message, deltas: message.deltas.map(packedDelta) };
    case 'facts': {
      const newest = packedVersion(message.newest);
      return { ...message, newest, ...(message.delta && { delta: packedDelta(message.delta) }) };
    }
    case 'facts-buckets':
      return message;
  }
}
