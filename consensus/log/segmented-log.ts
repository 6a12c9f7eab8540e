// The log storage: one queue, one write at a time, everything queued meanwhile in the next one.
//
//   append -> queue -> [ write + sync ] -> resolve      failed write or sync -> stopped, for good
//                ^____ while it runs ___|               no room              -> refused, goes on later

import { assert, asSkeinError, SkeinError } from '../../runtime/index.ts';
import type { SkeinError as Failure } from '../../runtime/index.ts';
import { isDiskFull } from './disk.ts';
import type { LogBatch, LogStorage } from './log-storage.ts';
import { maxRecordDataBytes } from './record.ts';
import { batchBytes } from './segment-writer.ts';
import type { SegmentWriter } from './segment-writer.ts';
import type { Snapshots } from './snapshots.ts';

/** Bytes in one write: what one sync is shared by at most, unless a single batch is larger. */
export const maxGroupBytes = 4 << 20;
/** Bytes that may wait for the disk; above it `append` rejects with `overloaded`. */
export const maxQueuedBytes = 256 << 20;

type Job =
  | {
      readonly type: 'batch';
      readonly batch: LogBatch;
      readonly bytes: number;
      readonly lastIndex: number;
      readonly done: () => void;
      readonly refuse: (error: Failure) => void;
    }
  | {
      readonly type: 'task';
      readonly run: () => Promise<void>;
      readonly done: () => void;
      readonly refuse: (error: Failure) => void;
    };

export interface SegmentedLogParts {
  readonly writer: SegmentWriter;
  readonly snapshots: Snapshots;
  readonly lastIndex: number;
  /** Lets go of the directory. */
  readonly release: () => Promise<void>;
}

/** Goes on with a recovered log. */
export function createSegmentedLog(parts: SegmentedLogParts): LogStorage {
  const { writer, snapshots } = parts;
  let queue: Job[] = [];
  let queuedBytes = 0;
  let queuedIndex = parts.lastIndex;
  let durableIndex = parts.lastIndex;
  let syncs = 0;
  let stopped: Failure | undefined;
  let draining: Promise<void> | undefined;

  const refuseQueued = (error: Failure) => {
    const refused = queue;
    queue = [];
    queuedBytes = 0;
    queuedIndex = durableIndex;
    for (const job of refused) job.refuse(error);
  };

  const stop = (cause: Failure, why: string) => {
    stopped ??= new SkeinError('stopped', why, {}, cause);
    return stopped;
  };

  /** The batches at the front of the queue that share one write, or one task. */
  const takeGroup = (): Job[] => {
    let count = 0;
    let bytes = 0;
    for (const job of queue) {
      if (job.type === 'task') {
        if (count === 0) count = 1;
        break;
      }
      if (count > 0 && bytes + job.bytes > maxGroupBytes) break;
      bytes += job.bytes;
      count += 1;
    }
    queuedBytes -= bytes;
    return queue.splice(0, count);
  };

  const perform = async (group: readonly Job[]) => {
    const [first] = group;
    if (first?.type === 'task') return first.run();
    const batches = group.filter((job) => job.type === 'batch');
    await writer.write(batches.map((job) => job.batch));
    syncs += 1;
    durableIndex = batches.at(-1)?.lastIndex ?? durableIndex;
  };

  const drain = async () => {
    // One turn later, so that all that is appended in this turn shares the first write too.
    await Promise.resolve();
    while (queue.length > 0) {
      const group = takeGroup();
      try {
        await perform(group);
        for (const job of group) job.done();
      } catch (thrown) {
        const error = asSkeinError(thrown);
        const answer = isDiskFull(error)
          ? error
          : stop(error, `the log has stopped, a write or sync failed: ${error.message}`);
        // What was queued behind it would leave a gap, so it is refused with it.
        queue = [...group, ...queue];
        refuseQueued(answer);
      }
    }
    draining = undefined;
  };

  const enqueue = (job: Job) => {
    queue.push(job);
    draining ??= drain();
  };

  const task = (run: () => Promise<void>) =>
    new Promise<void>((done, refuse) => {
      if (stopped !== undefined) refuse(stopped);
      else enqueue({ type: 'task', run, done, refuse });
    });

  return {
    append: (batch) =>
      new Promise<void>((done, refuse) => {
        if (stopped !== undefined) return refuse(stopped);
        const bytes = batchBytes(batch);
        if (queuedBytes > 0 && queuedBytes + bytes > maxQueuedBytes) return refuse(queueFull());
        queuedIndex = continued(batch, queuedIndex);
        queuedBytes += bytes;
        enqueue({ type: 'batch', batch, bytes, lastIndex: queuedIndex, done, refuse });
      }),
    saveSnapshot: async (meta, chunks) => {
      if (stopped !== undefined) throw stopped;
      await snapshots.save(meta, chunks);
    },
    readSnapshot: snapshots.read,
    compact: async (index) => {
      const covered = snapshots.newest()?.index ?? 0;
      assert(index <= covered, `compaction to ${index} needs a snapshot, the newest is ${covered}`);
      await task(() => writer.removeUpTo(index));
    },
    restart: async (meta, hardState) => {
      const newest = snapshots.newest();
      assert(newest?.index === meta.index, `a restart at ${meta.index} needs its snapshot`);
      // What is appended from here on continues the snapshot, also before this has its turn.
      queuedIndex = meta.index;
      await task(async () => {
        await writer.restart(meta.index, meta.term, hardState);
        durableIndex = meta.index;
        await snapshots.forgetOlder();
      });
    },
    stats: () => ({
      bytes: writer.segments().reduce((sum, segment) => sum + segment.bytes, 0),
      syncs,
      segments: writer.segments().length,
    }),
    close: async () => {
      stop(new SkeinError('stopped', 'closed'), 'the log is closed');
      await draining;
      await snapshots.idle();
      await writer.close();
      await parts.release();
    },
  };
}

/** The last index once the batch is written. A gap is a bug of the caller, and never reaches the disk. */
function continued(batch: LogBatch, lastIndex: number): number {
  let last = lastIndex;
  for (const [at, entry] of batch.entries.entries()) {
    const isNext = at === 0 ? entry.index <= last + 1 : entry.index === last + 1;
    assert(isNext && entry.index > 0, `entry ${entry.index} does not follow ${last}`);
    const { length } = entry.data;
    assert(length <= maxRecordDataBytes, `entry ${entry.index} is too large: ${length} bytes`);
    last = entry.index;
  }
  return last;
}

function queueFull(): Failure {
  return new SkeinError(
    'overloaded',
    `more than ${maxQueuedBytes} bytes wait for the disk: append again when it has caught up`,
    { limit: maxQueuedBytes },
  );
}
