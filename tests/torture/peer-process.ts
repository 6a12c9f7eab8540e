// A peer as a process that can be killed, frozen, ended and started again.
//
//   absent --start--> starting --Ready--> up --kill, end--> absent
//                        └------exits by itself------------> absent, and `fell` is told

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { abortWithin } from '../../runtime/index.ts';
import type { PeerOrder, PeerReady } from './torture-peer.ts';

/** A peer that is not Ready by then never will be. */
const startLimitMs = 30_000;
/** A peer that was told to end gets so long. */
const endLimitMs = 15_000;
const program = fileURLToPath(new URL('./torture-peer.js', import.meta.url));

export interface PeerProcess {
  readonly name: string;
  readonly logFile: string;
  readonly isUp: () => boolean;
  /** Resolves when it is Ready; rejects when it ends before, or takes too long. */
  readonly start: (order: PeerOrder) => Promise<PeerReady>;
  /** SIGKILL; resolves when it is gone. Nothing happens when it is absent. */
  readonly kill: () => Promise<void>;
  /** SIGTERM; rejects when that is not enough. */
  readonly end: () => Promise<void>;
  readonly freeze: () => void;
  readonly thaw: () => void;
}

export interface PeerProcessOptions {
  readonly name: string;
  readonly logFile: string;
  /** Words before the program: where it runs. */
  readonly inside: readonly string[];
  /** It ended, and nobody here ended it. */
  readonly fell: (how: string) => void;
}

export function createPeerProcess(options: PeerProcessOptions): PeerProcess {
  const { name, logFile, inside, fell } = options;
  let child: ChildProcess | undefined;
  /** Of processes that were ended on purpose. */
  const ended = new WeakSet<ChildProcess>();

  const launch = (order: PeerOrder): ChildProcess => {
    const log = openSync(logFile, 'a', 0o600);
    const words = [...inside, process.execPath, program, JSON.stringify(order)];
    const launched = spawn(words[0]!, words.slice(1), { stdio: ['ignore', 'ignore', log, 'ipc'] });
    closeSync(log);
    launched.once('exit', (code, signal) => {
      if (child === launched) child = undefined;
      if (!ended.has(launched))
        fell(signal === null ? `ended with code ${code}` : `died of ${signal}`);
    });
    return launched;
  };

  const kill = async (): Promise<void> => {
    const killed = child;
    if (killed === undefined) return;
    ended.add(killed);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
  };

  return {
    name,
    logFile,
    isUp: () => child !== undefined,
    start: async (order) => {
      const launched = launch(order);
      child = launched;
      const over = new AbortController();
      const signal = abortWithin(over.signal, startLimitMs);
      try {
        const ready = once(launched, 'message', { signal });
        const exit = once(launched, 'exit', { signal }).then(() => {
          throw new Error(`${name} ended before it was Ready; its log says why: ${logFile}`);
        });
        ready.catch(() => undefined);
        exit.catch(() => undefined);
        const [message] = (await Promise.race([ready, exit])) as [PeerReady];
        return message;
      } catch (error) {
        if (!signal.aborted) throw error;
        throw new Error(`${name} was not Ready within ${startLimitMs} ms: ${logFile}`, {
          cause: error,
        });
      } finally {
        over.abort();
      }
    },
    kill,
    end: async () => {
      const told = child;
      if (told === undefined) return;
      ended.add(told);
      told.kill('SIGTERM');
      try {
        await once(told, 'exit', { signal: AbortSignal.timeout(endLimitMs) });
      } catch (error) {
        await kill();
        throw new Error(`${name} did not end within ${endLimitMs} ms of SIGTERM`, { cause: error });
      }
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  };
}
