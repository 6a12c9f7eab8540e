// What the meshes of two peers say to each other: one kind byte, then msgpackr, checked at the door.

import { z } from 'zod';
import { failed, ok, pack, SkeinError, unpack } from '../runtime/index.ts';
import type { Result } from '../runtime/index.ts';
import { BUCKET_COUNT } from './bucket-hash.ts';
import type { ItemHash } from './bucket-hash.ts';
import { factsHint, factsMessages, packedFacts } from './facts/facts-message.ts';
import type { FactsHint, FactsMessage } from './facts/facts-message.ts';
import type { MemberUpdate } from './membership/member-claim.ts';
import type { PeerId } from './transport.ts';

/** What peers say to each other, as they tell it of themselves; grows when a format does. */
export const MESH_PROTOCOL = 2;

/** First byte of a frame: mesh gossip in format version 2. */
export const GOSSIP_V2 = 0x04;

/** Claims in one message at most; what is more goes in several. */
export const CLAIMS_PER_MESSAGE = 64;

/** Items named in one message at most: as many as there may be members. */
export const ITEMS_PER_MESSAGE = 16_384;

/** Longest text of a peer id, address or key of a fact. */
const TEXT_LIMIT = 256;

export type GossipMessage =
  /** "Are you there?" Every probe carries news of members. */
  | { readonly type: 'ping'; readonly seq: number; readonly news: readonly MemberUpdate[] }
  | { readonly type: 'ack'; readonly seq: number; readonly news: readonly MemberUpdate[] }
  /** "Try to reach the target for me." */
  | { readonly type: 'ping-request'; readonly seq: number; readonly target: PeerId }
  | { readonly type: 'nack'; readonly seq: number }
  | { readonly type: 'news'; readonly news: readonly MemberUpdate[] }
  /** Opens a comparison of members; equal hashes end it at once. */
  | { readonly type: 'members-hash'; readonly hash: number }
  | { readonly type: 'members-buckets'; readonly hashes: readonly number[] }
  /** All that one side holds in the buckets that differ. */
  | {
      readonly type: 'members-items';
      readonly buckets: readonly number[];
      readonly items: readonly ItemHash[];
    }
  /** What the other side lacks, and of whom the own side lacks something. */
  | {
      readonly type: 'members-claims';
      readonly claims: readonly MemberUpdate[];
      readonly wanted: readonly PeerId[];
    }
  | FactsMessage;

/** What is published to all at once, a few times a second in the whole cluster. */
export type Hint = { readonly type: 'news'; readonly update: MemberUpdate } | FactsHint;

/** Whose share of hints it is: what a peer says of itself and what others say of it are counted apart. */
export const originOf = (hint: Hint): string =>
  hint.type === 'news' ? `news ${hint.update.peer}` : `facts ${hint.newest.peer}`;

const text = z.string().max(TEXT_LIMIT);
const count = z.number().int().nonnegative();

const STATUSES = ['alive', 'suspect', 'dead', 'left'] as const;

/** Claims are many, so they travel without the names of their fields. */
const update = z
  .tuple([
    text,
    z.number().int().min(0).max(3),
    count,
    z.array(text).max(16),
    z.instanceof(Uint8Array).refine((bytes) => bytes.length <= 64, 'a signature has 64 bytes'),
    text.nullable(),
  ])
  .transform(([peer, status, incarnation, addresses, signature, by]): MemberUpdate => ({
    peer,
    status: STATUSES[status]!,
    incarnation,
    addresses,
    signature,
    ...(by === null ? {} : { by }),
  }));
const news = z.array(update).max(CLAIMS_PER_MESSAGE);
const item = z.tuple([text, count]).transform(([peer, hash]): ItemHash => ({ peer, hash }));

const gossipMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ping'), seq: count, news }),
  z.object({ type: z.literal('ack'), seq: count, news }),
  z.object({ type: z.literal('ping-request'), seq: count, target: text }),
  z.object({ type: z.literal('nack'), seq: count }),
  z.object({ type: z.literal('news'), news }),
  z.object({ type: z.literal('members-hash'), hash: count }),
  z.object({ type: z.literal('members-buckets'), hashes: z.array(count).max(BUCKET_COUNT) }),
  z.object({
    type: z.literal('members-items'),
    buckets: z.array(count.max(BUCKET_COUNT - 1)).max(BUCKET_COUNT),
    items: z.array(item).max(ITEMS_PER_MESSAGE),
  }),
  z.object({
    type: z.literal('members-claims'),
    claims: news,
    wanted: z.array(text).max(ITEMS_PER_MESSAGE),
  }),
  ...factsMessages,
]);

const hint = z.discriminatedUnion('type', [
  z.object({ type: z.literal('news'), update }),
  factsHint,
]);

export function encodeGossip(message: GossipMessage | Hint): Uint8Array {
  const body = pack(isOfFacts(message) ? packedFacts(message) : toWire(message));
  const frame = new Uint8Array(body.length + 1);
  frame[0] = GOSSIP_V2;
  frame.set(body, 1);
  return frame;
}

const isOfFacts = (message: GossipMessage | Hint): message is FactsMessage | FactsHint =>
  message.type.startsWith('facts');

function toWire(message: Exclude<GossipMessage | Hint, FactsMessage | FactsHint>): unknown {
  switch (message.type) {
    case 'ping':
    case 'ack':
      return { ...message, news: message.news.map(claimToWire) };
    case 'news':
      return 'update' in message
        ? { ...message, update: claimToWire(message.update) }
        : { ...message, news: message.news.map(claimToWire) };
    case 'members-items':
      return { ...message, items: message.items.map(({ peer, hash }) => [peer, hash]) };
    case 'members-claims':
      return { ...message, claims: message.claims.map(claimToWire) };
    default:
      return message;
  }
}

function claimToWire(claim: MemberUpdate): unknown {
  const { peer, status, incarnation, addresses, signature, by } = claim;
  return [peer, STATUSES.indexOf(status), incarnation, addresses, signature, by ?? null];
}

/** Errors: unsupported (another version), corrupt. */
export function decodeGossip(frame: Uint8Array): Result<GossipMessage> {
  return decode(frame, gossipMessage);
}

/** Errors: unsupported (another version), corrupt. */
export function decodeHint(frame: Uint8Array): Result<Hint> {
  return decode(frame, hint);
}

function decode<T>(frame: Uint8Array, schema: z.ZodType<T>): Result<T> {
  if (frame[0] !== GOSSIP_V2) {
    return failed(new SkeinError('unsupported', `gossip format ${frame[0]} is not known here`));
  }
  try {
    const parsed = schema.safeParse(unpack(frame.subarray(1)));
    if (parsed.success) return ok(parsed.data);
    return failed(new SkeinError('corrupt', `malformed gossip: ${z.prettifyError(parsed.error)}`));
  } catch (error) {
    return failed(new SkeinError('corrupt', 'gossip that does not decode', {}, error));
  }
}
