// The zone's store as everybody in a peer sees it: etcd's semantics, read from this peer's own replica.

import type { Result } from '../../runtime/index.ts';

/** Counts transactions that wrote; one for all writes of one transaction. The API's resourceVersion. */
export type Revision = number;

export interface KeyValue {
  readonly key: string;
  readonly value: string;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  /** Writes to this key since it was created; 1 on creation. */
  readonly version: number;
  /** The lease this key ends with; 0 for none. */
  readonly lease: number;
}

export type Compare =
  | {
      /** A key that does not exist has 0 for each of these. */
      readonly target: 'create' | 'mod' | 'version' | 'lease';
      readonly key: string;
      /** With it, all keys in [key, end) must compare so; if there is none, a key that does not exist. */
      readonly end?: string;
      readonly is: '=' | '!=' | '<' | '>';
      readonly to: number;
    }
  | {
      /** A key that does not exist equals no value: the comparison fails whatever it is. */
      readonly target: 'value';
      readonly key: string;
      readonly end?: string;
      readonly is: '=' | '!=' | '<' | '>';
      readonly to: string;
    };

export type Operation =
  | {
      readonly type: 'put';
      readonly key: string;
      readonly value: string;
      readonly lease?: number;
    }
  /** Deletes one key, or all keys in [key, end). */
  | { readonly type: 'delete'; readonly key: string; readonly end?: string }
  | {
      readonly type: 'range';
      readonly key: string;
      readonly end?: string;
      readonly limit?: number;
    };

/** If every comparison holds, do `success`, else `failure`; all at one revision or nothing. */
export interface Transaction {
  readonly compare: readonly Compare[];
  readonly success: readonly Operation[];
  readonly failure?: readonly Operation[];
}

export type OperationResult =
  | { readonly type: 'put' }
  | { readonly type: 'delete'; readonly deleted: number }
  | { readonly type: 'range'; readonly kvs: readonly KeyValue[]; readonly more: boolean };

export interface TransactionResult {
  readonly succeeded: boolean;
  /** The store's revision after the transaction. */
  readonly revision: Revision;
  readonly responses: readonly OperationResult[];
}

export interface RangeOptions {
  /** An older revision that is still kept; default the newest applied here. */
  readonly revision?: Revision;
  readonly limit?: number;
  /** From the last key to the first; with a limit, the last ones. */
  readonly reverse?: boolean;
}

export interface RangeResult {
  readonly kvs: readonly KeyValue[];
  readonly more: boolean;
  /** The revision that was read. */
  readonly revision: Revision;
}

/** What this peer's replica has applied. Synchronous, never older than what was seen here before. */
export interface StoreView {
  readonly revision: () => Revision;
  readonly get: (key: string) => KeyValue | undefined;
  /** Keys in [from, end) in order. Throws `compacted` when that revision is no longer kept. */
  readonly range: (from: string, end: string, options?: RangeOptions) => RangeResult;
  /** How many keys are in [from, end), at an older revision if one is given. Throws as `range`. */
  readonly count: (from: string, end: string, revision?: Revision) => number;
}

/** A view with a bound: everything that was committed `ageMs` ago is in it. */
export interface LocalRead {
  readonly view: StoreView;
  /** Infinite when this replica has not reached a quorum since it started. */
  readonly ageMs: number;
}

export interface WatchEvent {
  readonly type: 'put' | 'delete';
  /** For a delete: the key, with modRevision the revision that deleted it, value empty. */
  readonly kv: KeyValue;
  /** The key before this event; absent when it did not exist. */
  readonly previous?: KeyValue;
}

export interface Watcher {
  /** All events of one revision, in key order of the transaction; revisions strictly grow, none is left out. */
  readonly events: (revision: Revision, events: readonly WatchEvent[]) => void;
  /**
   * All up to `revision` has been told, and nothing was told for a while: whoever resumes may start after it.
   * Grows strictly, together with the revisions of events.
   */
  readonly progress?: (revision: Revision) => void;
  /** The watch ended: `compacted` when `from` is no longer kept, `stopped` when the replica closes. */
  readonly ended: (reason: 'compacted' | 'stopped') => void;
}

