// What the driver keeps of a pod on the disk: one directory per pod, readable by the peer's user alone.
//
//   pods/UID/pod.json  keeper.json  keeper.N.claim  keeper.sock
//            instances/NAME_ATTEMPT/config.json  claim.json  started.json  exit.json
//            logs/NAME_ATTEMPT.log ...
//   work/UID/          the working directory and HOME of its processes, owned by the pod's user

import { chownSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerExit, ContainerStatus, PodConfig, ServedPort } from '../container-driver.ts';
import { INSTANCES } from '../keeper/instances.ts';
import type { KeeperConfig, ProcessConfig } from '../keeper/keeper-protocol.ts';
import { KEEPER_CONFIG } from '../keeper/pod-files.ts';
import { readRecord, writeRecord } from '../keeper/record-file.ts';
import { rotatedFiles } from '../keeper/log-file.ts';
import type { UserIds } from './pod-user.ts';

/** `pod.json`. */
export interface PodRecord {
  readonly config: PodConfig;
  readonly state: 'ready' | 'stopped';
  readonly address: string;
  readonly ports: readonly ServedPort[];
  readonly createdAtMs: number;
  readonly user?: UserIds;
}

export interface PodDirectory {
  readonly path: string;
  readonly workPath: string;
  readonly record: () => PodRecord | undefined;
  readonly save: (record: PodRecord) => void;
  readonly saveKeeper: (config: KeeperConfig) => void;
  readonly config: (instance: string) => ProcessConfig | undefined;
  /** Leaves an instance alone that has been started. */
  readonly saveConfig: (instance: string, config: ProcessConfig) => void;
  readonly logPath: (instance: string) => string;
  readonly statuses: () => readonly ContainerStatus[];
  /** Instances that were started and of which no end is known. */
  readonly unsettled: () => readonly string[];
  readonly removeInstance: (instance: string) => void;
  readonly remove: () => void;
}

/** The instance's part of a container id; names of containers hold no underscore. */
export const instanceOf = (name: string, attempt: number): string => `${name}_${attempt}`;

export const containerId = (podUid: string, instance: string): string => `${podUid}/${instance}`;

/** A uid becomes a directory: undefined for one that must not. */
export const isPodUid = (uid: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(uid);

export function podDirectory(root: string, workRoot: string, uid: string): PodDirectory {
  const path = join(root, 'pods', uid);
  const workPath = join(workRoot, uid);
  const instances = join(path, INSTANCES);
  const inInstance = (instance: string, name: string): string => join(instances, instance, name);
  const logPath = (instance: string): string => join(path, 'logs', `${instance}.log`);
  const names = (): readonly string[] =>
    existsSync(instances) ? readdirSync(instances).filter((name) => /_\d+$/.test(name)) : [];

  return {
    path,
    workPath,
    logPath,
    record: () => readRecord(join(path, 'pod.json')) as PodRecord | undefined,
    save: (record) => {
      for (const directory of [path, instances, join(path, 'logs')]) {
        mkdirSync(directory, { recursive: true, mode: 0o700 });
      }
      mkdirSync(workPath, { recursive: true, mode: 0o700 });
      if (record.user !== undefined) chownSync(workPath, record.user.uid, record.user.gid);
      writeRecord(join(path, 'pod.json'), record);
    },
    saveKeeper: (config) => writeRecord(join(path, KEEPER_CONFIG), config),
    config: (instance) =>
      readRecord(inInstance(instance, 'config.json')) as ProcessConfig | undefined,
    saveConfig: (instance, config) => {
      if (existsSync(inInstance(instance, 'claim.json'))) return;
      mkdirSync(join(instances, instance), { recursive: true, mode: 0o700 });
      writeRecord(inInstance(instance, 'config.json'), config);
    },
    statuses: () =>
      names()
        .filter((instance) => existsSync(inInstance(instance, 'config.json')))
        .map((instance) => {
          const exit = readRecord(inInstance(instance, 'exit.json')) as ContainerExit | undefined;
          return statusOf(uid, instance, logPath(instance), exit);
        }),
    unsettled: () =>
      names().filter(
        (instance) =>
          existsSync(inInstance(instance, 'claim.json')) &&
          !existsSync(inInstance(instance, 'exit.json')),
      ),
    removeInstance: (instance) => {
      for (const log of [...rotatedFilesOf(logPath(instance)), logPath(instance)]) {
        rmSync(log, { force: true });
      }
      rmSync(join(instances, instance), { recursive: true, force: true });
    },
    remove: () => {
      // pod.json last: while it is there, a restarted peer knows that there is something to remove.
      rmSync(workPath, { recursive: true, force: true });
      for (const name of existsSync(path) ? readdirSync(path) : []) {
        if (name !== 'pod.json') rmSync(join(path, name), { recursive: true, force: true });
      }
      rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Uids of all pods that have a directory. */
export function podUids(root: string): readonly string[] {
  const path = join(root, 'pods');
  return existsSync(path) ? readdirSync(path).filter(isPodUid) : [];
}

/** A status from what is on the disk; `created` when it has no exit. */
export function statusOf(
  podUid: string,
  instance: string,
  logPath: string,
  exit: ContainerExit | undefined,
): ContainerStatus {
  const at = instance.lastIndexOf('_');
  const base = {
    id: containerId(podUid, instance),
    podUid,
    name: instance.slice(0, at),
    attempt: Number(instance.slice(at + 1)),
    logPath,
  };
  return exit === undefined
    ? { ...base, state: 'created', startedAtMs: 0 }
    : { ...base, state: 'exited', startedAtMs: exit.startedAtMs, exit };
}

function rotatedFilesOf(logPath: string): readonly string[] {
  return existsSync(join(logPath, '..')) ? rotatedFiles(logPath) : [];
}
