// The state of a store as bytes and back: blocks of rows, each with its length before it, cut into chunks.
//
//   head, leases, sessions with their answers, keys alive at the compacted revision, every event since

import { Packr } from 'msgpackr';

import { assert, failed, ok, SkeinError } from '../../runtime/index.ts';
import type { ErrorCode, Result } from '../../runtime/index.ts';
import type { KeyspaceImage } from './keyspace.ts';
import type { SessionRow } from './request-table.ts';
import type { KeyValue, Lease, Revision } from './store.ts';

/** Raised when a row changes its meaning; a replica refuses what it does not know. */
export const stateVersion = 1;
/** Of one chunk that `encodeState` yields. */
export const maxStateChunkBytes = 1 << 20;
/** About the bytes encoded in one go: what the event loop waits for. */
const blockBytes = 256 << 10;

/** All there is to a store's state, as it was at one moment. */
export interface StateImage<A> {
  readonly keyspace: KeyspaceImage;
  readonly leases: readonly Lease[];
  readonly sessions: readonly SessionRow<Result<A>>[];
}

/** Receives a state row by row, in the order in which they were written. */
export interface StateBuilder<A> {
  readonly head: (compacted: Revision, revision: Revision) => void;
  readonly lease: (lease: Lease) => void;
  readonly session: (row: SessionRow<Result<A>>) => void;
  readonly base: (kv: KeyValue) => void;
  readonly event: (revision: Revision, kv: KeyValue) => void;
}

const packr = new Packr({ useRecords: false });
const rows = { head: 0, lease: 1, session: 2, answer: 3, base: 4, event: 5 } as const;
type Row = readonly unknown[];

/** Lazily: bounded work for each chunk, while the store goes on. */
export function* encodeState<A>(image: StateImage<A>): Generator<Uint8Array> {
  let block: Row[] = [];
  let bytes = 0;
  for (const row of rowsOf(image)) {
    block.push(row);
    bytes += 32 + weightOf(row);
    if (bytes < blockBytes) continue;
    yield* encodeBlock(block);
    block = [];
    bytes = 0;
  }
  if (block.length > 0) yield* encodeBlock(block);
}

function weightOf(row: Row): number {
  let weight = 0;
  for (const field of row) if (typeof field === 'string') weight += field.length;
  return weight;
}

function* encodeBlock(block: readonly Row[]): Generator<Uint8Array> {
  const packed = packr.pack(block);
  const framed = Buffer.allocUnsafe(4 + packed.length);
  framed.writeUInt32LE(packed.length, 0);
  framed.set(packed, 4);
  for (let at = 0; at < framed.length; at += maxStateChunkBytes) {
    yield framed.subarray(at, at + maxStateChunkBytes);
  }
}

function* rowsOf<A>(image: StateImage<A>): Generator<Row> {
  const { keyspace, leases, sessions } = image;
  yield [rows.head, stateVersion, keyspace.compacted, keyspace.revision];
  for (const lease of leases) yield [rows.lease, lease.id, lease.ttlMs];
  for (const [session, lowest, answers] of sessions) {
    yield [rows.session, session, lowest];
    for (const [sequence, answer] of answers) yield [rows.answer, sequence, answerToWire(answer)];
  }
  for (const kv of keyspace.base()) yield kvToRow(rows.base, kv);
  for (const change of keyspace.changes) {
    for (const { kv } of change.events) yield kvToRow(rows.event, kv);
  }
}

function kvToRow(type: number, kv: KeyValue): Row {
  return [type, kv.key, kv.value, kv.createRevision, kv.modRevision, kv.version, kv.lease];
}

function kvFromRow(row: Row): KeyValue {
  const [, key, value, createRevision, modRevision, version, lease] = row as [
    number,
    string,
    string,
    number,
    number,
    number,
    number,
  ];
  return { key, value, createRevision, modRevision, version, lease };
}

function answerToWire<A>(answer: Result<A>): Row {
  if (answer.ok) return [answer.value];
  const { code, message, details } = answer.error;
  return [null, code, message, details];
}

function answerFromWire<A>(wire: Row): Result<A> {
  if (wire.length === 1) return ok(wire[0] as A);
  const [, code, message, details] = wire as [null, ErrorCode, string, Record<string, string>];
  return failed(new SkeinError(code, message, details));
}

/** Reads chunks in order, however they were cut. Throws `unsupported` or `corrupt`. */
export function createStateReader<A>(builder: StateBuilder<A>): {
  readonly add: (chunk: Uint8Array) => void;
  readonly finish: () => void;
} {
  const pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let session: [number, number, [number, Result<A>][]] | undefined;
  let hasHead = false;

  const endSession = () => {
    if (session !== undefined) builder.session(session);
    session = undefined;
  };

  const read = (row: Row) => {
    if (row[0] !== rows.answer) endSession();
    switch (row[0] as number) {
      case rows.head:
        checkVersion(row[1]);
        hasHead = true;
        return builder.head(row[2] as number, row[3] as number);
      case rows.lease:
        return builder.lease({ id: row[1] as number, ttlMs: row[2] as number });
      case rows.session:
        session = [row[1] as number, row[2] as number, []];
        return undefined;
      case rows.answer:
        assert(session !== undefined, 'an answer belongs to a session');
        session[2].push([row[1] as number, answerFromWire(row[2] as Row)]);
        return undefined;
      case rows.base:
        return builder.base(kvFromRow(row));
      case rows.event:
        return builder.event(row[4] as number, kvFromRow(row));
      default:
        throw new SkeinError(
          'unsupported',
          `a snapshot of the store has an unknown row ${String(row[0])}`,
        );
    }
  };

  return {
    add: (chunk) => {
      pending.push(chunk);
      pendingBytes += chunk.length;
      if (pendingBytes < 4) return;
      let bytes = pending.length === 1 ? asBuffer(pending[0]!) : Buffer.concat(pending);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32LE(0)) {
        const end = 4 + bytes.readUInt32LE(0);
        for (const row of packr.unpack(bytes.subarray(4, end)) as Row[]) read(row);
        bytes = bytes.subarray(end);
      }
      pending.length = 0;
      if (bytes.length > 0) pending.push(bytes);
      pendingBytes = bytes.length;
    },
    finish: () => {
      endSession();
      if (pendingBytes > 0 || !hasHead) {
        throw new SkeinError('corrupt', 'a snapshot of the store ends early: ask for it again');
      }
    },
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function checkVersion(version: unknown): void {
  if (version === stateVersion) return;
  throw new SkeinError(
    'unsupported',
    `a snapshot of the store has version ${String(version)}, this program reads version ${stateVersion}: ` +
      'run the newest program of the zone on this peer',
    { version: String(version) },
  );
}
