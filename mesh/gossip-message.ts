// What the meshes of two peers say to each other: one kind byte, then msgpackr, checked at the door.

import { Packr } from 'msgpackr';
import { z } from 'zod';
import { failed, ok, SkeinError } from '../runtime/index.ts';
import type { Result } from '../runtime/index.ts';
import type { FactsDelta, FactsVersion } from './facts.ts';
import type { MemberUpdate } from './membership.ts';
import type { PeerId } from './transport.ts';

/** First byte of a frame: mesh gossip in format version 1. */
export const GOSSIP_V1 = 0x02;

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
  /** All that is believed of all, on a new link and now and then; the other answers with its own. */
  | {
      readonly type: 'sync';
      readonly claims: readonly MemberUpdate[];
      readonly wantsReply: boolean;
    }
  /** Opens an exchange of facts; equal hashes end it at once. */
  | { readonly type: 'facts-hash'; readonly hash: string }
  | {
      readonly type: 'facts-digest';
      readonly digest: readonly FactsVersion[];
      readonly wantsDigest: boolean;
    }
  | { readonly type: 'facts-delta'; readonly deltas: readonly FactsDelta[] }
  /** After a hint: only what is newer of this one peer. */
  | { readonly type: 'facts-pull'; readonly have: FactsVersion };

/** What is published to all at once, at most a few times a second per peer. */
export type Hint =
  | { readonly type: 'news'; readonly update: MemberUpdate }
  | { readonly type: 'facts'; readonly newest: FactsVersion };

const text = z.string().max(TEXT_LIMIT);
const count = z.number().int().nonnegative();

const update = z.object({
  peer: text,
  status: z.enum(['alive', 'suspect', 'dead', 'left']),
  incarnation: count,
  addresses: z.array(text).max(16),
  by: text.optional(),
});
const news = z.array(update).max(64);
const version = z.object({ peer: text, incarnation: count, version: count });
const delta = z.object({
  peer: text,
  incarnation: count,
  from: count,
  to: count,
  entries: z
    .array(z.object({ key: text, version: count, value: z.json().optional() }))
    .max(1024)
    .refine(
      (entries) => entries.every((e, i) => i === 0 || entries[i - 1]!.version < e.version),
      'versions grow',
    ),
});

const gossipMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ping'), seq: count, news }),
  z.object({ type: z.literal('ack'), seq: count, news }),
  z.object({ type: z.literal('ping-request'), seq: count, target: text }),
  z.object({ type: z.literal('nack'), seq: count }),
  z.object({ type: z.literal('news'), news }),
  z.object({
    type: z.literal('sync'),
    claims: z.array(update).max(16_384),
    wantsReply: z.boolean(),
  }),
  z.object({ type: z.literal('facts-hash'), hash: text }),
  z.object({
    type: z.literal('facts-digest'),
    digest: z.array(version).max(16_384),
    wantsDigest: z.boolean(),
  }),
  z.object({ type: z.literal('facts-delta'), deltas: z.array(delta).max(16_384) }),
  z.object({ type: z.literal('facts-pull'), have: version }),
]);

const hint = z.discriminatedUnion('type', [
  z.object({ type: z.literal('news'), update }),
  z.object({ type: z.literal('facts'), newest: version }),
]);

const packr = new Packr({ useRecords: false });

export function encodeGossip(message: GossipMessage | Hint): Uint8Array {
  const body = packr.pack(message);
  const frame = new Uint8Array(body.length + 1);
  frame[0] = GOSSIP_V1;
  frame.set(body, 1);
  return frame;
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
  if (frame[0] !== GOSSIP_V1) {
    return failed(new SkeinError('unsupported', `gossip format ${frame[0]} is not known here`));
  }
  try {
    const parsed = schema.safeParse(packr.unpack(frame.subarray(1)));
    if (parsed.success) return ok(parsed.data);
    return failed(new SkeinError('corrupt', `malformed gossip: ${z.prettifyError(parsed.error)}`));
  } catch (error) {
    return failed(new SkeinError('corrupt', 'gossip that does not decode', {}, error));
  }
}
