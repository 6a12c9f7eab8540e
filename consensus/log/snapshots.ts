// The snapshots of one log: the newest whole one, and the one before it to fall back to.

import { SkeinError } from '../../runtime/index.ts';
import type { SnapshotMeta } from '../raft/types.ts';
import type { Disk } from './disk.ts';
import type { SnapshotChunks } from './log-storage.ts';
import {
  readChunks,
  snapshotIndexOf,
  snapshotName,
  verifySnapshot,
  writeSnapshot,
} from './snapshot-file.ts';

/** Whole snapshots kept on disk. */
export const keptSnapshots = 2;

export interface Snapshots {
  readonly newest: () => SnapshotMeta | undefined;
  /** Resolves when it is durable and the newest; older ones beyond `keptSnapshots` are removed. */
  readonly save: (meta: SnapshotMeta, chunks: SnapshotChunks) => Promise<void>;
  /** The newest one's chunks. Throws `corrupt` when they rotted since they were written. */
  readonly read: () =>
    | { readonly meta: SnapshotMeta; readonly chunks: AsyncIterable<Uint8Array> }
    | undefined;
  /** Removes all but the newest: the log no longer covers them. */
  readonly forgetOlder: () => Promise<void>;
  readonly idle: () => Promise<void>;
}

/** What `openSnapshots` found: the newest whole one, and a broken one that should have been newer. */
export interface FoundSnapshots {
  readonly snapshots: Snapshots;
  readonly broken: SkeinError | undefined;
}

/** Is shown a snapshot from its first chunk on, as it is checked; another after one that turned out to be broken. */
export type SnapshotReader = () => (chunk: Uint8Array) => void;

/** Finds the newest whole snapshot. Throws `unsupported` for a version it does not know. */
export async function openSnapshots(
  disk: Disk,
  directory: string,
  reader: SnapshotReader,
): Promise<FoundSnapshots> {
  const names = (await disk.list(directory))
    .filter((name) => snapshotIndexOf(name) !== undefined)
    .sort();
  let broken: SkeinError | undefined;
  let newest: SnapshotMeta | undefined;
  const brokenNames: string[] = [];
  for (const name of names.toReversed()) {
    try {
      newest = await verifySnapshot(disk, `${directory}/${name}`, reader());
      break;
    } catch (error) {
      if (!(error instanceof SkeinError) || error.code !== 'corrupt') throw error;
      broken ??= error;
      brokenNames.push(name);
    }
  }
  return { snapshots: createSnapshots(disk, directory, newest, brokenNames), broken };
}

function createSnapshots(
  disk: Disk,
  directory: string,
  found: SnapshotMeta | undefined,
  brokenNames: readonly string[],
): Snapshots {
  let newest = found;
  let saving: Promise<void> = Promise.resolve();
  const readers = new Map<string, number>();

  async function* readWhileKept(name: string): AsyncGenerator<Uint8Array> {
    readers.set(name, (readers.get(name) ?? 0) + 1);
    try {
      yield* readChunks(disk, `${directory}/${name}`);
    } finally {
      const left = (readers.get(name) ?? 1) - 1;
      if (left === 0) readers.delete(name);
      else readers.set(name, left);
    }
  }

  /** What is being read stays for now; the next snapshot removes it. Broken ones do not count as kept. */
  const prune = async (keep: number) => {
    const current = newest === undefined ? undefined : snapshotName(newest);
    const names = (await disk.list(directory)).filter(
      (name) => snapshotIndexOf(name) !== undefined,
    );
    const isBroken = (name: string) => brokenNames.includes(name) && name !== current;
    const whole = names.filter((name) => !isBroken(name)).sort();
    const surplus = whole.slice(0, Math.max(0, whole.length - keep));
    for (const name of [...names.filter(isBroken), ...surplus]) {
      if (!readers.has(name)) await disk.remove(`${directory}/${name}`);
    }
    await disk.syncDirectory(directory);
  };

  /** One at a time, and one that failed does not keep the next from running. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = saving.then(work);
    saving = turn.catch(() => undefined);
    return turn;
  };

  return {
    newest: () => newest,
    save: (meta, chunks) =>
      inTurn(async () => {
        if (newest !== undefined && meta.index <= newest.index) {
          throw new SkeinError(
            'conflict',
            `a snapshot at ${meta.index} is not newer than the one at ${newest.index}`,
            { index: meta.index, newest: newest.index },
          );
        }
        await writeSnapshot(disk, directory, meta, chunks);
        newest = meta;
        await prune(keptSnapshots);
      }),
    read: () =>
      newest === undefined
        ? undefined
        : { meta: newest, chunks: readWhileKept(snapshotName(newest)) },
    forgetOlder: () => inTurn(() => prune(1)),
    idle: () => saving,
  };
}
