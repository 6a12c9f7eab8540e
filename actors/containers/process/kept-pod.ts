// One pod as this peer holds it: what is on the disk, and the connection to its keeper.

import { failed, ok, SkeinError } from '../../../runtime/index.ts';
import type { Logger, Result } from '../../../runtime/index.ts';
import type { ContainerConfig, ContainerStatus, PodSandbox } from '../container-driver.ts';
import type { InstanceStatus, ProcessConfig, StartRecord } from '../keeper/keeper-protocol.ts';
import type { KeeperCommand } from '../keeper/keeper-protocol.ts';
import { INSTANCES } from '../keeper/instances.ts';
import { readRecord } from '../keeper/record-file.ts';
import { connectKeeper } from './keeper-client.ts';
import type { KeeperClient } from './keeper-client.ts';
import { findKeeper, launchKeeper } from './keeper-launcher.ts';
import { statusOf } from './pod-directory.ts';
import type { PodDirectory, PodRecord } from './pod-directory.ts';
import type { UserIds } from './pod-user.ts';

export interface KeptPod {
  readonly uid: string;
  /** Its directory. */
  readonly path: string;
  readonly sandbox: () => PodSandbox;
  readonly user: () => UserIds | undefined;
  readonly statuses: () => readonly ContainerStatus[];
  readonly has: (instance: string) => boolean;
  readonly create: (instance: string, config: ContainerConfig) => void;
  readonly start: (instance: string) => Promise<Result<void>>;
  readonly stop: (instance: string, graceMs: number) => Promise<Result<void>>;
  readonly removeInstance: (instance: string) => Promise<Result<void>>;
  readonly setDeadline: (remainingMs: number | undefined) => Promise<Result<void>>;
  /** What a running instance was started with. */
  readonly runningConfig: (instance: string) => ProcessConfig | undefined;
  /** Running instances by the pid of their first process. */
  readonly leaders: () => readonly { readonly name: string; readonly pid: number }[];
  /** Makes sure that a keeper answers; starts one when none lives. */
  readonly keep: () => Promise<Result<void>>;
  /** Whether a keeper lives that this peer is to take over, or an end has to be recorded. */
  readonly needsKeeper: () => boolean;
  /** Kills all, ends the keeper. */
  readonly endKeeper: () => Promise<Result<void>>;
  readonly close: () => void;
}

export interface KeptPodOptions {
  readonly directory: PodDirectory;
  readonly path: string;
  readonly record: () => PodRecord;
  readonly log: Logger;
  readonly changed: (status: ContainerStatus) => void;
}

/** Attempts to reach a keeper in one call: found dead and started again between two looks. */
const REACH_TRIES = 5;

