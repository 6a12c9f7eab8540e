// The words of Raft that cross its border: to the disk, to the wire and to the shell.

/** A replica of one log. Random, positive, below 2^48 and never used again; 0 means none. */
export type ReplicaId = number;

export interface Entry {
  readonly index: number;
  readonly term: number;
  /** `normal` carries a command for the state machine (empty: the no-op of a new leader); `config` a ConfChange. */
  readonly type: 'normal' | 'config';
  readonly data: Uint8Array;
}

/** What a replica must have on disk before it answers (Raft paper, figure 2: persistent state). */
export interface HardState {
  readonly term: number;
  readonly vote: ReplicaId;
  readonly commit: number;
}

/** A configuration, joint while `votersOutgoing` is not empty (Raft thesis section 4.3). */
export interface ConfState {
  readonly voters: readonly ReplicaId[];
  readonly votersOutgoing: readonly ReplicaId[];
  readonly learners: readonly ReplicaId[];
  /** Voters of the outgoing half that become learners when the joint configuration is left. */
  readonly learnersNext: readonly ReplicaId[];
  readonly autoLeave: boolean;
}

export interface SnapshotMeta {
  readonly index: number;
  readonly term: number;
  readonly conf: ConfState;
}
