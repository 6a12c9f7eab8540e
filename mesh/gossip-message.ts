// What the meshes of two peers say to each other: one kind byte, then msgpackr, checked at the door.

import { Packr } from 'msgpackr';
import { z } from 'zod';
import { failed, ok, SkeinError } from '../runtime/index.ts';
import type { Result } from '../runtime/index.ts';
import { factsHint, factsMessages, packedFacts } from './facts-message.ts';
import type { FactsHint, FactsMessage } from './facts-message.ts';
import type { MemberUpdate } from './membership.ts';
import type { PeerId } from './transport.ts';

/** What peers say to each other, as they tell it of themselves; grows when a format does. */
export const MESH_PROTOCOL = 2;

/** First byte of a frame: mesh gossip in format version 2. */
export const GOSSIP_V2 = 0x04;

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
  | FactsMessage;

/** What is published to all at once, a few times a second in the whole cluster. */
export type Hint = { readonly type: 'news'; readonly update: MemberUpdate } | FactsHint;

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
  ...factsMessages,
]);

const hint = z.discriminatedUnion('type', [
  z.object({ type: z.literal('news'), update }),
  factsHint,
]);

const packr = new Packr({ useRecords: false });

export function encodeGossip(message: GossipMessage | Hint): Uint8Array {
  const body = packr.pack(isOfFacts(message) ? packedFacts(message) : message);
  const frame = new Uint8Array(body.length + 1);
  frame[0] = GOSSIP_V2;
  frame.set(body, 1);
  return frame;
}

const isOfFacts = (message: GossipMessage | Hint): message is FactsMessage | FactsHint =>
  message.type.startsWith('facts');

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
    const parsed = schema.safeParse(packr.unpack(frame.subarray(1)));
    if (parsed.success) return ok(parsed.data);
    return failed(new SkeinError('corrupt', `malformed gossip: ${z.prettifyError(parsed.error)}`));
  } catch (error) {
    return failed(new SkeinError('corrupt', 'gossip that does not decode', {}, error));
  }
}
