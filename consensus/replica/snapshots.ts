// How a replica saves its state machine and cuts the log behind it, and what it makes of one that it received.

import { isDiskFull } from '../log/disk.ts';
import type { SnapshotChunks } from '../log/log-storage.ts';
import { entryBytes } from '../raft/raft-log.ts';
import type { Entry, SnapshotMeta } from '../raft/types.ts';
import type { Installation } from './log-writes.ts';
import type { Replica, ReplicaContext } from './replica.ts';
import { cutIndex, isSnapshotDue, trailingEntries } from './snapshot-schedule.ts';
import { raftTiming } from './timing.ts';

/** One that found no room is not tried again for so long. */
const againAfterMs = 10_000;

/** What the newest snapshot covers, and what it does not. */
export interface Coverage {
  /** Index and size of the newest snapshot. */
  index: number;
  bytes: number;
  appliedIndex: number;
  uncoveredBytes: number;
  uncoveredSinceMs: number | undefined;
  /** The one being saved, and when that began. */
  saving: { readonly uncoveredBytes: number; readonly beganAtMs: number } | undefined;
  notBeforeMs: number;
}

export function createCoverage(index: number, bytes: number): Coverage {
  return {
    index,
    bytes,
    appliedIndex: index,
    uncoveredBytes: 0,
    uncoveredSinceMs: undefined,
    saving: undefined,
    notBeforeMs: Number.NEGATIVE_INFINITY,
  };
}

/** These entries were applied: covers the log with a snapshot when enough is uncovered. */
export function coverLog(replica: Replica, ctx: ReplicaContext, entries: readonly Entry[]): void {
  const { coverage } = replica;
  for (const entry of entries) coverage.uncoveredBytes += entryBytes(entry);
  coverage.appliedIndex = entries.at(-1)?.index ?? coverage.appliedIndex;
  coverage.uncoveredSinceMs ??= ctx.clock.monotonicMs();
  saveSnapshotIfDue(replica, ctx);
}

/** With each tick and after each round of entries. */
export function saveSnapshotIfDue(replica: Replica, ctx: ReplicaContext): void {
  const { coverage, raft, machine } = replica;
  const { appliedIndex: index, uncoveredBytes, uncoveredSinceMs } = coverage;
  const nowMs = ctx.clock.monotonicMs();
  if (coverage.saving !== undefined || nowMs < coverage.notBeforeMs) return;
  const entries = index - coverage.index;
  const ageMs = nowMs - (uncoveredSinceMs ?? nowMs);
  const uncovered = { entries, bytes: uncoveredBytes, ageMs };
  if (!isSnapshotDue(uncovered, coverage.bytes, replica.snapshotFloorBytes)) return;
  const term = raft.termAt(index);
  if (term === undefined) return;
  coverage.saving = { uncoveredBytes, beganAtMs: nowMs };
  const meta = { index, term, conf: raft.status().conf };
  const counted = countedChunks(machine.snapshot());
  ctx.run(
    () => replica.log.saveSnapshot(meta, counted.chunks),
    (outcome) => {
      if (outcome.ok) return { type: 'snapshot-saved', meta, bytes: counted.bytes() };
      if (isDiskFull(outcome.error)) return { type: 'snapshot-dropped' };
      return { type: 'broken', error: outcome.error };
    },
  );
}

function countedChunks(source: Iterable<Uint8Array>): {
  readonly chunks: SnapshotChunks;
  readonly bytes: () => number;
} {
  let bytes = 0;
  const chunks = function* () {
    for (const chunk of source) {
      bytes += chunk.length;
      yield chunk;
    }
  };
  return { chunks: chunks(), bytes: () => bytes };
}

/** There was no room for it: that costs nothing but a longer log, for a while. */
export function snapshotDropped(replica: Replica, ctx: ReplicaContext): void {
  const { coverage } = replica;
  coverage.saving = undefined;
  coverage.notBeforeMs = ctx.clock.monotonicMs() + againAfterMs;
  ctx.log.warn('the disk has no room for a snapshot of the zone: free some space');
}

/** The snapshot is durable: entries that it covers may go. */
export function snapshotSaved(
  replica: Replica,
  ctx: ReplicaContext,
  meta: SnapshotMeta,
  bytes: number,
): void {
  const { coverage, raft } = replica;
  const { saving } = coverage;
  coverage.saving = undefined;
  if (saving === undefined || meta.index <= coverage.index) return;
  const isAllCovered = coverage.appliedIndex === meta.index;
  coverage.index = meta.index;
  coverage.bytes = bytes;
  coverage.uncoveredBytes -= saving.uncoveredBytes;
  coverage.uncoveredSinceMs = isAllCovered ? undefined : saving.beganAtMs;
  raft.snapshotTaken(meta);
  const { logBytes } = raft.status();
  const trailing = { entries: trailingEntries, bytes: replica.snapshotFloorBytes };
  const wanted = raft.trailingIndex(meta.index, trailing);
  const index = cutIndex(wanted, logBytes, raft.followers().values(), raftTiming.electionTicks);
  raft.compact(index);
  ctx.run(
    () => replica.log.compact(index),
    (outcome) => (outcome.ok ? { type: 'flush' } : { type: 'broken', error: outcome.error }),
  );
}

/** The received snapshot at `meta.index`, which Raft took: it replaces state machine and log. */
export function installation(replica: Replica, meta: SnapshotMeta): Installation {
  const received = replica.receiver.collect(meta.index);
  if (received === undefined) {
    throw new Error(`no data was received for the snapshot at ${meta.index}`);
  }
  const { chunks, restoration } = received;
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  const finish = (): void => {
    restoration.finish(meta.index);
    replica.coverage = createCoverage(meta.index, bytes);
    replica.lives.clear();
  };
  return { meta, chunks, hardState: replica.lastHardState, finish };
}
