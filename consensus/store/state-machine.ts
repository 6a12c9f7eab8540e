// The store as a state machine: the same commands in the same order give the same state, answers and events.

import { assert, failed, ok, SkeinError, unreachable } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import { crc32c } from '../log/crc32c.ts';
import { decodeCommand } from './command.ts';
import type { Command } from './command.ts';
import type { KeptHistory } from './compaction.ts';
import { compactedError, createKeyspace, firstRevision } from './keyspace.ts';
import type { Change, Keyspace } from './keyspace.ts';
import { createLeaseTable, maxLeases } from './lease-table.ts';
import type { LeaseTable } from './lease-table.ts';
import { maxStoreBytes } from './capacity.ts';
import { createRequestTable } from './request-table.ts';
import type { RequestTable, RequestId } from './request-table.ts';
import { createStateReader, encodeState } from './state-snapshot.ts';
import type {
  KeyValue,
  Lease,
  Revision,
  StoreView,
  Transaction,
  TransactionResult,
  WatchEvent,
} from './store.ts';
import { canWrite, leaseNotFound, performTransaction } from './transaction.ts';
import { createWatchHub } from './watch-hub.ts';
import type { WatchHub } from './watch-hub.ts';

/** What a command answers to its proposer. */
export type CommandAnswer =
  | { readonly type: 'transaction'; readonly result: TransactionResult }
  | { readonly type: 'lease-granted'; readonly lease: Lease }
  | { readonly type: 'lease-ended'; readonly id: number }
  | { readonly type: 'compacted'; readonly revision: Revision }
  | { readonly type: 'none' };

/** What one entry did. */
export interface Applied {
  /** Refusals are part of the state: every replica refuses alike. */
  readonly answer: Result<CommandAnswer>;
  /** The store's revision after it. */
  readonly revision: Revision;
  /** Empty unless it wrote; the watchers have been told. */
  readonly events: readonly WatchEvent[];
  /** Whose request it was, if anybody waits for the answer. */
  readonly request?: RequestId | undefined;
  /** It was applied before, and this is the answer it gave then. */
  readonly isRepeated: boolean;
}

/** Takes in a snapshot while the old state still serves; `finish` puts the new one in its place. */
export interface Restoration {
  /** Chunks in order. Throws `corrupt` or `unsupported`; the old state stays. */
  readonly add: (chunk: Uint8Array) => void;
  /** There are no more. Throws `corrupt` when that leaves the state in pieces; the old one stays. */
  readonly complete: () => void;
  /** `index`: the last entry the snapshot holds. Completes it if that was not done. */
  readonly finish: (index: number) => void;
}

export interface StateMachine {
  /** Entries of type `normal` in the order of the log. Throws `corrupt` or `unsupported`: then the replica must stop. */
  readonly apply: (index: number, data: Uint8Array) => Applied;
  readonly appliedIndex: () => number;
  readonly view: StoreView;
  readonly watch: WatchHub['watch'];
  /** Tells watches that heard nothing since the last call that the store has moved on without them. */
  readonly tellProgress: () => void;
  /** Revisions before this one are no longer kept. */
  readonly compacted: () => Revision;
  /** What the keys that are there take, as `weights.ts` counts. */
  readonly liveBytes: () => number;
  /** The past that is kept, for whoever decides what is forgotten next. */
  readonly history: () => KeptHistory;
  readonly leases: () => readonly Lease[];
  readonly lease: (id: number) => Lease | undefined;
  /** Equal on replicas that applied the same entries; reads the whole state. */
  readonly digest: () => string;
  /** The state as of this call, encoded lazily in chunks of at most 1 MiB while the store goes on. */
  readonly snapshot: () => Iterable<Uint8Array>;
  readonly restore: () => Restoration;
  /** Ends every watch. */
  readonly close: () => void;
}

interface State {
  readonly keyspace: Keyspace;
  readonly leases: LeaseTable;
  readonly requests: RequestTable<Result<CommandAnswer>>;
}

