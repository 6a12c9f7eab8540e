// Writes of this peer that have not been applied here yet: sent again until applied, refused or too late.

import type { Result } from '../../runtime/index.ts';
import { failed, SkeinError } from '../../runtime/index.ts';

/** Writes waiting at most, below what one session may have open; one more is refused as overloaded. */
const pendingLimit = 4_000;
/** A write that was handed over and not seen applied for this long is handed over again. */
const retryAfterMs = 400;
/** How often those are looked for. */
const lookEveryMs = 100;

export interface PendingWrite<R> {
  readonly sequence: number;
  readonly command: Uint8Array;
  /** On the monotonic clock. */
  readonly deadlineAtMs: number;
  readonly settle: (result: Result<R>) => void;
}

interface Tracked<R> extends PendingWrite<R> {
  /** When it was last handed to a leader; undefined when it is certain that none has it. */
  handedAtMs: number | undefined;
  /** It went to another peer, or a hand-over went unanswered: whether it was done is unknown. */
  isUncertain: boolean;
  /** Hand-overs that nobody answered yet. */
  unanswered: number;
}

export interface PendingWrites<R> {
  /** Settles with `overloaded` at once when the table is full. */
  readonly add: (write: PendingWrite<R>) => void;
  /**
   * What is to be handed to the leader now; counts as handed over. What went to another peer may come to light
   * there later, whatever it answered first: from then on its outcome is never called certain.
   */
  readonly takeDue: (nowMs: number, leader: 'self' | 'other') => readonly PendingWrite<R>[];
  /** The leader certainly did not take these: they are due again at once. */
  readonly notTaken: (sequences: readonly number[]) => void;
  /**
   * The leader refused these for good. Settles those of which no other hand-over can come to light; others stay, to be
   * applied or to pass their deadline.
   */
  readonly refused: (sequences: readonly number[], error: SkeinError) => void;
  /** The leader may have changed: everything is due again, under the same numbers. */
  readonly leaderChanged: () => void;
  readonly applied: (sequence: number, result: Result<R>) => void;
  /** Settles what is past its deadline. */
  readonly expire: (nowMs: number) => void;
  readonly size: () => number;
  /** Settles all: `stopped` only where it is certain that nothing was done. */
  readonly close: () => void;
}

export function createPendingWrites<R>(): PendingWrites<R> {
  const writes = new Map<number, Tracked<R>>();
  /** Those of them that no leader has, in the order in which they became so. */
  const fresh = new Map<number, Tracked<R>>();
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  const settle = (write: Tracked<R>, result: Result<R>): void => {
    writes.delete(write.sequence);
    fresh.delete(write.sequence);
    write.settle(result);
  };
  const becomesDue = (write: Tracked<R>): void => {
    write.handedAtMs = undefined;
    fresh.set(write.sequence, write);
  };
  /** Handed over and not heard of for long. */
  const overdue = (nowMs: number): readonly Tracked<R>[] => {
    if (nowMs - lookedAtMs < lookEveryMs) return [];
    lookedAtMs = nowMs;
    return [...writes.values()].filter(
      ({ handedAtMs }) => handedAtMs !== undefined && nowMs - handedAtMs >= retryAfterMs,
    );
  };

  return {
    add: (write) => {
      if (writes.size >= pendingLimit) {
        const message = `${pendingLimit} writes of this peer are waiting already; ask again later`;
        write.settle(failed(new SkeinError('overloaded', message)));
        return;
      }
      const { sequence, command, deadlineAtMs } = write;
      const tracked: Tracked<R> = {
        sequence,
        command,
        deadlineAtMs,
        settle: write.settle,
        handedAtMs: undefined,
        isUncertain: false,
        unanswered: 0,
      };
      writes.set(sequence, tracked);
      fresh.set(sequence, tracked);
    },
    takeDue: (nowMs, leader) => {
      const due = [...overdue(nowMs), ...fresh.values()];
      fresh.clear();
      for (const write of due) {
        if (write.handedAtMs !== undefined || leader === 'other') write.isUncertain = true;
        write.handedAtMs = nowMs;
        write.unanswered += 1;
      }
      return due;
    },
    notTaken: (sequences) => {
      for (const sequence of sequences) {
        const write = writes.get(sequence);
        if (write === undefined) continue;
        becomesDue(write);
        write.unanswered -= 1;
      }
    },
    refused: (sequences, error) => {
      for (const sequence of sequences) {
        const write = writes.get(sequence);
        if (write === undefined) continue;
        write.unanswered -= 1;
        if (write.unanswered === 0) settle(write, failed(error));
      }
    },
    leaderChanged: () => {
      for (const write of writes.values()) {
        if (write.handedAtMs !== undefined) write.isUncertain = true;
        becomesDue(write);
      }
    },
    applied: (sequence, result) => {
      const write = writes.get(sequence);
      if (write !== undefined) settle(write, result);
    },
    expire: (nowMs) => {
      for (const write of writes.values()) {
        if (nowMs < write.deadlineAtMs) continue;
        settle(write, failed(isUnknown(write) ? outcomeUnknown() : nothingDone()));
      }
    },
    size: () => writes.size,
    close: () => {
      for (const write of writes.values()) {
        settle(write, failed(isUnknown(write) ? outcomeUnknown() : stopping()));
      }
    },
  };
}

/** Some leader may have it. */
const isUnknown = ({
  isUncertain,
  handedAtMs,
}: Pick<Tracked<unknown>, 'isUncertain' | 'handedAtMs'>): boolean =>
  isUncertain || handedAtMs !== undefined;

const stopping = (): SkeinError =>
  new SkeinError('stopped', 'this peer is stopping: nothing was written; ask another peer');

const nothingDone = (): SkeinError =>
  new SkeinError(
    'unavailable',
    'the zone has no leader that this peer can reach: nothing was written; ask again, or ask another peer',
  );

const outcomeUnknown = (): SkeinError =>
  new SkeinError(
    'timeout',
    'the leader did not confirm the write in time: it may or may not have been done; read before asking again',
  );
