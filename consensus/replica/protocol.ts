// What replicas of one zone say to each other, and what a replica hears from its own peer.

import type { ActorRef, Result } from '../../runtime/index.ts';
import type { InstallSnapshot, Message } from '../raft/messages.ts';
import type { ReplicaId, SnapshotMeta } from '../raft/types.ts';
import type { CommandAnswer } from '../store/state-machine.ts';
import type { Lease, Revision } from '../store/store.ts';

/** Path of the replica actor at every peer. */
export const replicaPath = 'zone-log';

/** Bytes of commands and entries in one message, if there are more than one: well below what the mesh carries. */
const messageBytesMax = 4 * 1024 * 1024;

/** Cuts what goes to one replica into messages that the mesh carries, in order. */
export function cutBySize<T>(items: readonly T[], bytesOf: (item: T) => number): T[][] {
  const parts: T[][] = [];
  let room = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (parts.length === 0 || bytes > room) {
      parts.push([]);
      room = messageBytesMax;
    }
    parts.at(-1)!.push(item);
    room -= bytes;
  }
  return parts;
}

/** Ids of replicas are random, positive and not above this. */
export const replicaIdLimit = 2 ** 47;

/** Who sends: a replica and the peer it lives on. */
export interface Sender {
  readonly replica: ReplicaId;
  readonly peer: string;
  /** Of the zone, as far as it knows; see `epoch.ts`. */
  readonly epoch: number;
  /** Of the replica: each start has a greater one; see `life-file.ts`. */
  readonly life: number;
}

/** A command on its way to the leader, numbered by the session of the peer that wants it. */
export interface HandedWrite {
  readonly sequence: number;
  readonly command: Uint8Array;
}

/** What comes from other replicas; checked at the door. */
export type RemoteMessage =
  | { readonly type: 'raft'; readonly from: Sender; readonly messages: readonly Message[] }
  | { readonly type: 'hand-over'; readonly from: Sender; readonly writes: readonly HandedWrite[] }
  /** These writes were certainly not proposed. */
  | {
      readonly type: 'not-taken';
      readonly from: Sender;
      readonly sequences: readonly number[];
    }
  /** A new replica asks to follow; sent again until it hears from the leader. */
  | { readonly type: 'join'; readonly from: Sender; readonly domain: string }
  /** This replica leaves for good; sent again until it is out. */
  | { readonly type: 'leave'; readonly from: Sender }
  /** The leader of `term` has let this replica go: nothing else will tell it, it is in no list any more. */
  | { readonly type: 'left'; readonly from: Sender; readonly term: number }
  /** A member that hears of no leader asks around whether the zone goes on without it. */
  | { readonly type: 'seek'; readonly from: Sender }
  | Fenced
  | {
      readonly type: 'renew';
      readonly from: Sender;
      readonly lease: number;
      readonly replyTo: ActorRef<RenewReply>;
    }
  | SnapshotChunk
  | {
      readonly type: 'snapshot-wanted';
      readonly from: Sender;
      readonly index: number;
      readonly chunk: number;
    };

/** To one life of a replica: its part in the zone has ended. */
export interface Fenced {
  readonly type: 'fenced';
  readonly from: Sender;
  readonly replica: ReplicaId;
  readonly life: number;
  /** `removed` is a leader's word, and counts from the term on that it led. */
  readonly why: 'epoch' | 'rolled-back' | 'removed';
  readonly term: number;
}

/** One piece of a snapshot; the receiver asks for the next. */
export interface SnapshotChunk {
  readonly type: 'snapshot-chunk';
  readonly from: Sender;
  readonly meta: SnapshotMeta;
  readonly chunk: number;
  readonly data: Uint8Array;
  readonly isLast: boolean;
  /** The Raft message that announces the snapshot; stepped once all chunks are here. */
  readonly announcement: InstallSnapshot;
}

export type RenewReply =
  | { readonly type: 'renewed'; readonly ttlMs: number }
  | { readonly type: 'ended' }
  | { readonly type: 'not-leader' };

