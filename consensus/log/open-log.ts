// Opens a log: takes the directory, reads back what is there, and puts the newest whole snapshot under it.

import { SkeinError } from '../../runtime/index.ts';
import type { Entry, HardState, ReplicaId, SnapshotMeta } from '../raft/types.ts';
import type { Disk } from './disk.ts';
import type { LogStorage, RecoveredLog } from './log-storage.ts';
import { recoverSegments } from './recovery.ts';
import type { RecoveredSegments } from './recovery.ts';
import { corruptLog, segmentName } from './segment.ts';
import { createSegmentedLog } from './segmented-log.ts';
import { createSegment, openSegmentWriter } from './segment-writer.ts';
import { openSnapshots } from './snapshots.ts';
import type { SnapshotReader } from './snapshots.ts';
import { finishSuccession } from './succession.ts';
import { spareName } from './spare-segment.ts';

/** Of a segment file, unless the options say otherwise. */
export const defaultSegmentBytes = 64 << 20;

export interface LogOptions {
  readonly directory: string;
  /** The identity of a log that does not exist yet: random and never used before. An existing log keeps its own. */
  readonly replicaId: ReplicaId;
  /** Default 64 MiB. Segments that exist keep their size. */
  readonly segmentBytes?: number;
  /** Gets the newest snapshot while it is checked, so that it need not be read again. */
  readonly snapshotReader?: SnapshotReader;
}

export const readNothing: SnapshotReader = () => () => undefined;

/**
 * Errors: conflict (another process has it), corrupt (file, offset, what to do), unsupported (a format
 * version this program does not know), overloaded with `isDiskFull` (no room for the first segment, or for the
 * one after a received snapshot).
 */
export async function openLog(
  disk: Disk,
  options: LogOptions,
): Promise<{ readonly log: LogStorage; readonly recovered: RecoveredLog }> {
  const { directory, segmentBytes = defaultSegmentBytes, snapshotReader = readNothing } = options;
  await disk.makeDirectory(directory);
  const release = await disk.lock(directory);
  try {
    await removeUnfinished(disk, directory);
    // A file may have got its name just before the process before this one ended: what is built on it must not lose it.
    await disk.syncDirectory(directory);
    await finishSuccession(disk, directory);
    const { snapshots, broken } = await openSnapshots(disk, directory, snapshotReader);
    const snapshot = snapshots.newest();
    const segments =
      (await recoverSegments(disk, directory)) ??
      (await createLog(disk, options, snapshot ?? broken));
    const { recovered, restartAt } = reconcile(directory, segments, snapshot, broken);
    const writer = await openSegmentWriter(disk, directory, segmentBytes, segments.writer);
    if (restartAt !== undefined) {
      await writer.restart(restartAt.index, restartAt.term, recovered.hardState);
    }
    const lastIndex = restartAt?.index ?? segments.writer.lastIndex;
    return { log: createSegmentedLog({ writer, snapshots, lastIndex, release }), recovered };
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * Reads a log and leaves every file as it is; the caller holds the directory's lock. Undefined when there is none.
 * Errors: corrupt, unsupported, as openLog.
 */
export async function readLog(
  disk: Disk,
  directory: string,
  reader: SnapshotReader,
): Promise<RecoveredLog | undefined> {
  const { snapshots, broken } = await openSnapshots(disk, directory, reader);
  const segments = await recoverSegments(disk, directory, false);
  if (segments === undefined) return undefined;
  return reconcile(directory, segments, snapshots.newest(), broken).recovered;
}

/** Files that were being written aside when the process ended were never part of the log. */
async function removeUnfinished(disk: Disk, directory: string): Promise<void> {
  for (const name of await disk.list(directory)) {
    if (name.endsWith('.tmp')) await disk.remove(`${directory}/${name}`);
  }
}

async function createLog(
  disk: Disk,
  options: LogOptions,
  leftover: unknown,
): Promise<RecoveredSegments> {
  const { directory, replicaId, segmentBytes = defaultSegmentBytes } = options;
  if (leftover !== undefined) {
    throw corruptLog(`${directory}/${segmentName(1)}`, 0, 'there is a snapshot but no segment');
  }
  const hardState: HardState = { term: 0, vote: 0, commit: 0 };
  const header = { replicaId, sequence: 1, bytes: segmentBytes };
  const base = { baseIndex: 0, baseTerm: 0, isRestart: false };
  const before = { lastCrc: 0, lastWrite: 0, hardState };
  await disk.preallocate(`${directory}/${spareName}`, segmentBytes);
  const first = await createSegment(disk, directory, { ...header, ...base }, before);
  const { info, ...end } = first;
  const writer = { replicaId, segments: [info], ...end, lastIndex: 0, lastTerm: 0, hardState };
  return { replicaId, hardState, base: { index: 0, term: 0 }, entries: [], writer };
}

/**
 * Puts the snapshot under the segments. When the log does not reach it or disagrees with it, it came from
 * the leader and the crash was before the restart that follows: `restartAt` says to finish that.
 */
function reconcile(
  directory: string,
  segments: RecoveredSegments,
  snapshot: SnapshotMeta | undefined,
  broken: SkeinError | undefined,
): { recovered: RecoveredLog; restartAt: SnapshotMeta | undefined } {
  const { base, entries, replicaId } = segments;
  const at = snapshot?.index ?? 0;
  if (at < base.index) {
    if (broken !== undefined) {
      throw new SkeinError(
        'corrupt',
        `${broken.message}, and the log begins only after entry ${base.index}: \`skein rejoin\` has the peer ` +
          'set it aside and join again as a new replica',
        broken.details,
        broken,
      );
    }
    throw corruptLog(directory, 0, `the log begins after entry ${base.index} without its snapshot`);
  }
  const isContinued = snapshot === undefined || agrees(segments, snapshot);
  const kept: readonly Entry[] = isContinued ? entries.slice(at - base.index) : [];
  const hardState = fittedHardState(segments.hardState, snapshot, at + kept.length);
  const recovered = { replicaId, hardState, entries: kept };
  return snapshot === undefined
    ? { recovered, restartAt: undefined }
    : { recovered: { ...recovered, snapshot }, restartAt: isContinued ? undefined : snapshot };
}

/** Whether the log has the snapshot's last entry, as far as it can tell. */
function agrees(segments: RecoveredSegments, snapshot: SnapshotMeta): boolean {
  const { base, entries } = segments;
  if (snapshot.index === base.index) return (base.term ?? snapshot.term) === snapshot.term;
  return entries[snapshot.index - base.index - 1]?.term === snapshot.term;
}

/** A snapshot is committed and its term was seen; a commit beyond a torn tail was never acknowledged. */
function fittedHardState(
  state: HardState,
  snapshot: SnapshotMeta | undefined,
  lastIndex: number,
): HardState {
  const { index = 0, term = 0 } = snapshot ?? {};
  const commit = Math.min(Math.max(state.commit, index), lastIndex);
  return term > state.term ? { term, vote: 0, commit } : { ...state, commit };
}
