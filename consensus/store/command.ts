// What an entry of the log can ask of the store, and how it is put into bytes.

import { toUSVString } from 'node:util';

import { Packr } from 'msgpackr';

import { SkeinError, unreachable } from '../../runtime/index.ts';
import { endOfKeys } from './store.ts';
import type { Compare, Operation, Revision, Transaction } from './store.ts';
import type { RequestId } from './request-table.ts';

/**
 * Raised when commands can ask for more; a replica that does not know it must not go on. A command carries the
 * lowest version that knows all it asks: older replicas can follow as long as nobody asks for what is new.
 */
export const commandVersion = 2;
/** Since this version a comparison may be of a range. */
const rangeCompareVersion = 2;
/** Of one encoded command: etcd's default for a request. */
export const maxCommandBytes = 1.5 * (1 << 20);

/** Whoever proposes looks at clock and dice; a command carries what it saw. */
export type Command =
  | { readonly type: 'transaction'; readonly transaction: Transaction }
  /** Id and term are chosen by the proposer; the id is random, positive and below 2^53. */
  | { readonly type: 'grant-lease'; readonly id: number; readonly ttlMs: number }
  /** Revoked by its holder or expired by the leader: its keys go in one revision. */
  | { readonly type: 'end-lease'; readonly id: number }
  /** Forgets what only older revisions than this one can see. */
  | { readonly type: 'compact'; readonly revision: Revision }
  /** Changes nothing. */
  | { readonly type: 'none' };

export interface CommandEnvelope {
  readonly command: Command;
  /** With it the command is applied at most once, whatever is retried. */
  readonly request?: RequestId;
}

// Arrays, not maps: no field names in every entry. The first three are version, type and request id.
const packr = new Packr({ useRecords: false });
/** How each kind of command is written. */
export const commandCodes = {
  none: 0,
  transaction: 1,
  'grant-lease': 2,
  'end-lease': 3,
  compact: 4,
} as const;
const operators = ['=', '!=', '<', '>'] as const;
const targets = ['create', 'mod', 'version', 'lease', 'value'] as const;

type Wire = readonly unknown[];

/** Errors: too-large; invalid for text that would come back as another. */
export function encodeCommand(command: Command, request?: RequestId): Uint8Array {
  if (command.type === 'transaction') refuseUnwritable(command.transaction);
  const id = request === undefined ? null : [request.session, request.sequence, request.lowest];
  const bytes = packr.pack([
    versionOf(command),
    commandCodes[command.type],
    id,
    ...fieldsOf(command),
  ]);
  if (bytes.length > maxCommandBytes) {
    throw new SkeinError(
      'too-large',
      `a request of ${bytes.length} bytes is over the limit of ${maxCommandBytes}: split it`,
      { bytes: bytes.length, limit: maxCommandBytes },
    );
  }
  return bytes;
}

/** Half a surrogate pair becomes another character in UTF-8: what was written could not be found again. */
function refuseUnwritable({ compare, success, failure = [] }: Transaction): void {
  const texts: (string | number | undefined)[] = [];
  for (const { key, end, to } of compare) texts.push(key, end, to);
  for (const operation of [...success, ...failure]) {
    texts.push(operation.key, operation.type === 'put' ? operation.value : operation.end);
    if (operation.type === 'put' && operation.key.startsWith(endOfKeys)) {
      throw new SkeinError('invalid', 'a key starts with U+FFFF, which is above all keys');
    }
  }
  for (const text of texts) {
    if (typeof text !== 'string' || toUSVString(text) === text) continue;
    throw new SkeinError(
      'invalid',
      `${JSON.stringify(text.slice(0, 40))} has half a surrogate pair, which UTF-8 cannot hold: encode it`,
    );
  }
}

function versionOf(command: Command): number {
  const isOfRange =
    command.type === 'transaction' &&
    command.transaction.compare.some(({ end }) => end !== undefined);
  return isOfRange ? rangeCompareVersion : 1;
}

