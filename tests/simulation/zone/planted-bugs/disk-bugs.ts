// A log that keeps less than it says, each by one step that is easy to leave out.

import type { Disk, DiskFile } from '../../../../consensus/log/disk.ts';
import type { LogStorage, RecoveredLog } from '../../../../consensus/log/log-storage.ts';
import type { ReplicaParts } from '../../../../consensus/replica/replica-parts.ts';
import type { PlantedBug } from './planted-bug.ts';

const withLog =
  (change: (log: LogStorage) => Partial<LogStorage>) =>
  (base: ReplicaParts): ReplicaParts => ({
    ...base,
    openLog: async (disk, options) => {
      const { log, recovered } = await base.openLog(disk, options);
      return { log: { ...log, ...change(log) }, recovered };
    },
  });

const withRecovered =
  (change: (recovered: RecoveredLog) => RecoveredLog) =>
  (base: ReplicaParts): ReplicaParts => ({
    ...base,
    openLog: async (disk, options) => {
      const { log, recovered } = await base.openLog(disk, options);
      return { log, recovered: change(recovered) };
    },
  });

const nothing = (): Promise<void> => Promise.resolve();

/** Files whose writes pass through `write` first; false drops one, and says it was done. */
const withWrites =
  (mayWrite: (bytes: Uint8Array) => boolean) =>
  (disk: Disk): Disk => ({
    ...disk,
    open: async (path, access) => {
      const file: DiskFile = await disk.open(path, access);
      if (access !== 'write-through') return file;
      return {
        ...file,
        write: (at, bytes) => (mayWrite(bytes) ? file.write(at, bytes) : nothing()),
      };
    },
  });

export const diskBugs: readonly PlantedBug[] = [
  {
    name: 'acknowledges a batch while it is being written',
    firstSeed: 1,
    flaw: {
      parts: withLog((log) => ({
        append: (batch) => {
          log.append(batch).catch(() => undefined);
          return nothing();
        },
      })),
    },
  },
  {
    name: 'writes its log without a sync',
    firstSeed: 1,
    flaw: {
      disk: (disk) => ({
        ...disk,
        open: (path, access) => disk.open(path, access === 'write-through' ? 'write' : access),
      }),
    },
  },
  {
    name: 'never syncs the directory of its log',
    firstSeed: 1,
    flaw: { disk: (disk) => ({ ...disk, syncDirectory: nothing }) },
  },
  {
    name: 'loses a vote that comes without entries',
    firstSeed: 1,
    flaw: {
      parts: withLog((log) => ({
        append: (batch) => (batch.entries.length === 0 ? nothing() : log.append(batch)),
      })),
    },
  },
  {
    name: 'cuts a write too many from the end of its log',
    firstSeed: 1,
    flaw: {
      parts: withRecovered((recovered) => {
        const entries = recovered.entries.slice(0, -1);
        const last = entries.at(-1)?.index ?? recovered.snapshot?.index ?? 0;
        const { hardState } = recovered;
        const commit = Math.min(hardState.commit, last);
        return { ...recovered, entries, hardState: { ...hardState, commit } };
      }),
    },
  },
  {
    name: 'takes what its last process left in the page cache for durable',
    firstSeed: 75,
    flaw: {
      disk: (disk) => {
        // In a log that was there the first write that is not all zeros settles the last one of the process before.
        let isOpening = true;
        let isNext = false;
        const list: Disk['list'] = async (directory) => {
          const found = await disk.list(directory);
          if (isOpening) isNext = found.some((name) => name.startsWith('segment-'));
          isOpening = false;
          return found;
        };
        return withWrites((bytes) => {
          const isSettling = isNext && bytes.some((byte) => byte !== 0);
          if (isSettling) isNext = false;
          return !isSettling;
        })({ ...disk, list });
      },
    },
  },
  {
    name: 'gives a snapshot its name before its content is on disk',
    firstSeed: 1,
    flaw: {
      disk: (disk) => ({
        ...disk,
        open: async (path, access) => {
          const file = await disk.open(path, access);
          return access === 'write' ? { ...file, sync: nothing } : file;
        },
      }),
    },
  },
];
