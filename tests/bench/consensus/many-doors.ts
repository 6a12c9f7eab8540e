// Several members at once: load at all of them, and which of them is the first to take a put.

import { setTimeout as delay } from 'node:timers/promises';
import { drive } from './closed-loops.ts';
import type { Operate } from './closed-loops.ts';
import { keyAt, value } from './contender.ts';
import type { Load, LoadAnswer } from './contender.ts';

/** A loop whose member is away asks again after this long: it shall not take the processor from those that work. */
const awayMs = 50;
/** Of one try at a member that takes nothing yet. */
const retryMs = 2;
const giveUpMs = 20_000;

/** When it was done, on the wall clock that all processes share. */
export interface FirstPut {
  readonly atMs: number;
}

const patient =
  (operate: Operate): Operate =>
  async (kind, key, text) => {
    const outcome = await operate(kind, key, text);
    if (outcome.failure !== undefined) await delay(awayMs);
    return outcome;
  };

/** The clients in equal parts. Quantiles are the worst of any member's. */
export async function driveAll(members: readonly Operate[], load: Load): Promise<LoadAnswer> {
  const clients = Math.ceil(load.clients / members.length);
  const answers = await Promise.all(
    members.map((operate) => drive(patient(operate), { ...load, clients })),
  );
  const sum = (pick: (answer: LoadAnswer) => number): number =>
    answers.reduce((all, answer) => all + pick(answer), 0);
  const most = (pick: (answer: LoadAnswer) => number): number => Math.max(...answers.map(pick));
  const failure = answers.find((answer) => answer.failure !== undefined)?.failure;
  return {
    operations: sum(({ operations }) => operations),
    failed: sum(({ failed }) => failed),
    ...(failure === undefined ? {} : { failure }),
    seconds: most(({ seconds }) => seconds),
    p50Ms: most(({ p50Ms }) => p50Ms),
    p99Ms: most(({ p99Ms }) => p99Ms),
  };
}

/** Asks each over and over until one has done it. Rejects after 20 s. */
export async function firstPut(members: readonly Operate[]): Promise<FirstPut> {
  let isDone = false;
  const limitMs = Date.now() + giveUpMs;
  const attempts = members.map(async (operate) => {
    for (;;) {
      const { failure } = await operate('put', keyAt(0), value);
      if (failure === undefined) return { atMs: Date.now() };
      if (isDone || Date.now() > limitMs) throw new Error(failure);
      await delay(retryMs);
    }
  });
  try {
    return await Promise.any(attempts);
  } finally {
    isDone = true;
  }
}