function fieldsOf(command: Command): Wire {
  switch (command.type) {
    case 'transaction': {
      const { compare, success, failure = [] } = command.transaction;
      return [
        compare.map(compareToWire),
        success.map(operationToWire),
        failure.map(operationToWire),
      ];
    }
    case 'grant-lease':
      return [command.id, command.ttlMs];
    case 'end-lease':
      return [command.id];
    case 'compact':
      return [command.revision];
    case 'none':
      return [];
    default:
      return unreachable(command);
  }
}

function compareToWire({ target, key, is, to, end }: Compare): Wire {
  const wire = [targets.indexOf(target), key, operators.indexOf(is), to];
  return end === undefined ? wire : [...wire, end];
}

function operationToWire(operation: Operation): Wire {
  switch (operation.type) {
    case 'put':
      return [0, operation.key, operation.value, operation.lease ?? 0];
    case 'delete':
      return [1, operation.key, operation.end ?? null];
    case 'range':
      return [2, operation.key, operation.end ?? null, operation.limit ?? 0];
    default:
      return unreachable(operation);
  }
}

/** Empty data is the no-op of a new leader. Throws `unsupported` or `corrupt`: the replica must stop, or it would diverge. */
export function decodeCommand(data: Uint8Array): CommandEnvelope {
  if (data.length === 0) return { command: { type: 'none' } };
  const wire = unpack(data);
  const [version, code, id] = wire;
  if (typeof version !== 'number' || version < 1 || version > commandVersion) {
    throw new SkeinError(
      'unsupported',
      `an entry of the log has command version ${String(version)}, this program knows up to ${commandVersion}: ` +
        'run the newest program of the zone on this peer',
      { version: String(version) },
    );
  }
  const command = commandFromWire(code as number, wire);
  if (id === null) return { command };
  const [session, sequence, lowest] = id as readonly number[];
  return { command, request: { session: session!, sequence: sequence!, lowest: lowest! } };
}

function unpack(data: Uint8Array): Wire {
  try {
    const wire: unknown = packr.unpack(data);
    if (Array.isArray(wire)) return wire;
  } catch (error) {
    throw new SkeinError('corrupt', 'an entry of the log is no command', {}, error);
  }
  throw new SkeinError('corrupt', 'an entry of the log is no command');
}

function commandFromWire(code: number, wire: Wire): Command {
  switch (code) {
    case commandCodes.transaction: {
      const [compare, success, failure] = wire.slice(3) as [Wire[], Wire[], Wire[]];
      const transaction = {
        compare: compare.map(compareFromWire),
        success: success.map(operationFromWire),
        failure: failure.map(operationFromWire),
      };
      return { type: 'transaction', transaction };
    }
    case commandCodes['grant-lease']:
      return { type: 'grant-lease', id: wire[3] as number, ttlMs: wire[4] as number };
    case commandCodes['end-lease']:
      return { type: 'end-lease', id: wire[3] as number };
    case commandCodes.compact:
      return { type: 'compact', revision: wire[3] as number };
    case commandCodes.none:
      return { type: 'none' };
    default:
      throw new SkeinError('unsupported', `an entry of the log has an unknown command ${code}`);
  }
}

function compareFromWire(wire: Wire): Compare {
  const [target, key, is, to, end] = wire as [number, string, number, never, string?];
  const compare = { target: targets[target]!, key, is: operators[is]!, to };
  return end === undefined ? compare : { ...compare, end };
}

function operationFromWire(wire: Wire): Operation {
  const [type, key, third, fourth] = wire as [number, string, string | null, number];
  if (type === 0) return { type: 'put', key, value: third!, lease: fourth };
  const range = third === null ? { key } : { key, end: third };
  if (type === 1) return { type: 'delete', ...range };
  return fourth === 0 ? { type: 'range', ...range } : { type: 'range', ...range, limit: fourth };
}