export function createKeptPod(uid: string, options: KeptPodOptions): KeptPod {
  const { directory, log, record } = options;
  const known = new Map(directory.statuses().map((status) => [keyOf(status), status]));
  let client: KeeperClient | undefined;
  let connecting: Promise<Result<KeeperClient>> | undefined;
  let isClosed = false;

  const update = ({ instance, state, startedAtMs, exit }: InstanceStatus): void => {
    const base = statusOf(uid, instance, directory.logPath(instance), exit);
    const next: ContainerStatus = state === 'exited' ? base : { ...base, state, startedAtMs };
    const before = known.get(instance);
    // An exit is final; a removed instance does not come back.
    if (before === undefined || before.state === 'exited' || before.state === next.state) return;
    known.set(instance, next);
    options.changed(next);
  };
  const reach = async (): Promise<Result<KeeperClient>> => {
    let last: Result<never> = failed(new SkeinError('unavailable', `pod ${uid} has no keeper`));
    for (let i = 0; i < REACH_TRIES; i++) {
      if (isClosed) break;
      const { living, nextGeneration } = findKeeper(options.path);
      if (living === undefined) {
        const launched = await launchKeeper(options.path, nextGeneration);
        if (!launched.ok) last = launched;
      }
      const connected = await connectKeeper(options.path, { changed: update, lost });
      if (!connected.ok) {
        last = connected;
        continue;
      }
      client = connected.value;
      const listed = await client.request({ type: 'list' });
      if (!listed.ok) continue;
      for (const status of listed.value) update(status);
      return ok(client);
    }
    return last;
  };
  const keeper = async (): Promise<Result<KeeperClient>> => {
    if (client !== undefined) return ok(client);
    connecting ??= reach().finally(() => (connecting = undefined));
    return connecting;
  };
  function lost(): void {
    client = undefined;
    const hasRunning = [...known.values()].some(({ state }) => state === 'running');
    if (isClosed || !hasRunning || record().state === 'stopped') return;
    log.warn('keeper lost, another takes over', { pod: uid });
    void keeper().then((reached) => {
      if (!reached.ok) log.error('no keeper for a pod', { pod: uid, why: reached.error.message });
    });
  }
  const ask = async (command: KeeperCommand): Promise<Result<void>> => {
    const reached = await keeper();
    if (!reached.ok) return reached;
    const answer = await reached.value.request(command);
    return answer.ok ? ok(undefined) : answer;
  };

  return {
    uid,
    path: options.path,
    sandbox: () => {
      const { user: _user, ...sandbox } = record();
      return sandbox;
    },
    user: () => record().user,
    statuses: () => [...known.values()].sort(byAttempt),
    has: (instance) => known.has(instance),
    create: (instance, config) => {
      if (known.has(instance)) return;
      directory.saveConfig(instance, processConfig(directory, instance, config));
      known.set(instance, statusOf(uid, instance, directory.logPath(instance), undefined));
    },
    start: async (instance) => {
      if (known.get(instance)?.state !== 'created') return ok(undefined);
      if (record().state === 'stopped') {
        return failed(new SkeinError('not-found', `pod ${uid} has been stopped`));
      }
      return ask({ type: 'start', instance });
    },
    stop: async (instance, graceMs) => {
      if (known.get(instance)?.state !== 'running') return ok(undefined);
      return ask({ type: 'stop', instance, graceMs });
    },
    removeInstance: async (instance) => {
      if (known.get(instance)?.state === 'running') {
        return failed(new SkeinError('conflict', `instance ${instance} of pod ${uid} still runs`));
      }
      known.delete(instance);
      directory.removeInstance(instance);
      return ok(undefined);
    },
    setDeadline: (remainingMs) =>
      ask({ type: 'deadline', ...(remainingMs === undefined ? {} : { remainingMs }) }),
    runningConfig: (instance) =>
      known.get(instance)?.state === 'running' ? directory.config(instance) : undefined,
    leaders: () =>
      [...known.entries()].flatMap(([instance, { name, state }]) => {
        if (state !== 'running') return [];
        const path = `${options.path}/${INSTANCES}/${instance}/started.json`;
        const started = readRecord(path) as StartRecord | undefined;
        return started === undefined ? [] : [{ name, pid: started.process.pid }];
      }),
    keep: async () => {
      const reached = await keeper();
      return reached.ok ? ok(undefined) : reached;
    },
    needsKeeper: () =>
      findKeeper(options.path).living !== undefined || directory.unsettled().length > 0,
    endKeeper: async () => {
      const isNeeded = client !== undefined || connecting !== undefined;
      if (!isNeeded && findKeeper(options.path).living === undefined) {
        if (directory.unsettled().length === 0) return ok(undefined);
      }
      const ended = await ask({ type: 'end' });
      client?.close();
      client = undefined;
      return ended;
    },
    close: () => {
      isClosed = true;
      client?.close();
    },
  };
}

const keyOf = ({ name, attempt }: ContainerStatus): string => `${name}_${attempt}`;

function byAttempt(a: ContainerStatus, b: ContainerStatus): number {
  return a.name === b.name ? a.attempt - b.attempt : a.name < b.name ? -1 : 1;
}

/** Directories of the program that runs this peer come last, so that pods find node where the peer has it. */
const PATH = `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${process.execPath.replace(/\/[^/]*$/, '')}`;

function processConfig(
  directory: PodDirectory,
  instance: string,
  config: ContainerConfig,
): ProcessConfig {
  return {
    command: config.command,
    environment: { PATH, HOME: directory.workPath, ...config.environment },
    workingDirectory: config.workingDirectory === '' ? directory.workPath : config.workingDirectory,
    logPath: directory.logPath(instance),
    ...(config.stdin === true ? { stdin: true, stdinOnce: config.stdinOnce === true } : {}),
    ...(config.tty === true ? { tty: true } : {}),
  };
}
