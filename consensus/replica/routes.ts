// On which peer a replica lives.

import { replicaRecord } from './replica-records.ts';
import type { Replica } from './replica.ts';
import { raftTiming } from './timing.ts';

/** What the log says counts; what was heard only fills in. */
export const peerOf = (replica: Replica, id: number): string | undefined =>
  // A founder leads before any record says where it lives.
  id === replica.self.replica
    ? replica.self.peer
    : (replicaRecord(replica.machine.view, id)?.peer ?? replica.routes.get(id));

/** The peers of these replicas in order of name, for people. */
export const peersOf = (replica: Replica, ids: Iterable<number>): readonly string[] =>
  [...ids].map((id) => peerOf(replica, id) ?? `replica ${id}`).sort();

/** The peer that leads. A learner never campaigns, so a leader it has not heard for long counts as none. */
export function leadingPeer(replica: Replica): string | undefined {
  const { leader, role, ticksSinceContact } = replica.raft.status();
  const isSilent = role !== 'leader' && ticksSinceContact > 2 * raftTiming.electionTicks;
  return leader === 0 || isSilent ? undefined : peerOf(replica, leader);
}
