// Handing leadership over: let the heir catch up, then tell it to campaign at once (thesis section
// 3.10).

import { isVoter } from './conf-change/draft.ts';
import { envelope, send } from './core.ts';
import type { RaftCore } from './core.ts';
import { lastIndex } from './raft-log.ts';
import type { ReplicaId } from './types.ts';

export type TransferOutcome =
  | { readonly accepted: true }
  | { readonly accepted: false; readonly reason: 'not-leader'; readonly leader: ReplicaId }
  | { readonly accepted: false; readonly reason: 'not-a-voter' };

/**
 * Starts to hand over to `to`. Proposals are refused until it leads or an election timeout has
 * passed; to name another heir replaces the first, to name oneself calls it off.
 */
export function transferLeader(core: RaftCore, to: ReplicaId): TransferOutcome {
  if (core.role !== 'leader') return { accepted: false, reason: 'not-leader', leader: core.leader };
  if (!isVoter(core.conf, to)) return { accepted: false, reason: 'not-a-voter' };
  if (to === core.config.id) {
    core.transfer = undefined;
    return { accepted: true };
  }
  if (core.transfer?.to === to) return { accepted: true };
  core.transfer = { to, elapsed: 0 };
  core.progress.get(to)!.isAppendDue = true;
  core.isSendDue = true;
  offerLeadership(core);
  return { accepted: true };
}

/** Tells the heir to campaign once it has everything. */
export function offerLeadership(core: RaftCore): void {
  if (core.transfer === undefined) return;
  const { to } = core.transfer;
  if (core.progress.get(to)?.match !== lastIndex(core.log)) return;
  send(core, { ...envelope(core, to), type: 'timeout-now' });
}

/** Gives up after an election timeout: proposals are taken again. */
export function tickTransfer(core: RaftCore): void {
  if (core.transfer === undefined) return;
  core.transfer.elapsed++;
  if (core.transfer.elapsed >= core.config.electionTicks) core.transfer = undefined;
}
