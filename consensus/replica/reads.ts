// Questions that wait for a quorum round: linearizable reads, and renewals of leases.

import type { Result } from '../../runtime/index.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { ReadHaste } from '../raft/read-index.ts';
import type { ReplicaId } from '../raft/types.ts';
import { raftTiming, tickMs } from './timing.ts';

/** Rounds waiting at most; one more is refused as overloaded. */
const waitingLimit = 10_000;
/** A round that went unanswered for this long is asked for again; one that waits for heartbeats, after some of those. */
const retryAfterMs: Readonly<Record<ReadHaste, number>> = {
  'at-once': 300,
  'with-heartbeat': 300 + 2 * raftTiming.heartbeatTicks * tickMs,
};

interface Waiting {
  readonly deadlineAtMs: number;
  readonly haste: ReadHaste;
  readonly settle: (result: Result<number>) => void;
  /** The context it was last asked under; undefined when it has to be asked. */
  context: number | undefined;
  askedAtMs: number;
  /** Confirmed: applied up to here is enough. */
  index: number | undefined;
}

export interface QuorumRounds {
  /** `settle` gets the confirmed index once this replica has applied it. */
  readonly add: (
    deadlineAtMs: number,
    settle: (result: Result<number>) => void,
    haste?: ReadHaste,
  ) => void;
  /** Asks for what is due; `ask` says whether Raft took the question. */
  readonly askDue: (nowMs: number, ask: (context: number, haste: ReadHaste) => boolean) => void;
  readonly confirmed: (context: number, index: number) => void;
  /** Will not be answered: due again. */
  readonly refused: (context: number) => void;
  readonly applied: (index: number) => void;
  readonly expire: (nowMs: number) => void;
  readonly close: () => void;
}

/** `life` differs from start to start: an answer to an earlier life's question must not fit one of this life. */
export function createQuorumRounds(self: ReplicaId, life: number): QuorumRounds {
  const waiting = new Set<Waiting>();
  const byContext = new Map<number, Waiting>();
  let contexts = life % 2 ** 32;

  const end = (round: Waiting, result: Result<number>): void => {
    waiting.delete(round);
    if (round.context !== undefined) byContext.delete(round.context);
    round.settle(result);
  };
  const forget = (round: Waiting): void => {
    if (round.context !== undefined) byContext.delete(round.context);
    round.context = undefined;
  };

  return {
    add: (deadlineAtMs, settle, haste = 'at-once') => {
      if (waiting.size >= waitingLimit) {
        const message = `${waitingLimit} reads of this peer are waiting already; ask again later`;
        settle(failed(new SkeinError('overloaded', message)));
        return;
      }
      waiting.add({
        deadlineAtMs,
        haste,
        settle,
        context: undefined,
        askedAtMs: 0,
        index: undefined,
      });
    },
    askDue: (nowMs, ask) => {
      for (const round of waiting) {
        if (round.index !== undefined) continue;
        if (round.context !== undefined && nowMs - round.askedAtMs < retryAfterMs[round.haste])
          continue;
        forget(round);
        // Unique over all replicas: followers' contexts meet at the leader.
        const context = (self % 2 ** 21) * 2 ** 32 + (contexts++ % 2 ** 32);
        if (!ask(context, round.haste)) return;
        round.context = context;
        round.askedAtMs = nowMs;
        byContext.set(context, round);
      }
    },
    confirmed: (context, index) => {
      const round = byContext.get(context);
      if (round !== undefined) round.index = index;
    },
    refused: (context) => {
      const round = byContext.get(context);
      if (round !== undefined) forget(round);
    },
    applied: (index) => {
      for (const round of waiting) {
        if (round.index !== undefined && round.index <= index) end(round, ok(round.index));
      }
    },
    expire: (nowMs) => {
      for (const round of waiting) {
        if (nowMs >= round.deadlineAtMs) end(round, failed(noQuorum()));
      }
    },
    close: () => {
      for (const round of waiting) {
        end(round, failed(new SkeinError('stopped', 'this peer is stopping')));
      }
    },
  };
}

const noQuorum = (): SkeinError =>
  new SkeinError(
    'unavailable',
    'no quorum of the zone answered in time: what this peer holds may be old',
  );
