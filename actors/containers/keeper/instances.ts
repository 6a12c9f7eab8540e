// All instances of one pod under its keeper: started at most once each, their ends on the disk.

import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerExit } from '../container-driver.ts';
import { startContainerProcess } from './container-process.ts';
import type { Attachment, AttachedOutput } from './attachments.ts';
import type { ContainerProcess } from './container-process.ts';
import type {
  InstanceStatus,
  KeeperConfig,
  ProcessConfig,
  StartRecord,
} from './keeper-protocol.ts';
import { identityOf, isAlive } from './process-identity.ts';
import { claimRecord, readRecord, writeRecord } from './record-file.ts';
import { kill, killStrays } from './stray-processes.ts';

/** Where instances lie below the directory of their pod. */
export const INSTANCES = 'instances';

export interface Instances {
  /** Starts it unless it was started before, by this keeper or an earlier one. */
  readonly start: (instance: string) => void;
  /** `ended` is called once it has exited. */
  readonly stop: (instance: string, graceMs: number, ended: () => void) => void;
  /** Throws when it does not run. */
  readonly attach: (instance: string, output: AttachedOutput, stdin: boolean) => Attachment;
  readonly killAll: (ended: () => void, reason?: string) => void;
  readonly list: () => readonly InstanceStatus[];
  readonly runningCount: () => number;
}

/** Works in the current directory, which is the pod's. */
export function createInstances(
  config: KeeperConfig,
  changed: (status: InstanceStatus) => void,
): Instances {
  const running = new Map<string, ContainerProcess>();
  const waiting = new Map<string, (() => void)[]>();
  const directoryOf = (instance: string): string => join(process.cwd(), INSTANCES, instance);

  const whenEnded = (instance: string, ended: () => void): void => {
    if (!running.has(instance)) return ended();
    waiting.set(instance, [...(waiting.get(instance) ?? []), ended]);
  };
  const ended = (instance: string, exit: ContainerExit): void => {
    running.delete(instance);
    changed({ instance, state: 'exited', startedAtMs: exit.startedAtMs, exit });
    for (const tell of waiting.get(instance) ?? []) tell();
    waiting.delete(instance);
  };

  return {
    start: (instance) => {
      const directory = directoryOf(instance);
      const process = readRecord(join(directory, 'config.json')) as ProcessConfig | undefined;
      if (process === undefined) throw new Error(`no instance "${instance}" was created`);
      // Whoever holds the claim has started it, even if it died before it could say so.
      if (!claimRecord(join(directory, 'claim.json'), identityOf(globalThis.process.pid))) return;
      const child = startContainerProcess(config, directory, instance, process, (exit) =>
        ended(instance, exit),
      );
      running.set(instance, child);
      changed({ instance, state: 'running', startedAtMs: child.startedAtMs });
    },
    stop: (instance, graceMs, done) => {
      running.get(instance)?.stop(graceMs);
      whenEnded(instance, done);
    },
    attach: (instance, output, stdin) => {
      const attachment = running.get(instance)?.attach(output, stdin);
      if (attachment === undefined) throw new Error(`instance "${instance}" does not run`);
      return attachment;
    },
    killAll: (done, reason) => {
      let left = running.size;
      if (left === 0) return done();
      for (const [instance, child] of running) {
        child.kill(reason);
        whenEnded(instance, () => {
          if (--left === 0) done();
        });
      }
    },
    list: () =>
      claimedInstances().map((instance): InstanceStatus => {
        const child = running.get(instance);
        if (child !== undefined)
          return { instance, state: 'running', startedAtMs: child.startedAtMs };
        const exit = readRecord(join(directoryOf(instance), 'exit.json')) as ContainerExit;
        return { instance, state: 'exited', startedAtMs: exit.startedAtMs, exit };
      }),
    runningCount: () => running.size,
  };
}

/**
 * Ends what a keeper that died has left: without its pipes nobody can say how it goes on, so it is
 * killed, and its end is recorded as unknown.
 */
export function settleAbandoned(config: KeeperConfig): void {
  for (const instance of claimedInstances()) {
    const directory = join(process.cwd(), INSTANCES, instance);
    if (existsSync(join(directory, 'exit.json'))) continue;
    const started = readRecord(join(directory, 'started.json')) as StartRecord | undefined;
    if (started !== undefined && isAlive(started.process)) kill(-started.process.pid, 'SIGKILL');
    killStrays(`${config.podUid}/${instance}`);
    const now = Date.now();
    writeRecord(join(directory, 'exit.json'), {
      exitCode: 137,
      signal: 9,
      reason: 'ContainerStatusUnknown',
      message: 'its keeper or its machine stopped while it ran, so how it ended is not known',
      startedAtMs: started?.startedAtMs ?? now,
      finishedAtMs: now,
    } satisfies ContainerExit);
  }
}

function claimedInstances(): readonly string[] {
  mkdirSync(INSTANCES, { recursive: true });
  return readdirSync(INSTANCES).filter((name) => existsSync(join(INSTANCES, name, 'claim.json')));
}
