// What one replica is told about itself and its limits.

import { SkeinError } from '../../runtime/index.ts';
import type { ReplicaId } from './types.ts';

export interface RaftConfig {
  /** Who this replica is. */
  readonly id: ReplicaId;
  /**
   * Ticks a follower waits for its leader before it campaigns; the wait is drawn anew from
   * [electionTicks, 2 * electionTicks). Also how long a leader leads without hearing a quorum, and
   * how long a replica that heard a leader refuses to help depose it. Ten heartbeats or more ride
   * out a pause.
   */
  readonly electionTicks: number;
  /** Ticks between heartbeats of a leader. */
  readonly heartbeatTicks: number;
  /**
   * Ticks between heartbeats to a learner that has the whole log: it never campaigns, and need only
   * know that somebody leads. At least heartbeatTicks.
   */
  readonly learnerHeartbeatTicks: number;
  /** Bytes of entries in one append; one entry that is larger travels alone. */
  readonly maxAppendBytes: number;
  /** Appends on their way to one follower. */
  readonly maxInflightMessages: number;
  /** Bytes of entries on their way to one follower; at least maxAppendBytes. */
  readonly maxInflightBytes: number;
  /**
   * Bytes of entries in the leader's log that are not applied yet. Over it proposals are refused as
   * `full`; a proposal to a leader with nothing outstanding is always taken.
   */
  readonly maxUnappliedBytes: number;
  /** Bytes of entries handed out to apply and not reported applied; one larger entry goes alone. */
  readonly maxApplyBytes: number;
  /**
   * Reads that wait for a quorum at a leader, or to be forwarded at a follower; over it they are
   * refused.
   */
  readonly maxPendingReads: number;
}

/** Fits 100 ms ticks on a LAN: heartbeat each tick, election after one to two seconds. */
export const defaultRaftConfig: Omit<RaftConfig, 'id'> = {
  electionTicks: 10,
  heartbeatTicks: 1,
  learnerHeartbeatTicks: 1,
  maxAppendBytes: 1024 * 1024,
  maxInflightMessages: 256,
  maxInflightBytes: 16 * 1024 * 1024,
  maxUnappliedBytes: 64 * 1024 * 1024,
  maxApplyBytes: 16 * 1024 * 1024,
  maxPendingReads: 65_536,
};

/** Replica ids stay below this, so that they fit six bytes. */
const idLimit = 2 ** 48;

/** Throws `invalid`, naming the field and what it must be. */
export function checkConfig(config: RaftConfig): void {
  for (const [field, value] of Object.entries(config) as [keyof RaftConfig, number][]) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw bad(field, value, 'must be a whole number of at least 1');
    }
  }
  if (config.id >= idLimit) throw bad('id', config.id, 'must be below 2^48');
  if (config.electionTicks <= config.heartbeatTicks) {
    throw bad('electionTicks', config.electionTicks, 'must be greater than heartbeatTicks');
  }
  const { heartbeatTicks, learnerHeartbeatTicks, electionTicks } = config;
  if (learnerHeartbeatTicks < heartbeatTicks || learnerHeartbeatTicks >= electionTicks) {
    const remedy = 'must be heartbeatTicks or more and less than electionTicks';
    throw bad('learnerHeartbeatTicks', learnerHeartbeatTicks, remedy);
  }
  if (config.maxInflightBytes < config.maxAppendBytes) {
    throw bad('maxInflightBytes', config.maxInflightBytes, 'must be at least maxAppendBytes');
  }
}

function bad(field: keyof RaftConfig, value: number, remedy: string): SkeinError {
  return new SkeinError('invalid', `raft config: ${field} ${remedy}, not ${value}`, {
    field,
    value,
  });
}
