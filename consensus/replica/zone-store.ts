// The Store port over this peer's replica: promises on the outside, messages to the replica actor inside.

import type { ActorRef, Clock, ErrorCode, Random, Result } from '../../runtime/index.ts';
import { asSkeinError, assert, failed, ok, SkeinError } from '../../runtime/index.ts';
import { encodeCommand } from '../store/command.ts';
import type { Command } from '../store/command.ts';
import type { RequestSession } from '../store/request-table.ts';
import type { CommandAnswer, StateMachine } from '../store/state-machine.ts';
import type { Lease, Store, TransactionResult } from '../store/store.ts';
import type { Freshness } from './freshness.ts';
import type { LocalRequest } from './protocol.ts';
import type { StatusBoard } from './status-board.ts';

/** Whoever is promised an answer within five seconds still has time to hear it. */
const writeDeadlineMs = 3_500;
/** The replica keeps deadlines itself; one that ended, or was flooded, says nothing, and is not waited for longer. */
const silenceGraceMs = 1_000;
/** With these the log has not answered. */
const undecided: ReadonlySet<ErrorCode> = new Set([
  'unavailable',
  'timeout',
  'overloaded',
  'stopped',
]);
/** Lease ids are random, positive and below this. */
const leaseIdLimit = 2 ** 47;

export interface ZoneStoreOptions {
  readonly replica: ActorRef<LocalRequest>;
  readonly machine: StateMachine;
  readonly session: RequestSession;
  readonly status: StatusBoard;
  readonly freshness: Freshness;
  readonly clock: Clock;
  readonly random: Random;
}

export function createZoneStore(options: ZoneStoreOptions): Store {
  const { replica, machine, session, status, freshness, clock, random } = options;

  /** A question to the replica, with exactly one outcome. */
  const asked = <T>(
    waitMs: number,
    silence: 'timeout' | 'unavailable',
    ask: (deadlineAtMs: number, settle: (result: Result<T>) => void) => void,
  ): Promise<Result<T>> =>
    new Promise((resolve) => {
      const timer = clock.setTimer(waitMs + silenceGraceMs, () => resolve(failed(silent(silence))));
      ask(clock.monotonicMs() + waitMs, (result) => {
        timer.cancel();
        resolve(result);
      });
    });

  const write = (command: Command, waitMs: number): Promise<Result<CommandAnswer>> => {
    const request = session.begin();
    let encoded: Uint8Array;
    try {
      encoded = encodeCommand(command, request);
    } catch (error) {
      session.finish(request, false);
      return Promise.resolve(failed(asSkeinError(error)));
    }
    const { sequence } = request;
    return asked<CommandAnswer>(waitMs, 'timeout', (deadlineAtMs, settle) =>
      replica.tell({
        type: 'write',
        sequence,
        command: encoded,
        deadlineAtMs,
        settle,
      }),
    ).then((result) => {
      session.finish(request, result.ok || !undecided.has(result.error.code));
      return result;
    });
  };

  return {
    view: machine.view,
    transact: async (transaction, { deadlineMs = writeDeadlineMs } = {}) => {
      const answer = await write({ type: 'transaction', transaction }, deadlineMs);
      if (!answer.ok) return answer;
      assert(answer.value.type === 'transaction', 'a transaction is answered as one');
      return ok<TransactionResult>(answer.value.result);
    },
    barrier: (deadlineMs) =>
      asked(deadlineMs, 'unavailable', (deadlineAtMs, settle) =>
        replica.tell({ type: 'barrier', deadlineAtMs, settle }),
      ),
    local: (maxAgeMs) => {
      const ageMs = freshness.ageMs(clock.monotonicMs());
      return ageMs <= maxAgeMs
        ? ok({ view: machine.view, ageMs })
        : failed(tooOld(ageMs, maxAgeMs));
    },
    watch: machine.watch,
    grantLease: async (ttlMs) => {
      const id = 1 + random.integer(leaseIdLimit);
      const granted = await write({ type: 'grant-lease', id, ttlMs }, writeDeadlineMs);
      return granted.ok ? ok<Lease>({ id, ttlMs }) : granted;
    },
    keepLease: (lease, deadlineMs) =>
      asked(deadlineMs, 'unavailable', (deadlineAtMs, settle) =>
        replica.tell({ type: 'keep-lease', lease, deadlineAtMs, settle }),
      ),
    revokeLease: async (id) => {
      const ended = await write({ type: 'end-lease', id }, writeDeadlineMs);
      return ended.ok ? ok(undefined) : ended;
    },
    status: status.current,
    onStatus: status.onChange,
  };
}

function tooOld(ageMs: number, maxAgeMs: number): SkeinError {
  const age = Number.isFinite(ageMs)
    ? `may be ${Math.round(ageMs)} ms old`
    : 'is of unknown age: this peer has not reached a quorum since it started';
  return new SkeinError(
    'unavailable',
    `what this peer holds ${age}, asked for was ${maxAgeMs} ms at most: ask for the newest, or another peer`,
    { ageMs, maxAgeMs },
  );
}

const silent = (code: 'timeout' | 'unavailable'): SkeinError =>
  new SkeinError(code, "this peer's replica of the zone's log did not answer: it has stopped");
