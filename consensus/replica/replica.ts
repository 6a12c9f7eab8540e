// One replica of the zone's log: everything its actor holds between two messages.

import type { ActorRef, Context, Result } from '../../runtime/index.ts';
import type { Raft } from '../raft/raft.ts';
import type { Entry, HardState, ReplicaId, SnapshotMeta } from '../raft/types.ts';
import type { LogStorage } from '../log/log-storage.ts';
import type { SetAside } from '../log/set-aside.ts';
import type { Retention } from '../store/compaction.ts';
import type { Lessor } from '../store/lessor.ts';
import type { CommandAnswer, StateMachine } from '../store/state-machine.ts';
import type { Freshness } from './freshness.ts';
import type { PendingWrites } from './pending-writes.ts';
import type { LocalRequest, RemoteMessage, RenewReply, Sender, SnapshotChunk } from './protocol.ts';
import type { QuorumRounds } from './reads.ts';
import type { LogWrites } from './log-writes.ts';
import type { ReplicaTraits } from './replica-records.ts';
import type { Room } from './room.ts';
import type { Coverage } from './snapshots.ts';
import type { SnapshotReceiver } from './snapshot-receiver.ts';
import type { SnapshotSender } from './snapshot-sender.ts';
import type { StatusBoard } from './status-board.ts';
import type { VoterWatch } from './voter-watch.ts';

/** What the mesh knows of the peers that replicas live on. */
export interface PeerHealth {
  readonly isAlive: (peer: string) => boolean;
  /** 0 while alive. */
  readonly deadForMs: (peer: string) => number;
}

export interface ReplicaOptions {
  /** Its epoch is that of the state it holds, or of the first who fed it. */
  self: Sender;
  /** The failure domain of this peer, and whether it is a witness. */
  readonly traits: ReplicaTraits;
  /** What people call a peer. */
  readonly nameOf: (peer: string) => string;
  /** Numbers this peer's requests; its session tells their answers apart. */
  readonly session: number;
  readonly raft: Raft;
  readonly hardState: HardState;
  readonly log: LogStorage;
  readonly machine: StateMachine;
  readonly lessor: Lessor;
  readonly status: StatusBoard;
  readonly freshness: Freshness;
  readonly retention: Retention;
  readonly health: PeerHealth;
  /** Whether a person has withdrawn this peer from work: it does not lead while another can. */
  readonly isWithdrawn: (peer: string) => boolean;
  /** The replica actor at another peer. */
  readonly replicaAt: (peer: string) => ActorRef<RemoteMessage>;
  /** The actor for chunks of snapshots at another peer. */
  readonly chunksAt: (peer: string) => ActorRef<SnapshotChunk>;
  /** Of the snapshot that the state machine was restored from. */
  readonly snapshotBytes: number;
  /** Log written between two snapshots at least. */
  readonly snapshotFloorBytes: number;
  /** Where a replica that is not a member yet asks to join; undefined for a founder. */
  readonly joinThrough: () => readonly string[];
  /** The log that was set aside for this one, which tells of it once. */
  readonly setAside: SetAside | undefined;
  /** Marks the log durably: it is never gone on with, and the next start begins a blank one. */
  readonly markLog: (why: string) => Promise<void>;
}

/** What the actor tells itself. */
export type SelfMessage =
  | { readonly type: 'tick' }
  | { readonly type: 'flush' }
  | { readonly type: 'persisted'; readonly token: number }
  | { readonly type: 'room-sought' }
  | { readonly type: 'snapshot-saved'; readonly meta: SnapshotMeta; readonly bytes: number }
  /** There was no room for it. */
  | { readonly type: 'snapshot-dropped' }
  | {
      readonly type: 'chunk-read';
      readonly to: ReplicaId;
      readonly read: number;
      readonly data: Uint8Array | undefined;
    }
  | {
      readonly type: 'renewal-answered';
      readonly lease: number;
      readonly reply: Result<RenewReply>;
      readonly settle: Extract<LocalRequest, { type: 'keep-lease' }>['settle'];
    }
  /** The disk or the state machine failed: this replica must not go on. */
  | { readonly type: 'broken'; readonly error: Error };

export type ReplicaMessage = RemoteMessage | LocalRequest | SelfMessage;
export type ReplicaContext = Context<ReplicaMessage>;

/** Mutable on purpose: one actor owns it, and it is too large to copy per message. */
export interface Replica extends ReplicaOptions {
  readonly pending: PendingWrites<CommandAnswer>;
  readonly packEntries: (entries: readonly Entry[]) => Uint8Array;
  readonly rounds: QuorumRounds;
  readonly writes: LogWrites;
  readonly room: Room;
  readonly sender: SnapshotSender;
  readonly receiver: SnapshotReceiver;
  /** Where replicas were heard from; the log's records fill in the rest. */
  readonly routes: Map<ReplicaId, string>;
  /** In which life replicas were heard last; empty again whenever a record of the log says something new. */
  readonly lives: Map<ReplicaId, number>;
  /** Why this replica acts no more; it stops as soon as that is on its disk. */
  fenced: string | undefined;
  lastHardState: HardState;
  /** The write that only moved the commit index and has not gone to the disk yet. */
  unwrittenCommit: number | undefined;
  coverage: Coverage;
  isFlushDue: boolean;
  wasLeader: boolean;
  ticks: number;
  /** When voters are looked at next, on the monotonic clock. */
  votersDueMs: number;
  readonly voterWatch: VoterWatch;
  /** The compaction that was proposed last by this leader. */
  compactingTo: number;
  /** Leases whose end was proposed, and when; proposed again only if nothing comes of it. */
  readonly endingLeases: Map<number, number>;
  /** When it last asked to join or to be let go. */
  askedAtMs: number;
  /** Set while this replica leaves the zone for good. */
  leaving: Extract<LocalRequest, { type: 'leave-zone' }>['settle'] | undefined;
  /** It was let go: that it hears of no leader any more is as it should be. */
  hasLeft: boolean;
}