interface Outcome {
  readonly answer: Result<CommandAnswer>;
  readonly change?: Change;
}

/** An empty store. `limitBytes` must be the same at every replica: each refuses by it. */
export function createStateMachine({ limitBytes = maxStoreBytes } = {}): StateMachine {
  let state: State = {
    keyspace: createKeyspace(firstRevision),
    leases: createLeaseTable(),
    requests: createRequestTable(),
  };
  let appliedIndex = 0;
  const hub = createWatchHub({
    compacted: () => state.keyspace.compacted(),
    changesAfter: (revision) => state.keyspace.changesAfter(revision),
  });

  const snapshot = () =>
    encodeState({
      keyspace: state.keyspace.image(),
      leases: state.leases.all(),
      sessions: state.requests.rows(),
    });

  return {
    apply: (index, data) => {
      assert(index > appliedIndex, `entry ${index} comes after ${appliedIndex}`);
      const { command, request } = decodeCommand(data);
      appliedIndex = index;
      const before = request === undefined ? undefined : state.requests.recall(request);
      if (before !== undefined) {
        const answer = before instanceof SkeinError ? failed(before) : before.answer;
        return {
          answer,
          request,
          revision: state.keyspace.revision(),
          events: [],
          isRepeated: true,
        };
      }
      const { answer, change } = perform(state, command, limitBytes);
      // What can never write may as well be done again. Of anything else the first answer is kept, also
      // when it wrote nothing: repeated later its comparisons might hold, after its client was told they did not.
      const isLasting = command.type !== 'transaction' || canWrite(command.transaction);
      if (request !== undefined && isLasting) state.requests.remember(request, answer);
      else if (request !== undefined) state.requests.touch(request);
      if (change !== undefined) {
        state.leases.follow(change.events);
        hub.publish(change);
      }
      const events = change?.events ?? [];
      return { answer, request, revision: state.keyspace.revision(), events, isRepeated: false };
    },
    appliedIndex: () => appliedIndex,
    view: {
      revision: () => state.keyspace.revision(),
      get: (key) => state.keyspace.get(key),
      range: (from, end, options) => state.keyspace.range(from, end, options),
      count: (from, end, revision) => state.keyspace.count(from, end, revision),
    },
    watch: hub.watch,
    tellProgress: () => hub.tellProgress(state.keyspace.revision()),
    compacted: () => state.keyspace.compacted(),
    liveBytes: () => state.keyspace.liveBytes(),
    history: () => state.keyspace.history(),
    leases: () => state.leases.all(),
    lease: (id) => state.leases.get(id),
    digest: () => `${state.keyspace.revision()}-${checksum(snapshot())}`,
    snapshot,
    restore: () => {
      const building = createRestoration();
      let built: State | undefined;
      const complete = (): State => (built ??= building.finish());
      return {
        add: building.add,
        complete: () => void complete(),
        finish: (index) => {
          const restored = complete();
          const seen = state.keyspace.revision();
          state = restored;
          appliedIndex = index;
          hub.resume(seen);
        },
      };
    },
    close: hub.close,
  };
}

function checksum(chunks: Iterable<Uint8Array>): string {
  let crc = 0;
  let bytes = 0;
  for (const chunk of chunks) {
    crc = crc32c(chunk, 0, chunk.length, crc);
    bytes += chunk.length;
  }
  return `${bytes}-${crc.toString(16).padStart(8, '0')}`;
}

function perform(state: State, command: Command, limitBytes: number): Outcome {
  switch (command.type) {
    case 'transaction':
      return transact(state, command.transaction, limitBytes);
    case 'grant-lease':
      return grantLease(state, { id: command.id, ttlMs: command.ttlMs });
    case 'end-lease':
      return endLease(state, command.id);
    case 'compact':
      return { answer: compact(state.keyspace, command.revision) };
    case 'none':
      return { answer: ok({ type: 'none' }) };
    default:
      return unreachable(command);
  }
}

