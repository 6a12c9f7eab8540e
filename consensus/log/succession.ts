// A new replica takes over a log's directory, with a state of its own and nothing of what came before.
//
//   successor.snap, durable --> first segment of the new replica, a restart, gets its name --> snapshot gets its name
//       crash: the old log            THE MOMENT: from here on the new one                       old files go
//
// Whatever a crash leaves is finished by the next who opens the log: before the moment the old log is whole and the
// successor's snapshot is removed, after it the old segments are void.

import type { HardState, ReplicaId, SnapshotMeta } from '../raft/types.ts';
import type { Disk } from './disk.ts';
import type { SnapshotChunks } from './log-storage.ts';
import { firstRecordOffset, readHeader, segmentName, sequenceOf } from './segment.ts';
import type { SegmentHeader } from './segment.ts';
import { createSegment } from './segment-writer.ts';
import { snapshotIndexOf, snapshotName, verifySnapshot, writeSnapshotAs } from './snapshot-file.ts';
import { spareName } from './spare-segment.ts';

const successorName = 'successor.snap';

export interface Successor {
  readonly replicaId: ReplicaId;
  readonly hardState: HardState;
  /** Greater than any index of the log before. */
  readonly meta: SnapshotMeta;
  readonly chunks: SnapshotChunks;
  readonly segmentBytes: number;
}

/** The caller holds the directory's lock. Errors: overloaded with `isDiskFull`, and then nothing has changed. */
export async function succeedLog(
  disk: Disk,
  directory: string,
  successor: Successor,
): Promise<void> {
  const { replicaId, hardState, meta, chunks, segmentBytes } = successor;
  await removeIfThere(disk, directory, spareName);
  await disk.preallocate(`${directory}/${spareName}`, segmentBytes);
  await writeSnapshotAs(disk, directory, successorName, meta, chunks);
  const newest = (await newestSegment(disk, directory))!;
  const header = {
    replicaId,
    sequence: newest.sequence + 1,
    bytes: segmentBytes,
    baseIndex: meta.index,
    baseTerm: meta.term,
    isRestart: true,
  };
  await createSegment(disk, directory, header, { lastCrc: 0, lastWrite: 0, hardState });
  await takeOver(disk, directory, meta, header.sequence);
}

/** To be called before a log is read: what a crash left half done is done, or undone. */
export async function finishSuccession(disk: Disk, directory: string): Promise<void> {
  if (!(await disk.list(directory)).includes(successorName)) return;
  const path = `${directory}/${successorName}`;
  const meta = await verifySnapshot(disk, path, () => undefined);
  const newest = await newestSegment(disk, directory);
  if (newest?.isRestart !== true || newest.baseIndex !== meta.index) {
    await disk.remove(path);
    await disk.syncDirectory(directory);
    return;
  }
  await takeOver(disk, directory, meta, newest.sequence);
}

/** The moment has come: gives the snapshot its name, and then removes what is void. */
async function takeOver(
  disk: Disk,
  directory: string,
  meta: SnapshotMeta,
  sequence: number,
): Promise<void> {
  await disk.rename(`${directory}/${successorName}`, `${directory}/${snapshotName(meta)}`);
  await disk.syncDirectory(directory);
  for (const name of await disk.list(directory)) {
    const index = snapshotIndexOf(name);
    const segment = sequenceOf(name);
    const isVoid =
      (index !== undefined && index < meta.index) || (segment !== undefined && segment < sequence);
    if (isVoid) await disk.remove(`${directory}/${name}`);
  }
  await disk.syncDirectory(directory);
}

async function newestSegment(disk: Disk, directory: string): Promise<SegmentHeader | undefined> {
  const sequences = (await disk.list(directory)).map(sequenceOf).filter((one) => one !== undefined);
  if (sequences.length === 0) return undefined;
  const path = `${directory}/${segmentName(Math.max(...sequences))}`;
  const file = await disk.open(path, 'read');
  try {
    return readHeader(path, Buffer.from(await file.read(0, firstRecordOffset))).header;
  } finally {
    await file.close();
  }
}

async function removeIfThere(disk: Disk, directory: string, name: string): Promise<void> {
  if ((await disk.list(directory)).includes(name)) await disk.remove(`${directory}/${name}`);
}
