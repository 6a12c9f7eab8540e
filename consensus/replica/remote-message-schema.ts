// At the door of a replica: whether a value that another peer sent is a RemoteMessage, and who it says it is from.
//
// The mesh bounds a message's bytes; this bounds its parts, so that nobody has to doubt a list's length or a text's type
// later. Raft's own messages are looked at again by the core, which knows what their numbers may be.

import type { ActorRef, ErrorCode } from '../../runtime/index.ts';
import type {
  HandedWrite,
  RemoteMessage,
  RenewReply,
  Sender,
  SnapshotChunk,
  WireMessage,
} from './protocol.ts';

/** Raft messages, writes or sequences in one message: well over what one turn of a replica has for another. */
const listLimit = 65_536;
/** Characters of a peer's id, a failure domain or a reason. */
const nameLimit = 512;
/** Characters of why a write was refused. */
export const refusalTextLimit = 4_096;

/** With what a leader can refuse a write that was handed to it. */
const refusalCodes: ReadonlySet<ErrorCode> = new Set(['overloaded', 'unsupported', 'invalid']);

/** Why the part of a replica has ended. */
const fencedWhys: ReadonlySet<unknown> = new Set(['epoch', 'rolled-back', 'removed']);

type Fields = Record<string, unknown>;

const payloads: Readonly<Record<RemoteMessage['type'], (value: Fields) => string | undefined>> = {
  raft: (value) =>
    isList(value['messages'], (each) => isOfReplica(each, value['from'] as Sender))
      ? undefined
      : 'no messages of its sender',
  'hand-over': ({ writes }) => (isList(writes, isHandedWrite) ? undefined : 'no writes'),
  'not-taken': ({ sequences }) => (isList(sequences, isCount) ? undefined : 'no sequences'),
  refused: (value) => (isRefusal(value) ? undefined : 'no refusal'),
  room: ({ hasRoom }) => (typeof hasRoom === 'boolean' ? undefined : 'no word of room'),
  join: ({ domain, isWitness }) => {
    if (!isText(domain, nameLimit)) return 'no domain';
    return isWitness === undefined || isWitness === true ? undefined : 'no witness';
  },
  leave: () => undefined,
  seek: () => undefined,
  left: ({ term }) => (isCount(term) ? undefined : 'no term'),
  fenced: ({ replica, life, term, why }) =>
    isCount(replica) && isCount(life) && isCount(term) && fencedWhys.has(why)
      ? undefined
      : 'nobody is fenced',
  renew: ({ lease, replyTo }) => (isCount(lease) && isRef(replyTo) ? undefined : 'no lease'),
  'snapshot-chunk': (value) => (isSnapshotChunk(value) ? undefined : 'no chunk'),
  'snapshot-wanted': ({ chunk, index, isLate }) =>
    isCount(chunk) && isCount(index) && typeof isLate === 'boolean' ? undefined : 'no chunk',
};

/** Says why `value` is no RemoteMessage. */
export function remoteMessageSchema(value: unknown): string | undefined {
  if (!isObject(value)) return 'not a message';
  const { type, from } = value;
  if (typeof type !== 'string' || !Object.hasOwn(payloads, type)) return 'unknown type';
  if (!isSender(from)) return 'no sender';
  return payloads[type as RemoteMessage['type']](value);
}

/** At the door of the actor for snapshots. */
export function snapshotChunkSchema(value: unknown): string | undefined {
  const fault = remoteMessageSchema(value);
  if (fault !== undefined) return fault;
  return (value as RemoteMessage).type === 'snapshot-chunk' ? undefined : 'no chunk';
}

/** Whether the answer to a `renew` is one. */
export function isRenewReply(value: unknown): value is RenewReply {
  if (!isObject(value)) return false;
  const { type, ttlMs } = value;
  return type === 'ended' || type === 'not-leader' || (type === 'renewed' && isCount(ttlMs));
}

/** The peer that a message which has passed its schema says it is from. */
export const claimedPeer = (message: object): string => (message as RemoteMessage).from.peer;

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

const isText = (value: unknown, limit: number): boolean =>
  typeof value === 'string' && value.length <= limit;

const isList = (value: unknown, isItem: (item: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length <= listLimit && value.every(isItem);

const isSender = (from: unknown): boolean =>
  isObject(from) &&
  isCount(from['replica']) &&
  isText(from['peer'], nameLimit) &&
  isCount(from['epoch']) &&
  isCount(from['life']);

/** A Raft message names its replica itself: it must be the one that sends. */
const isOfReplica = (message: unknown, sender: Sender): boolean =>
  isObject(message) && (message as Partial<WireMessage>).from === sender.replica;

const isHandedWrite = (value: unknown): boolean =>
  isObject(value) &&
  isCount(value['sequence']) &&
  value['command'] instanceof Uint8Array &&
  // No bytes at all are a new leader's own entry: Raft takes them from nobody.
  (value as unknown as HandedWrite).command.length > 0;

const isRefusal = ({ sequences, code, message, reason }: Fields): boolean =>
  isList(sequences, isCount) &&
  refusalCodes.has(code as ErrorCode) &&
  isText(message, refusalTextLimit) &&
  isText(reason, nameLimit);

const isRef = (value: unknown): boolean =>
  isObject(value) && typeof (value as Partial<ActorRef<never>>).tell === 'function';

function isSnapshotChunk(value: Fields): boolean {
  const { from, chunk, data, meta, isLast, announcement } = value as unknown as SnapshotChunk;
  return (
    isCount(chunk) &&
    data instanceof Uint8Array &&
    typeof isLast === 'boolean' &&
    isObject(meta) &&
    isCount(meta.index) &&
    isOfReplica(announcement, from) &&
    announcement.type === 'install-snapshot' &&
    isObject(announcement.meta) &&
    announcement.meta.index === meta.index
  );
}
