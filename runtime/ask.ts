// Questions that wait for their answer: each has an address, a deadline and exactly one outcome.
//
//   open --+-- answer                      -> ok
//          +-- deadline, or the link is lost -> timeout: it may or may not have been done
//          +-- it ends as a dead letter      -> unavailable or overloaded: it was not done
//          +-- the asker stops or restarts   -> no outcome: nobody is left to hear it

import { formatAddress, parseAddress, peerOf } from './address.ts';
import type { Address } from './address.ts';
import type { Clock, Timer } from './clock.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import { failed, ok, SkeinError } from './errors.ts';
import type { Result } from './errors.ts';
import { randomHex } from './random.ts';
import type { Random } from './random.ts';

/** Questions of one peer that wait at once; one more gets `overloaded`. */
const maxOpenQuestions = 100_000;

/** The first name of every path that answers travel to; no actor may have it. */
export const askName = 'ask';
const askPrefix = `${askName}/`;

type Settle = (outcome: Result<unknown>, id: string) => void;

interface OpenQuestion {
  readonly to: Address;
  /** Of `to`: nobody else on another peer may answer. */
  readonly peer: string;
  readonly settle: Settle;
  readonly timer: Timer;
}

export interface AskTable {
  /** Opens a question, to be settled once and never before this returns; `overloaded` when too many wait. */
  readonly open: (to: Address, deadlineMs: number, settle: Settle) => Result<OpenedQuestion>;
  /** False when nobody waits for it (any more). */
  readonly answer: (id: string, reply: unknown) => boolean;
  /** The peer that a question was put to; undefined when nobody waits for its answer (any more). */
  readonly askedPeer: (id: string) => string | undefined;
  /** Settles all questions that were put to this peer: their answers cannot be waited for. */
  readonly linkLost: (peer: string) => void;
  /** Settles the question that `message` carries, if it was asked here and went to `to`. */
  readonly undeliverable: (to: Address, message: unknown, reason: DeadLetterReason) => void;
  /** Forgets a question without an outcome. */
  readonly drop: (id: string) => void;
  readonly size: () => number;
}

export interface OpenedQuestion {
  readonly id: string;
  /** Where the answer goes. */
  readonly replyTo: Address;
}

/** The question's id, when `path` leads to one. */
export function askId(path: string): string | undefined {
  return path.startsWith(askPrefix) ? path.slice(askPrefix.length) : undefined;
}

export interface AskTableOptions {
  readonly peer: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly maxOpen?: number;
}

export function createAskTable(options: AskTableOptions): AskTable {
  const { peer, clock, random, maxOpen = maxOpenQuestions } = options;
  const questions = new Map<string, OpenQuestion>();
  // An answer to a question of this peer's earlier life must not fit a question of this life.
  const life = randomHex(random, 8);
  let lastNumber = 0;

  const close = (id: string, outcome: Result<unknown>): boolean => {
    const question = questions.get(id);
    if (question === undefined) return false;
    drop(id);
    question.settle(outcome, id);
    return true;
  };
  const drop = (id: string): void => {
    const question = questions.get(id);
    questions.delete(id);
    question?.timer.cancel();
  };

  return {
    open: (to, deadlineMs, settle) => {
      if (questions.size >= maxOpen) return failed(tooMany(to, maxOpen));
      const id = `${life}-${++lastNumber}`;
      const timer = clock.setTimer(deadlineMs, () => close(id, failed(tooLate(to, deadlineMs))));
      questions.set(id, { to, peer: peerOf(to), settle, timer });
      return ok({ id, replyTo: formatAddress({ peer, path: askPrefix + id }) });
    },
    answer: (id, reply) => close(id, ok(reply)),
    askedPeer: (id) => questions.get(id)?.peer,
    linkLost: (lostPeer) => {
      const lost = [...questions].filter(([, question]) => question.peer === lostPeer);
      for (const [id, { to }] of lost) close(id, failed(cutOff(to)));
    },
    undeliverable: (to, message, reason) => {
      const id = idOfQuestion(peer, message);
      const question = id === undefined ? undefined : questions.get(id);
      // Whoever passed the question on may still answer it; only the one who was asked counts.
      if (id === undefined || question === undefined || !isSameActor(question.to, to)) return;
      close(id, failed(unreached(to, reason)));
    },
    drop,
    size: () => questions.size,
  };
}

function idOfQuestion(peer: string, message: unknown): string | undefined {
  if (typeof message !== 'object' || message === null || !('replyTo' in message)) return undefined;
  const replyTo = message.replyTo as { readonly address?: unknown } | null | undefined;
  if (typeof replyTo?.address !== 'string') return undefined;
  const parts = parseAddress(replyTo.address);
  return parts?.peer === peer ? askId(parts.path) : undefined;
}

/** Whether both addresses name the same place, with or without an incarnation. */
function isSameActor(one: Address, other: Address): boolean {
  return one.split('#')[0] === other.split('#')[0];
}

function tooMany(to: Address, limit: number): SkeinError {
  return new SkeinError(
    'overloaded',
    `${to} was not asked: ${limit} questions of this peer wait already, ask again later`,
    { to, limit },
  );
}

function tooLate(to: Address, deadlineMs: number): SkeinError {
  return new SkeinError('timeout', `${to} did not answer within ${deadlineMs} ms`, {
    to,
    deadlineMs,
  });
}

function cutOff(to: Address): SkeinError {
  return new SkeinError(
    'timeout',
    `the link to the peer of ${to} was lost before it answered: it may or may not have been done`,
    { to },
  );
}

function unreached(to: Address, reason: DeadLetterReason): SkeinError {
  const code = reason === 'mailbox full' ? 'overloaded' : 'unavailable';
  return new SkeinError(code, `the question did not reach ${to}: ${reason}`, { to, reason });
}
