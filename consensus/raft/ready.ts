// What a replica asks of its shell.

import type { Message } from './messages.ts';
import type { Entry, HardState, ReplicaId, SnapshotMeta } from './types.ts';

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/** What need not survive a crash. */
export interface SoftState {
  /** 0 while no leader is known. */
  readonly leader: ReplicaId;
  readonly role: Role;
}

/**
 * One write. Writes are carried out in the order of their tokens, each as one unit: a crash leaves
 * all of it or none. When it has a snapshot, that is made durable and put into the state machine
 * first; the log on disk then starts after it. Entries overwrite whatever the disk has at and above
 * the first of them.
 */
export interface Persist {
  readonly token: number;
  readonly snapshot: SnapshotMeta | undefined;
  readonly hardState: HardState | undefined;
  readonly entries: readonly Entry[];
  /**
   * False when only the commit index moved: written in order, but no sync is needed to report it.
   */
  readonly mustSync: boolean;
}

/** A read with this context may be served once `index` is applied. */
export interface ReadState {
  readonly context: number;
  readonly index: number;
}

export interface Ready {
  /** To send now. Their loss, delay and duplication are harmless. */
  readonly messages: readonly Message[];
  readonly persist: Persist | undefined;
  /** To apply, in order; they are committed and on the own disk. */
  readonly committed: readonly Entry[];
  readonly reads: readonly ReadState[];
  /** Contexts of reads that must be asked again. */
  readonly refusedReads: readonly number[];
  /** Set when it changed. */
  readonly softState: SoftState | undefined;
}
