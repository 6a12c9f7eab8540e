// What a leader takes into its log for its clients.

import { SkeinError } from '../../runtime/index.ts';
import type { RaftCore } from './core.ts';
import { appendAsLeader } from './replication.ts';
import type { ReplicaId } from './types.ts';

/** Taken is not committed: the entry may still lose its place to another leader's. */
export type ProposalOutcome =
  | { readonly accepted: true; readonly term: number; readonly firstIndex: number }
  | { readonly accepted: false; readonly reason: 'not-leader'; readonly leader: ReplicaId }
  | { readonly accepted: false; readonly reason: 'transferring' | 'full' };

/** Appends commands to the leader's log, all or none. Throws `invalid` for an empty one. */
export function propose(core: RaftCore, data: readonly Uint8Array[]): ProposalOutcome {
  // No bytes at all are a new leader's no-op.
  if (data.length === 0 || data.some((bytes) => bytes.length === 0)) {
    throw new SkeinError('invalid', 'a proposal needs commands, each of at least one byte', {
      commands: data.length,
    });
  }
  const refusal = refuseProposal(core);
  if (refusal !== undefined) return refusal;
  const size = data.reduce((sum, bytes) => sum + bytes.length, 0);
  if (core.unappliedBytes > 0 && core.unappliedBytes + size > core.config.maxUnappliedBytes) {
    return { accepted: false, reason: 'full' };
  }
  const first = appendAsLeader(core, 'normal', data);
  return { accepted: true, term: core.term, firstIndex: first };
}

/** Why nothing at all can be proposed here now. */
export function refuseProposal(core: RaftCore): ProposalOutcome | undefined {
  if (core.role !== 'leader') {
    return { accepted: false, reason: 'not-leader', leader: core.leader };
  }
  return core.transfer === undefined ? undefined : { accepted: false, reason: 'transferring' };
}
