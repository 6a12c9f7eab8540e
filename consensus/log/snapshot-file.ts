// A snapshot as a file: written aside in checksummed chunks, synced, renamed; never loaded when broken.
//
//   8 bytes magic, 4 version, 4 zero, then frames: 4 length, 4 crc32c chained to the frame before, data.
//   The first frame is the meta, the last is empty: without it the file was cut.

import { SkeinError } from '../../runtime/index.ts';
import type { SnapshotMeta } from '../raft/types.ts';
import { crc32c } from './crc32c.ts';
import type { Disk, DiskFile } from './disk.ts';
import type { SnapshotChunks } from './log-storage.ts';

/** Raised when what is in the file changes its meaning; a program refuses what it does not know. */
export const snapshotFormatVersion = 1;
const magic = Buffer.from('SKEINSNP');
const preambleBytes = 16;
const frameHeaderBytes = 8;
/** Of one chunk of a snapshot; a larger one is refused with `too-large`. */
export const maxSnapshotChunkBytes = 16 << 20;

export function snapshotName(meta: SnapshotMeta): string {
  return `snapshot-${String(meta.index).padStart(16, '0')}-${meta.term}.snap`;
}

/** The index in a snapshot's file name; undefined for other files. */
export function snapshotIndexOf(name: string): number | undefined {
  const match = /^snapshot-(\d{16})-\d+\.snap$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** When it resolves the snapshot is there after any crash. */
export function writeSnapshot(
  disk: Disk,
  directory: string,
  meta: SnapshotMeta,
  chunks: SnapshotChunks,
): Promise<void> {
  return writeSnapshotAs(disk, directory, snapshotName(meta), meta, chunks);
}

/** Under another name than its own, where no log looks for it. */
export async function writeSnapshotAs(
  disk: Disk,
  directory: string,
  name: string,
  meta: SnapshotMeta,
  chunks: SnapshotChunks,
): Promise<void> {
  const path = `${directory}/${name}`;
  const aside = `${path}.tmp`;
  const file = await disk.open(aside, 'write');
  try {
    await writeFrames(file, meta, chunks);
    await file.sync();
  } catch (error) {
    await file.close();
    await disk.remove(aside);
    throw error;
  }
  await file.close();
  await disk.rename(aside, path);
  await disk.syncDirectory(directory);
}

async function writeFrames(
  file: DiskFile,
  meta: SnapshotMeta,
  chunks: SnapshotChunks,
): Promise<void> {
  const preamble = Buffer.alloc(preambleBytes);
  magic.copy(preamble);
  preamble.writeUInt32LE(snapshotFormatVersion, magic.length);
  await file.write(0, preamble);
  let offset = preambleBytes;
  let crc = 0;
  const put = async (data: Uint8Array) => {
    const frame = Buffer.allocUnsafe(frameHeaderBytes + data.length);
    frame.writeUInt32LE(data.length, 0);
    frame.set(data, frameHeaderBytes);
    crc = crc32c(data, 0, data.length, crc32c(frame, 0, 4, crc));
    frame.writeUInt32LE(crc, 4);
    await file.write(offset, frame);
    offset += frame.length;
  };
  await put(Buffer.from(JSON.stringify(meta)));
  for await (const chunk of chunks) {
    if (chunk.length > maxSnapshotChunkBytes) {
      throw new SkeinError(
        'too-large',
        `a snapshot chunk of ${chunk.length} bytes is over the limit of ${maxSnapshotChunkBytes}: cut it smaller`,
        { bytes: chunk.length, limit: maxSnapshotChunkBytes },
      );
    }
    if (chunk.length > 0) await put(chunk);
  }
  await put(new Uint8Array(0));
}

/** The chunks of a snapshot as they were given, each checked before it is handed out; throws `corrupt` or `unsupported`. */
export async function* readChunks(disk: Disk, path: string): AsyncGenerator<Uint8Array> {
  const frames = readFrames(disk, path);
  await frames.next();
  yield* frames;
}

/** Reads all of a snapshot, shows each chunk that checks out, and returns its meta. Throws `corrupt` or `unsupported`. */
export async function verifySnapshot(
  disk: Disk,
  path: string,
  show: (chunk: Uint8Array) => void,
): Promise<SnapshotMeta> {
  let meta: SnapshotMeta | undefined;
  for await (const frame of readFrames(disk, path)) {
    if (meta === undefined) meta = JSON.parse(Buffer.from(frame).toString()) as SnapshotMeta;
    else show(frame);
  }
  if (meta === undefined) throw corruptSnapshot(path, preambleBytes, 'it has no meta');
  return meta;
}

/** A frame, and with it the header of the next one. */
interface Frame {
  readonly data: Uint8Array;
  readonly next: Buffer;
}

/** Reads the next frame while the one before is worked on. */
async function* readFrames(disk: Disk, path: string): AsyncGenerator<Uint8Array> {
  const file = await disk.open(path, 'read');
  let reading: Promise<Frame> | undefined;
  try {
    const start = Buffer.from(await file.read(0, preambleBytes + frameHeaderBytes));
    checkPreamble(path, start);
    let offset = preambleBytes;
    let crc = 0;
    let header: Buffer = start.subarray(preambleBytes);
    for (;;) {
      reading ??= readFrame(file, path, offset, header);
      const { data, next } = await reading;
      crc = crc32c(data, 0, data.length, crc32c(header, 0, 4, crc));
      if (crc !== header.readUInt32LE(4)) {
        throw corruptSnapshot(path, offset, 'a chunk fails its check');
      }
      if (data.length === 0) return;
      offset += frameHeaderBytes + data.length;
      header = next;
      reading = readFrame(file, path, offset, header);
      // Whoever stops reading does not hear of it.
      reading.catch(() => undefined);
      yield data;
    }
  } finally {
    await reading?.catch(() => undefined);
    await file.close();
  }
}

async function readFrame(
  file: DiskFile,
  path: string,
  offset: number,
  header: Buffer,
): Promise<Frame> {
  if (header.length < frameHeaderBytes) throw corruptSnapshot(path, offset, 'it ends early');
  const length = header.readUInt32LE(0);
  if (length > maxSnapshotChunkBytes) throw corruptSnapshot(path, offset, 'a length is absurd');
  const more = length === 0 ? 0 : frameHeaderBytes;
  const read = Buffer.from(await file.read(offset + frameHeaderBytes, length + more));
  if (read.length < length) throw corruptSnapshot(path, offset, 'it ends early');
  return { data: read.subarray(0, length), next: read.subarray(length) };
}

function checkPreamble(path: string, preamble: Buffer): void {
  if (preamble.length < preambleBytes || !preamble.subarray(0, magic.length).equals(magic)) {
    throw corruptSnapshot(path, 0, 'it does not begin as a snapshot does');
  }
  const version = preamble.readUInt32LE(magic.length);
  if (version !== snapshotFormatVersion) {
    throw new SkeinError(
      'unsupported',
      `${path} has snapshot format version ${version}, this program reads version ${snapshotFormatVersion}: ` +
        'start the program that wrote it, or a newer one',
      { path, version },
    );
  }
}

function corruptSnapshot(path: string, offset: number, what: string): SkeinError {
  return new SkeinError('corrupt', `${path} is broken at offset ${offset}: ${what}`, {
    path,
    offset,
  });
}
