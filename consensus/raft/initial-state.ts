// From what was on disk to a running replica.

import { SkeinError } from '../../runtime/index.ts';
import type { Random } from '../../runtime/index.ts';
import { emptyConf } from './conf-change/changer.ts';
import { checkConf } from './conf-change/draft.ts';
import { checkConfig } from './config.ts';
import type { RaftConfig } from './config.ts';
import { commitTo, drawElectionTimeout } from './core.ts';
import type { RaftCore } from './core.ts';
import { commitProvenByConf } from './membership.ts';
import { createRaftLog, lastIndex, logEnd } from './raft-log.ts';
import { createReadQueue } from './read-queue.ts';
import type { Rules } from './rules.ts';
import type { Entry, HardState, ReplicaId, SnapshotMeta } from './types.ts';

/** What a replica finds on its disk, with its state machine restored from the snapshot. */
export interface InitialState {
  readonly hardState: HardState;
  /**
   * What the state machine holds now: its configuration is the one in force. Absent in a replica
   * that never had any.
   */
  readonly snapshot?: SnapshotMeta | undefined;
  /** As found on disk; those the snapshot covers may be among them. */
  readonly entries: readonly Entry[];
}

/** A replica that knows nothing and waits for a leader: how every one but the first starts. */
export const blankState: InitialState = {
  hardState: { term: 0, vote: 0, commit: 0 },
  entries: [],
};

/**
 * How the first replica of a log starts: as its only voter, with an empty state machine as the
 * snapshot at index 1. Since the log begins after it, whoever joins later gets a snapshot and with
 * it the configuration.
 */
export function firstState(id: ReplicaId): InitialState {
  return {
    hardState: { term: 1, vote: 0, commit: 1 },
    snapshot: { index: 1, term: 1, conf: { ...emptyConf, voters: [id] } },
    entries: [],
  };
}

/**
 * Throws `invalid` for a bad config and `corrupt` for a disk that lost what it had acknowledged.
 */
export function createCore(
  config: RaftConfig,
  random: Random,
  initial: InitialState,
  rules: Rules,
): RaftCore {
  checkConfig(config);
  const { hardState, snapshot } = initial;
  const conf = snapshot?.conf ?? emptyConf;
  checkConf(conf);
  const base = snapshot ?? { index: 0, term: 0 };
  const entries = entriesAfter(snapshot, initial.entries);
  if (hardState.commit > base.index + entries.length) {
    throw lost(
      `committed up to ${hardState.commit}, but the log ends at ${base.index + entries.length}`,
    );
  }
  const core: RaftCore = {
    config,
    random,
    rules,
    term: hardState.term,
    vote: hardState.vote,
    role: 'follower',
    leader: 0,
    conf,
    log: createRaftLog({ index: base.index, term: base.term }, entries),
    apply: {
      commit: base.index,
      handed: base.index,
      applied: base.index,
      durable: hardState.commit,
      bytes: 0,
      confs: [],
    },
    snapshot,
    pendingSnapshot: undefined,
    now: 0,
    electionElapsed: 0,
    heartbeatElapsed: 0,
    electionTimeout: 0,
    hurriedCampaigns: 0,
    suspectedLeader: 0,
    leaderContact: 0,
    isReluctant: false,
    votes: new Map(),
    progress: new Map(),
    pendingConfIndex: 0,
    unappliedBytes: 0,
    transfer: undefined,
    isSendDue: false,
    reads: createReadQueue(),
    outbox: [],
    held: [],
    batches: [],
    lastToken: 0,
    readStates: [],
    refusedReads: [],
    shownHardState: hardState,
    shownSoftState: { leader: 0, role: 'follower' },
  };
  // A crash after a received snapshot was installed, but before the term was written, leaves the
  // term behind the log. Nothing was said in that term yet, so to enter it without a vote is safe.
  if (logEnd(core.log).term > core.term) {
    core.term = logEnd(core.log).term;
    core.vote = 0;
  }
  commitTo(core, Math.min(hardState.commit, lastIndex(core.log)));
  commitTo(core, commitProvenByConf(core));
  drawElectionTimeout(core);
  return core;
}

/**
 * The entries that continue the snapshot. A crash between installing a received snapshot and
 * starting the log anew leaves the old log behind it: what does not continue the snapshot was never
 * committed, and goes.
 */
function entriesAfter(snapshot: SnapshotMeta | undefined, found: readonly Entry[]): Entry[] {
  checkContiguous(found);
  const base = snapshot?.index ?? 0;
  const first = found[0];
  if (first === undefined || found.at(-1)!.index <= base) return [];
  if (first.index > base + 1) {
    throw lost(`the log starts at ${first.index}, but the snapshot ends at ${base}`);
  }
  const covered = found[base - first.index];
  if (covered !== undefined && covered.term !== snapshot!.term) return [];
  const entries = found.slice(base + 1 - first.index);
  return entries[0]!.term < (snapshot?.term ?? 0) ? [] : entries;
}

function checkContiguous(entries: readonly Entry[]): void {
  for (let i = 1; i < entries.length; i++) {
    const [before, entry] = [entries[i - 1]!, entries[i]!];
    if (entry.index !== before.index + 1 || entry.term < before.term) {
      throw lost(
        `entry ${before.index}@${before.term} is followed by ${entry.index}@${entry.term}`,
      );
    }
  }
}

function lost(what: string): SkeinError {
  return new SkeinError(
    'corrupt',
    `raft log: ${what}. This replica may have lost what it acknowledged: ` +
      '`skein rejoin` has its peer join again as a new replica',
  );
}
