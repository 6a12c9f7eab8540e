// Entries on their way to other replicas: bytes, packed once for all followers that are sent the same.
//
//   for each entry: term (48 bits), type (8), length of data (32), data; the index follows from the place

import { SkeinError } from '../../runtime/index.ts';
import type { Entry } from '../raft/types.ts';

const headerBytes = 11;
const types = ['normal', 'config'] as const;
const nothing = new Uint8Array(0);

export function packEntries(entries: readonly Entry[]): Uint8Array {
  let size = 0;
  for (const { data } of entries) size += headerBytes + data.length;
  const packed = Buffer.allocUnsafe(size);
  let at = 0;
  for (const { term, type, data } of entries) {
    packed.writeUIntLE(term, at, 6);
    packed[at + 6] = types.indexOf(type);
    packed.writeUInt32LE(data.length, at + 7);
    packed.set(data, at + headerBytes);
    at += headerBytes + data.length;
  }
  return packed;
}

/** Undoes `packEntries`; the first entry's index is `firstIndex`. Data are views. Throws `invalid`. */
export function unpackEntries(packed: Uint8Array, firstIndex: number): Entry[] {
  if (!(packed instanceof Uint8Array)) throw brokenOff();
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.length);
  const entries: Entry[] = [];
  let at = 0;
  while (at < bytes.length) {
    const data = at + headerBytes;
    const end = data <= bytes.length ? data + bytes.readUInt32LE(at + 7) : Infinity;
    const type = types[bytes[at + 6]!];
    if (end > bytes.length || type === undefined) {
      throw brokenOff();
    }
    entries.push({
      index: firstIndex + entries.length,
      term: bytes.readUIntLE(at, 6),
      type,
      data: bytes.subarray(data, end),
    });
    at = end;
  }
  return entries;
}

const brokenOff = (): SkeinError =>
  new SkeinError('invalid', 'packed entries break off: do the replicas run one version?');

/** Packs what followers are sent, remembering the last: all that keep pace are sent the same. */
export function createEntryPacker(): (entries: readonly Entry[]) => Uint8Array {
  let last: { readonly from: Entry; readonly to: Entry; readonly packed: Uint8Array } | undefined;
  return (entries) => {
    const [from, to] = [entries[0], entries.at(-1)];
    if (from === undefined || to === undefined) return nothing;
    // The same two entries of one log have the same ones between them, as long as they are the same objects.
    if (last?.from !== from || last.to !== to) last = { from, to, packed: packEntries(entries) };
    return last.packed;
  };
}