function transact(state: State, transaction: Transaction, limitBytes: number): Outcome {
  const hasLease = (id: number) => state.leases.get(id) !== undefined;
  const done = performTransaction(state.keyspace, transaction, { hasLease, limitBytes });
  if (done instanceof SkeinError) return { answer: failed(done) };
  const answer = ok<CommandAnswer>({ type: 'transaction', result: done.result });
  return done.change === undefined ? { answer } : { answer, change: done.change };
}

function grantLease(state: State, lease: Lease): Outcome {
  if (!(lease.id > 0 && lease.ttlMs > 0)) {
    return {
      answer: failed(
        new SkeinError('invalid', `lease ${lease.id} of ${lease.ttlMs} ms: both must be above 0`),
      ),
    };
  }
  if (state.leases.get(lease.id) !== undefined) {
    const message = `lease ${lease.id} exists: choose another id`;
    return { answer: failed(new SkeinError('already-exists', message, { id: lease.id })) };
  }
  if (state.leases.count() >= maxLeases) {
    const message = `more than ${maxLeases} leases: end some`;
    return { answer: failed(new SkeinError('overloaded', message, { limit: maxLeases })) };
  }
  state.leases.grant(lease);
  return { answer: ok({ type: 'lease-granted', lease }) };
}

function endLease(state: State, id: number): Outcome {
  if (state.leases.get(id) === undefined) return { answer: failed(leaseNotFound(id)) };
  const keys = state.leases.end(id);
  const change = state.keyspace.write((writer) => {
    for (const key of keys) writer.remove(key);
  });
  const answer = ok<CommandAnswer>({ type: 'lease-ended', id });
  return change === undefined ? { answer } : { answer, change };
}

function compact(keyspace: Keyspace, revision: Revision): Result<CommandAnswer> {
  const newest = keyspace.revision();
  if (revision > newest) {
    const message = `cannot compact to revision ${revision}, the newest is ${newest}`;
    return failed(new SkeinError('invalid', message, { revision, newest }));
  }
  const kept = keyspace.compacted();
  if (revision <= kept) return failed(compactedError(revision, kept));
  keyspace.compact(revision);
  return ok({ type: 'compacted', revision });
}

/** Builds a state from a snapshot: what was alive at its compacted revision, then every change since. */
function createRestoration(): { add: (chunk: Uint8Array) => void; finish: () => State } {
  const leases = createLeaseTable();
  const requests = createRequestTable<Result<CommandAnswer>>();
  let compacted: Revision = firstRevision;
  let revision: Revision = firstRevision;
  let keyspace: Keyspace | undefined;
  let events: KeyValue[] = [];

  const opened = (): Keyspace => (keyspace ??= createKeyspace(compacted));

  const writeEvents = () => {
    if (events.length === 0) return;
    const change = opened().write((writer) => {
      for (const kv of events) {
        if (kv.version === 0) writer.remove(kv.key);
        else writer.put(kv.key, kv.value, kv.lease);
      }
    });
    assert(change?.revision === events[0]?.modRevision, 'a snapshot holds every revision');
    if (change !== undefined) leases.follow(change.events);
    events = [];
  };

  const reader = createStateReader<CommandAnswer>({
    head: (oldest, newest) => {
      compacted = oldest;
      revision = newest;
    },
    lease: leases.grant,
    session: requests.restore,
    // At once, so that no later step has all of them to do.
    base: (kv) => {
      opened().load(kv);
      if (kv.lease !== 0) leases.follow([{ type: 'put', kv }]);
    },
    event: (at, kv) => {
      if (events[0] !== undefined && events[0].modRevision !== at) writeEvents();
      events.push(kv);
    },
  });

  return {
    add: reader.add,
    finish: () => {
      reader.finish();
      writeEvents();
      const restored = opened();
      assert(restored.revision() === revision, 'a snapshot ends at its revision');
      return { keyspace: restored, leases, requests };
    },
  };
}
