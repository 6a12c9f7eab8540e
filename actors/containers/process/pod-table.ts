// All pods of the driver: made, taken over from earlier lives of this peer, stopped and removed.

import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { asSkeinError, failed, ok } from '../../../runtime/index.ts';
import type { Logger, Result } from '../../../runtime/index.ts';
import type { ContainerStatus, PodConfig, PodSandbox } from '../container-driver.ts';
import { KEEPER_VERSION } from '../keeper/keeper-protocol.ts';
import { createKeptPod } from './kept-pod.ts';
import type { KeptPod } from './kept-pod.ts';
import type { PodAddressing } from './pod-addressing.ts';
import { podDirectory, podUids } from './pod-directory.ts';
import type { PodDirectory, PodRecord } from './pod-directory.ts';
import { userOf } from './pod-user.ts';
import type { PodUsers } from './pod-user.ts';

export interface PodTable {
  readonly open: () => Promise<Result<void>>;
  readonly run: (config: PodConfig) => Promise<Result<PodSandbox>>;
  readonly stop: (uid: string) => Promise<Result<void>>;
  readonly remove: (uid: string) => Promise<Result<void>>;
  readonly get: (uid: string) => KeptPod | undefined;
  readonly all: () => readonly KeptPod[];
  readonly close: () => void;
}

export interface PodTableOptions {
  readonly directory: string;
  readonly workDirectory: string;
  readonly users: PodUsers;
  readonly logFileBytes: number;
  readonly logFiles: number;
  readonly log: Logger;
}

interface Entry {
  record: PodRecord;
  readonly directory: PodDirectory;
  readonly pod: KeptPod;
}

export function createPodTable(
  options: PodTableOptions,
  addressing: PodAddressing,
  changed: (status: ContainerStatus) => void,
): PodTable {
  const entries = new Map<string, Entry>();
  const making = new Map<string, Promise<Result<PodSandbox>>>();

  const enter = (record: PodRecord, directory: PodDirectory): Entry => {
    const { uid } = record.config;
    const pod = createKeptPod(uid, {
      directory,
      path: directory.path,
      record: () => entry.record,
      log: options.log,
      changed,
    });
    const entry: Entry = { record, directory, pod };
    entries.set(uid, entry);
    return entry;
  };
  const make = async (config: PodConfig): Promise<Result<PodSandbox>> => {
    const taken = await addressing.take(config.uid, config.ports);
    if (!taken.ok) return taken;
    const user = userOf(options.users, addressing.indexOf(taken.value));
    const directory = podDirectory(options.directory, options.workDirectory, config.uid);
    try {
      directory.save({
        config,
        state: 'ready',
        ...taken.value,
        createdAtMs: Date.now(),
        ...(user === undefined ? {} : { user }),
      });
      directory.saveKeeper({
        version: KEEPER_VERSION,
        podUid: config.uid,
        logFileBytes: options.logFileBytes,
        logFiles: options.logFiles,
        ...(user === undefined ? {} : { user }),
      });
    } catch (error) {
      addressing.release(config.uid);
      directory.remove();
      return failed(asSkeinError(error));
    }
    const { pod } = enter(directory.record()!, directory);
    const kept = await pod.keep();
    return kept.ok ? ok(pod.sandbox()) : kept;
  };
  const stop = async (uid: string): Promise<Result<void>> => {
    const entry = entries.get(uid);
    if (entry === undefined || entry.record.state === 'stopped') return ok(undefined);
    const ended = await entry.pod.endKeeper();
    if (!ended.ok) return ended;
    entry.record = { ...entry.record, state: 'stopped', address: '' };
    entry.directory.save(entry.record);
    addressing.release(uid);
    return ok(undefined);
  };

  return {
    open: async () => {
      try {
        prepare(options);
        for (const uid of podUids(options.directory)) {
          const directory = podDirectory(options.directory, options.workDirectory, uid);
          const record = directory.record();
          // Without a record nothing was started: the peer died while it made the directory, or removed it.
          if (record === undefined) directory.remove();
          else adopt(record, directory);
        }
      } catch (error) {
        return failed(asSkeinError(error));
      }
      return takeOver([...entries.values()]);
    },
    run: (config) => {
      const entry = entries.get(config.uid);
      const running = making.get(config.uid);
      if (running !== undefined) return running;
      if (entry?.record.state === 'ready') {
        return entry.pod.keep().then((kept) => (kept.ok ? ok(entry.pod.sandbox()) : kept));
      }
      const made = make(config).finally(() => making.delete(config.uid));
      making.set(config.uid, made);
      return made;
    },
    stop,
    remove: async (uid) => {
      const stopped = await stop(uid);
      if (!stopped.ok) return stopped;
      entries.get(uid)?.directory.remove();
      entries.get(uid)?.pod.close();
      entries.delete(uid);
      return ok(undefined);
    },
    get: (uid) => entries.get(uid)?.pod,
    all: () => [...entries.values()].map(({ pod }) => pod),
    close: () => {
      for (const { pod } of entries.values()) pod.close();
    },
  };

  function adopt(record: PodRecord, directory: PodDirectory): void {
    if (record.state === 'ready') addressing.keep(record.config.uid, record);
    enter(record, directory);
  }

  async function takeOver(found: readonly Entry[]): Promise<Result<void>> {
    const waiting = found.filter(
      ({ record, pod }) => record.state === 'ready' && pod.needsKeeper(),
    );
    for (const { pod } of waiting) {
      const kept = await pod.keep();
      if (!kept.ok) {
        options.log.error('a pod of an earlier life cannot be taken over', {
          pod: pod.uid,
          why: kept.error.message,
        });
      }
    }
    return ok(undefined);
  }
}

/** Makes the directories and says so when the pods' users cannot reach theirs. */
function prepare({ directory, workDirectory, users, log }: PodTableOptions): void {
  mkdirSync(join(directory, 'pods'), { recursive: true, mode: 0o700 });
  mkdirSync(workDirectory, { recursive: true, mode: 0o711 });
  if (users === 'own') return;
  chmodSync(workDirectory, 0o711);
  if (workDirectory.startsWith(directory)) chmodSync(directory, 0o711);
  for (let path = resolve(workDirectory); path !== '/'; path = dirname(path)) {
    if ((statSync(path).mode & 0o001) !== 0) continue;
    log.warn('pods run as other users, who cannot pass through this directory to their own', {
      path,
      remedy: `chmod o+x ${path}, or choose another work directory`,
    });
  }
}
