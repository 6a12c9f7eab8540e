// Questions that wait for their answer: each has an address, a deadline and exactly one outcome.
//
//            answer                 -> ok
//   open --- deadline               -> timeout       (it may have been done)
//     |  \-- target is a dead letter -> unavailable / overloaded (it was not done)
//     +-- the asker stops or restarts -> no outcome: nobody is left to hear it

import { formatAddress, parseAddress } from './address.ts';
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

type Settle = (outcome: Result<unknown>) => void;

interface OpenQuestion {
  readonly to: Address;
  readonly settle: Settle;
  readonly timer: Timer;
}

export interface AskTable {
  /** Opens a question; undefined, and settled with `overloaded`, when the table is full. */
  readonly open: (to: Address, deadlineMs: number, settle: Settle) => OpenedQuestion | undefined;
  /** False when nobody waits for it (any more). */
  readonly answer: (id: string, reply: unknown) => boolean;
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

export function createAskTable(
  peer: string,
  clock: Clock,
  random: Random,
  maxOpen = maxOpenQuestions,
): AskTable {
  const questions = new Map<string, OpenQuestion>();
  // An answer to a question of this peer's earlier life must not fit a question of this life.
  const life = randomHex(random, 8);
  let lastNumber = 0;

  const close = (id: string, outcome: Result<unknown>): boolean => {
    const question = questions.get(id);
    if (question === undefined) return false;
    questions.delete(id);
    question.timer.cancel();
    question.settle(outcome);
    return true;
  };

  return {
    open: (to, deadlineMs, settle) => {
      if (questions.size >= maxOpen) {
        settle(failed(tooMany(to, maxOpen)));
        return undefined;
      }
      const id = `${life}-${++lastNumber}`;
      const timer = clock.setTimer(deadlineMs, () => close(id, failed(tooLate(to, deadlineMs))));
      questions.set(id, { to, settle, timer });
      return { id, replyTo: formatAddress({ peer, path: askPrefix + id }) };
    },
    answer: (id, reply) => close(id, ok(reply)),
    undeliverable: (to, message, reason) => {
      const id = idOfQuestion(peer, message);
      const question = id === undefined ? undefined : questions.get(id);
      // Whoever passed the question on may still answer it; only the one who was asked counts.
      if (id === undefined || question === undefined || !isSameActor(question.to, to)) return;
      close(id, failed(undelivered(to, reason)));
    },
    drop: (id) => {
      questions.get(id)?.timer.cancel();
      questions.delete(id);
    },
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

function undelivered(to: Address, reason: DeadLetterReason): SkeinError {
  const code = reason === 'mailbox full' ? 'overloaded' : 'unavailable';
  return new SkeinError(code, `the question did not reach ${to}: ${reason}`, { to, reason });
}
