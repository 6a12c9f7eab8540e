// A disk that writes in order, and at a crash keeps any prefix of what it was told but had not
// reported.

import type { Random } from '../../../runtime/index.ts';
import { blankState } from '../../../consensus/raft/initial-state.ts';
import type { InitialState } from '../../../consensus/raft/initial-state.ts';
import type { Persist } from '../../../consensus/raft/ready.ts';
import type { Entry, HardState, SnapshotMeta } from '../../../consensus/raft/types.ts';

/** A snapshot with the digest of the state machine for data. */
export interface StoredSnapshot {
  readonly meta: SnapshotMeta;
  readonly digest: number;
}

export interface PendingWrite {
  readonly persist: Persist;
  /** The received data of `persist.snapshot`. */
  readonly snapshot: StoredSnapshot | undefined;
}

export interface SimulatedDisk {
  /** What a crash leaves for certain. */
  hardState: HardState;
  /** What was written after it without a sync: a crash may or may not leave it. */
  unsynced: HardState;
  entries: Entry[];
  snapshot: StoredSnapshot | undefined;
  queue: PendingWrite[];
  /** Planted bug: old entries stay behind where newer ones should have cut them off. */
  forgetsToCut: boolean;
}

export function createDisk(initial: InitialState = blankState): SimulatedDisk {
  const { hardState, snapshot } = initial;
  return {
    hardState,
    unsynced: hardState,
    entries: [...initial.entries],
    snapshot: snapshot === undefined ? undefined : { meta: snapshot, digest: 0 },
    queue: [],
    forgetsToCut: false,
  };
}

/** Carries out the oldest write. */
export function writeOne(disk: SimulatedDisk): PendingWrite | undefined {
  const write = disk.queue.shift();
  if (write === undefined) return undefined;
  const { persist } = write;
  if (write.snapshot !== undefined) {
    disk.snapshot = write.snapshot;
    disk.entries = [];
  }
  putEntries(disk, persist.entries);
  if (persist.hardState !== undefined) disk.unsynced = persist.hardState;
  if (persist.mustSync) disk.hardState = disk.unsynced;
  return write;
}

function putEntries(disk: SimulatedDisk, entries: readonly Entry[]): void {
  const first = entries[0];
  if (first === undefined) return;
  const start = disk.entries[0]?.index ?? first.index;
  const tail = disk.forgetsToCut ? disk.entries.slice(entries.at(-1)!.index + 1 - start) : [];
  disk.entries = [...disk.entries.slice(0, first.index - start), ...entries, ...tail];
}

/** Drops entries that the newest snapshot covers, up to `index`. */
export function trimDisk(disk: SimulatedDisk, index: number): void {
  disk.entries = disk.entries.filter((entry) => entry.index > index);
}

/** Loses what was not synced, or not all of it; leaves what a restart finds. */
export function crashDisk(disk: SimulatedDisk, random: Random): void {
  for (let kept = random.integer(disk.queue.length + 1); kept > 0; kept--) writeOne(disk);
  const torn = disk.queue[0];
  // A received snapshot is made durable before the log starts anew: a crash can come in between.
  if (torn?.snapshot !== undefined && random.float() < 0.5) disk.snapshot = torn.snapshot;
  disk.queue = [];
  if (random.float() < 0.5) disk.hardState = disk.unsynced;
  disk.unsynced = disk.hardState;
}

export function recover(disk: SimulatedDisk): InitialState {
  return { hardState: disk.hardState, snapshot: disk.snapshot?.meta, entries: disk.entries };
}

/** Whether the disk holds this entry, or a snapshot that covers it. */
export function holds(disk: SimulatedDisk, index: number, term: number): boolean {
  if (index <= (disk.snapshot?.meta.index ?? 0)) return true;
  const first = disk.entries[0];
  return first !== undefined && disk.entries[index - first.index]?.term === term;
}
