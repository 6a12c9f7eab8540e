// Finds the living keeper of a pod, or starts one: never two.

import { spawn } from 'node:child_process';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failed, ok, SkeinError } from '../../../runtime/index.ts';
import type { Result } from '../../../runtime/index.ts';
import type { ProcessIdentity } from '../keeper/keeper-protocol.ts';
import { claimName, generationOf } from '../keeper/pod-files.ts';
import { isAlive } from '../keeper/process-identity.ts';
import { readRecord } from '../keeper/record-file.ts';

const KEEPER_PROGRAM = fileURLToPath(new URL('../keeper/main.js', import.meta.url));

/** A keeper needs little: these keep its own memory near 8 MB beside the shared program text. */
const KEEPER_FLAGS = [
  '--max-old-space-size=16',
  '--max-semi-space-size=1',
  '--v8-pool-size=0',
  '--no-warnings',
];

/** A keeper that says nothing for so long did not start. */
const START_LIMIT_MS = 10_000;

/** The keeper that lives, if any, and the generation that the next one has. */
export function findKeeper(podPath: string): {
  readonly living: ProcessIdentity | undefined;
  readonly nextGeneration: number;
} {
  const newest = Math.max(0, ...readdirSync(podPath).map((name) => generationOf(name) ?? 0));
  const claim = readRecord(join(podPath, claimName(newest))) as ProcessIdentity | undefined;
  const living = claim !== undefined && isAlive(claim) ? claim : undefined;
  return { living, nextGeneration: newest + 1 };
}

/**
 * Starts a keeper detached from this peer and waits until it answers on its socket. When another one
 * took the claim first, that one is the keeper and this start ends by itself.
 */
export function launchKeeper(podPath: string, generation: number): Promise<Result<void>> {
  const errors = openSync(join(podPath, 'keeper.err'), 'a', 0o600);
  const child = spawn(process.execPath, [...KEEPER_FLAGS, KEEPER_PROGRAM, String(generation)], {
    cwd: podPath,
    detached: true,
    stdio: ['ignore', 'pipe', errors],
    env: { PATH: process.env['PATH'], UV_THREADPOOL_SIZE: '1' },
  });
  closeSync(errors);
  child.unref();
  const output = child.stdout!;
  return new Promise((resolve) => {
    const settle = (result: Result<void>): void => {
      clearTimeout(limit);
      output.destroy();
      resolve(result);
    };
    const fail = (why: string): void =>
      settle(failed(new SkeinError('unavailable', `no keeper started in ${podPath}: ${why}`)));
    const limit = setTimeout(() => fail(`silent for ${START_LIMIT_MS} ms`), START_LIMIT_MS);
    output.once('data', () => settle(ok(undefined)));
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => {
      if (code === 0) settle(ok(undefined));
      else fail(`it ended with code ${code}; see keeper.err there`);
    });
  });
}
