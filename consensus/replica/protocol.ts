// What replicas of one zone say to each other, and what a replica hears from its own peer.

import type { ActorRef, ErrorCode, Result } from '../../runtime/index.ts';
import type { Append, InstallSnapshot, Message } from '../raft/messages.ts';
import type { ReplicaId, SnapshotMeta } from '../raft/types.ts';
import type { CommandAnswer } from '../store/state-machine.ts';
import type { Lease, Revision } from '../store/store.ts';
import type { ReplicaTraits } from './replica-records.ts';

/** Path of the replica actor at every peer. */
export const replicaPath = 'zone-log';
/** Path of the actor at every peer that takes chunks of snapshots: the mesh carries them on a lane of their own. */
export const snapshotsPath = 'zone-log-snapshots';

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

/** Raft's messages as they travel: an append has its entries as bytes, see entry-packing.ts. */
export type WireMessage =
  | Exclude<Message, Append>
  | (Omit<Append, 'entries'> & { readonly entries: Uint8Array });

/** What comes from other replicas; checked at the door. */
export type RemoteMessage =
  | { readonly type: 'raft'; readonly from: Sender; readonly messages: readonly WireMessage[] }
  | { readonly type: 'hand-over'; readonly from: Sender; readonly writes: readonly HandedWrite[] }
  /** These writes were certainly not proposed. */
  | {
      readonly type: 'not-taken';
      readonly from: Sender;
      readonly sequences: readonly number[];
    }
  /** These writes were not proposed and will not be, for this reason. */
  | {
      readonly type: 'refused';
      readonly from: Sender;
      readonly sequences: readonly number[];
      readonly code: ErrorCode;
      readonly message: string;
      readonly reason: string;
    }
  /** Whether the sender's disk has room for the log. */
  | { readonly type: 'room'; readonly from: Sender; readonly hasRoom: boolean }
  /** A new replica asks to follow; sent again until it hears from the leader. */
  | ({ readonly type: 'join'; readonly from: Sender } & ReplicaTraits)
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
  /** Everything before `chunk` is here; late: and nothing has come for a while. */
  | {
      readonly type: 'snapshot-wanted';
      readonly from: Sender;
      readonly index: number;
      readonly chunk: number;
      readonly isLate: boolean;
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

/** One piece of a snapshot. */
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
      readonly sequence: number;
      readonly command: Uint8Array;
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
