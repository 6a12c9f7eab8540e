// Peers as `skein up` starts them, each in its place of the network, and commands run there.

import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseReady } from '../../../cli/flight/child-peer.ts';
import type { Ran } from '../cluster.ts';
import { inside } from './network.ts';
import type { Place } from './network.ts';

const PROGRAM = resolve('dist/cli/main.js');
const START_LIMIT_MS = 60_000;
const COMMAND_LIMIT_MS = 60_000;

export interface NatPeer {
  readonly place: Place;
  readonly logFile: string;
  /** `skein WORDS`, run beside this peer, through its API. */
  readonly skein: (...words: readonly string[]) => Promise<Ran>;
  /** A script of Node, run beside this peer. */
  readonly script: (text: string) => Promise<Ran>;
  readonly stop: () => Promise<void>;
}

function run(place: Place, words: readonly string[], input = ''): Promise<Ran> {
  const [program, ...rest] = [...inside(place), process.execPath, ...words];
  return new Promise((done) => {
    const child = execFile(
      program!,
      rest,
      { timeout: COMMAND_LIMIT_MS, maxBuffer: 16 * 1024 * 1024 },
      (error, out, err) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        done({ code, out, err });
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** Resolves when it is Ready; rejects when it ends before, or takes too long. */
export async function startNatPeer(
  place: Place,
  directory: string,
  words: readonly string[],
  token = '',
): Promise<NatPeer> {
  const logFile = join(directory, `${place}.log`);
  const log = openSync(logFile, 'a', 0o600);
  const own = ['up', '--name', place, '--data', join(directory, place), '--log-level', 'debug'];
  const [program, ...rest] = [...inside(place), process.execPath, PROGRAM, ...own, ...words];
  const child: ChildProcess = spawn(program!, rest, { stdio: ['pipe', 'pipe', log] });
  closeSync(log);
  child.stdin!.end(token);
  const signal = AbortSignal.timeout(START_LIMIT_MS);
  const lines = createInterface({ input: child.stdout! });
  const ready = (async () => {
    for await (const line of lines) {
      const found = parseReady(line);
      if (found !== undefined) return found;
    }
    throw new Error(`${place} ended before it was Ready: see ${logFile}`);
  })();
  const late = once(signal, 'abort').then(() => {
    throw new Error(`${place} was not Ready within ${START_LIMIT_MS} ms: see ${logFile}`);
  });
  const { kubeconfig } = await Promise.race([ready, late]);
  return {
    place,
    logFile,
    skein: (...line) => run(place, [PROGRAM, ...line, '--kubeconfig', kubeconfig]),
    script: (text) => run(place, ['-e', text]),
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
