// A victim, its friend and a rogue: whatever the rogue does, the victim serves its friend and keeps nothing of it.

import { equal, ok } from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { generateIdentity } from '../../../mesh/index.ts';
import type { Actor } from '../../../runtime/index.ts';
import { formatAddress } from '../../../runtime/index.ts';
import { createTestAuthority, join, startPeer, until } from './libp2p-peers.ts';
import type { TestAuthority, TestPeer } from './libp2p-peers.ts';
import { startRogue, turn } from './rogue.ts';
import type { Rogue } from './rogue.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

export const MIB = 1024 * 1024;

/** What a peer may have more in memory once a flood is over: caches, compiled code, noise of the measurement. */
const GROWTH_LIMIT_BYTES = 24 * MIB;

/** The slowest answer between honest peers while a flood lasts; all of them share one process and its attacker here. */
const ANSWER_LIMIT_MS = 2_000;

/** Lines that a flood may add to the victim's log, but for those that only a curious operator asks for. */
const LINES_LIMIT = 20;

interface Question {
  readonly id: number;
  readonly replyTo: { readonly tell: (answer: { readonly id: number }) => void };
}

const echo: Actor<Question, undefined> = {
  schema: (value) =>
    typeof (value as Partial<Question>).replyTo?.tell === 'function' ? undefined : 'no question',
  start: () => undefined,
  receive: (state, { id, replyTo }) => {
    replyTo.tell({ id });
    return state;
  },
};

const usedBytes = (): number => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

export const answerQuestions = (peer: TestPeer): void => {
  peer.system.spawn('echo', echo, undefined);
};

/** Asks without pause until told to stop; gives how many answers came and how long the slowest took. */
export function interview(asker: TestPeer, other: TestPeer) {
  const ref = asker.system.ref<Question>(
    formatAddress({ peer: other.identity.peer, path: 'echo' }),
  );
  let isOver = false;
  const asking = (async () => {
    let [answers, slowestMs] = [0, 0];
    while (!isOver) {
      const startMs = performance.now();
      const answer = await asker.system.ask<Question, { readonly id: number }>(
        ref,
        (replyTo) => ({ id: answers, replyTo }),
        10_000,
      );
      if (!answer.ok) throw answer.error;
      equal(answer.value.id, answers);
      answers += 1;
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
      await turn();
    }
    return { answers, slowestMs };
  })();
  // Read when it is over; until then a failure is nobody's.
  asking.catch(() => undefined);
  return async () => {
    isOver = true;
    return await asking;
  };
}

export interface Siege {
  readonly authority: TestAuthority;
  readonly victim: TestPeer;
  readonly friend: TestPeer;
  readonly rogue: Rogue;
  /** The victim is asked by its friend all the while, and is afterwards what it was before. */
  readonly withstand: (flood: () => Promise<void>) => Promise<void>;
  readonly end: () => Promise<void>;
}

export async function beginSiege(): Promise<Siege> {
  const authority = createTestAuthority();
  const victim = await startPeer(authority, { name: 'victim' });
  const joined = await join(authority, victim, { name: 'friend' });
  if (!joined.ok) throw joined.error;
  const friend = joined.value;
  const linked = (): boolean => [victim, friend].every(({ mesh }) => mesh.members().length === 2);
  await until([victim, friend], linked, 5_000, 'linked');
  answerQuestions(victim);
  const rogue = await startRogue(generateIdentity());
  const loudLines = (): number =>
    victim.log.lines().filter(({ level }) => level !== 'debug').length;

  const withstand: Siege['withstand'] = async (flood) => {
    collectGarbage();
    const beforeBytes = usedBytes();
    const beforeLines = loudLines();
    const finish = interview(friend, victim);
    await flood();
    const { answers, slowestMs } = await finish();
    ok(answers > 0, 'the friend got no answer');
    ok(slowestMs < ANSWER_LIMIT_MS, `an answer took ${Math.round(slowestMs)} ms`);
    collectGarbage();
    const grownBytes = usedBytes() - beforeBytes;
    ok(grownBytes < GROWTH_LIMIT_BYTES, `${Math.round(grownBytes / MIB)} MiB more in memory`);
    const lines = loudLines() - beforeLines;
    ok(lines <= LINES_LIMIT, `${lines} lines more in the log`);
    ok(victim.transport.isLinked(friend.identity.peer));
    equal(victim.mesh.member(friend.identity.peer)?.status, 'alive');
  };

  return {
    authority,
    victim,
    friend,
    rogue,
    withstand,
    end: async () => {
      await rogue.stop();
      await Promise.all([victim.stop(), friend.stop()]);
    },
  };
}
