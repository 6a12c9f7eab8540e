// What a replica tells the rest of its peer about itself.

import type { StoreStatus } from '../store/store.ts';
import { replicaRecord } from './replica-records.ts';
import { leadingPeer, peersOf } from './routes.ts';
import type { Replica } from './replica.ts';
import { raftTiming, tickMs } from './timing.ts';

export function postStatus(replica: Replica): void {
  const { raft, machine, status } = replica;
  const { role, term, applied, conf, ticksSinceContact } = raft.status();
  const leader = leadingPeer(replica);
  const isWitness = (id: number): boolean => replicaRecord(machine.view, id)?.isWitness === true;
  const isVoter = conf.voters.includes(replica.self.replica);
  const hasQuorum = role === 'leader' && ticksSinceContact <= 2 * raftTiming.heartbeatTicks;
  const posted: StoreStatus = {
    role: roleName(role, isVoter),
    term,
    ...(leader === undefined ? {} : { leader }),
    appliedIndex: applied,
    revision: machine.view.revision(),
    voters: peersOf(replica, conf.voters),
    learners: peersOf(replica, conf.learners),
    witnesses: peersOf(replica, [...conf.voters, ...conf.learners].filter(isWitness)),
    // Within two heartbeats a leader has its quorum.
    staleMs: hasQuorum ? 0 : ticksSinceContact * tickMs,
    ...(replica.room.short.size === 0 ? {} : { fullDisks: peersOf(replica, replica.room.short) }),
  };
  status.post(posted);
}

function roleName(role: string, isVoter: boolean): StoreStatus['role'] {
  if (role === 'leader') return 'leader';
  if (role === 'candidate' || role === 'pre-candidate') return 'candidate';
  return isVoter ? 'follower' : 'learner';
}