/** What this peer's own facade asks. */
export type LocalRequest =
  | {
      readonly type: 'write';
      readonly write: HandedWrite;
      readonly deadlineAtMs: number;
      readonly settle: (result: Result<CommandAnswer>) => void;
    }
  | {
      readonly type: 'barrier';
      readonly deadlineAtMs: number;
      readonly settle: (result: Result<Revision>) => void;
    }
  | {
      readonly type: 'keep-lease';
      readonly lease: number;
      readonly deadlineAtMs: number;
      readonly settle: (result: Result<Lease>) => void;
    }
  | { readonly type: 'hand-leadership-over' }
  | { readonly type: 'leave-zone'; readonly settle: (result: Result<void>) => void };

const remoteTypes = new Set<RemoteMessage['type']>([
  'raft',
  'hand-over',
  'not-taken',
  'join',
  'leave',
  'left',
  'seek',
  'fenced',
  'renew',
  'snapshot-chunk',
  'snapshot-wanted',
]);

/** At the door: says why `value` is no RemoteMessage. Raft messages are checked again by the core. */
export function remoteMessageSchema(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'not a message';
  const message = value as { type?: unknown; from?: Partial<Sender> };
  if (!remoteTypes.has(message.type as RemoteMessage['type'])) {
    return `unknown type ${String(message.type)}`;
  }
  if (!isSender(message.from)) return 'no sender';
  return payloadFault(value as Record<string, unknown>);
}

function payloadFault(value: Record<string, unknown>): string | undefined {
  switch (value['type'] as RemoteMessage['type']) {
    case 'raft':
      return Array.isArray(value['messages']) ? undefined : 'no messages';
    case 'hand-over':
      return Array.isArray(value['writes']) && value['writes'].every(isHandedWrite)
        ? undefined
        : 'no writes';
    case 'not-taken':
      return Array.isArray(value['sequences']) ? undefined : 'no sequences';
    case 'join':
      return typeof value['domain'] === 'string' ? undefined : 'no domain';
    case 'leave':
    case 'seek':
      return undefined;
    case 'fenced':
      return ['replica', 'life', 'term'].every((field) => Number.isSafeInteger(value[field]))
        ? undefined
        : 'nobody is fenced';
    case 'left':
      return Number.isSafeInteger(value['term']) ? undefined : 'no term';
    case 'renew':
      return Number.isSafeInteger(value['lease']) && isRef(value['replyTo'])
        ? undefined
        : 'no lease';
    case 'snapshot-chunk':
      return isSnapshotChunk(value) ? undefined : 'no chunk';
    case 'snapshot-wanted':
      return Number.isSafeInteger(value['chunk']) && Number.isSafeInteger(value['index'])
        ? undefined
        : 'no chunk';
  }
}

const isSender = (from: Partial<Sender> | null | undefined): boolean =>
  Number.isSafeInteger(from?.replica) &&
  typeof from?.peer === 'string' &&
  Number.isSafeInteger(from.epoch) &&
  Number.isSafeInteger(from.life);

const isHandedWrite = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  Number.isSafeInteger((value as Partial<HandedWrite>).sequence) &&
  (value as Partial<HandedWrite>).command instanceof Uint8Array &&
  // No bytes at all are a new leader's own entry: Raft takes them from nobody.
  (value as HandedWrite).command.length > 0;

const isRef = (value: unknown): boolean =>
  typeof (value as Partial<ActorRef<never>> | null)?.tell === 'function';

function isSnapshotChunk(value: Record<string, unknown>): boolean {
  const { chunk, data, meta, announcement } = value as Partial<SnapshotChunk>;
  return (
    Number.isSafeInteger(chunk) &&
    data instanceof Uint8Array &&
    Number.isSafeInteger(meta?.index) &&
    announcement?.type === 'install-snapshot' &&
    announcement.meta?.index === meta?.index
  );
}