export interface Lease {
  readonly id: number;
  readonly ttlMs: number;
}

export interface WriteOptions {
  /** Default 3,500. */
  readonly deadlineMs?: number;
}

/** What this peer knows of its zone's log. */
export interface StoreStatus {
  readonly role: 'leader' | 'follower' | 'candidate' | 'learner';
  readonly term: number;
  /** The peer that leads, when known. */
  readonly leader?: string;
  readonly appliedIndex: number;
  readonly revision: Revision;
  /** Peers that vote and peers that only follow. */
  readonly voters: readonly string[];
  readonly learners: readonly string[];
  /** Those of them that run no pods. */
  readonly witnesses: readonly string[];
  /** Milliseconds since this replica last knew itself in touch with a leader that has a quorum; 0 for such a leader. */
  readonly staleMs: number;
  /** Peers without room on their disks, as far as this one knows; the leader knows of all. Absent for none. */
  readonly fullDisks?: readonly string[];
}

/** The port that every actor writes and reads through. */
export interface Store {
  readonly view: StoreView;
  /**
   * Proposes through the leader, wherever it is; resolves once this peer has applied it.
   * Retried inside under one request id, so it is applied at most once.
   * Errors: unavailable (nothing was done), timeout (unknown), too-large, overloaded, for full disks of a majority with
   * details.reason `disk-full`.
   * A comparison that fails is no error: `succeeded` is false.
   */
  readonly transact: (
    transaction: Transaction,
    options?: WriteOptions,
  ) => Promise<Result<TransactionResult>>;
  /** Read index: resolves when this replica has applied everything that was committed when it was called. Errors: unavailable. */
  readonly barrier: (deadlineMs: number) => Promise<Result<Revision>>;
  /**
   * What this replica holds, if it surely has all that was committed `maxAgeMs` ago. Every barrier makes it fresh;
   * where nobody asks for one, it is at most some ten seconds old while there is a quorum. Infinity takes any age.
   * Errors: unavailable, with its age in `details.ageMs`.
   */
  readonly local: (maxAgeMs: number) => Result<LocalRead>;
  /**
   * Calls `watcher` for every revision after `after` that touches a key in [from, end): first those already
   * applied, then new ones as they are applied. Returns how to stop.
   */
  readonly watch: (from: string, end: string, after: Revision, watcher: Watcher) => () => void;
  readonly grantLease: (ttlMs: number) => Promise<Result<Lease>>;
  /** Quorum-confirmed by the leader, not an entry. Fails with not-found once the lease has ended. */
  readonly keepLease: (id: number, deadlineMs: number) => Promise<Result<Lease>>;
  readonly revokeLease: (id: number) => Promise<Result<void>>;
  readonly status: () => StoreStatus;
  /** Called when leader, role, voters or full disks change; returns how to stop. */
  readonly onStatus: (changed: (status: StoreStatus) => void) => () => void;
}

/** Above every key: the end of the range of all. No key starts with it. */
export const endOfKeys = '\uffff';

/** The end of the range of all keys that start with `prefix`, itself a string that can be written. */
export function prefixEnd(prefix: string): string {
  let start = prefix;
  while (start.endsWith(endOfKeys)) start = start.slice(0, -1);
  if (start === '') return endOfKeys;
  const pair = start.codePointAt(start.length - 2) ?? 0;
  const isPair = pair > 0xffff;
  const last = isPair ? pair : start.charCodeAt(start.length - 1);
  return start.slice(0, isPair ? -2 : -1) + characterAfter(last);
}

/** In the order of code units, in which what is beyond U+FFFF comes between U+D7FF and U+E000. */
function characterAfter(codePoint: number): string {
  if (codePoint === 0xd7ff) return '\u{10000}';
  if (codePoint === 0x10ffff) return '\ue000';
  return String.fromCodePoint(codePoint + 1);
}
