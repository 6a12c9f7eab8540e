// One queue before the disk: one write at a time, everything queued meanwhile in the next one.
//
//   append -> queue -> [ write + sync ] -> resolve      failed write or sync -> stopped, for good
//                ^____ while it runs ___|               no room              -> refused, goes on later

import { assert, asSkeinError, SkeinError } from '../../runtime/index.ts';
import { isDiskFull } from './disk.ts';
import type { LogBatch } from './log-storage.ts';
import { maxRecordDataBytes } from './record.ts';
import { batchBytes } from './segment-writer.ts';

/** Bytes in one write: what one sync is shared by at most, unless a single batch is larger. */
export const maxGroupBytes = 4 << 20;
/** Bytes that may wait for the disk; above it `append` rejects with `overloaded`. */
export const maxQueuedBytes = 256 << 20;

interface Settling {
  readonly done: () => void;
  readonly refuse: (error: SkeinError) => void;
}

interface Batch extends Settling {
  readonly type: 'batch';
  readonly batch: LogBatch;
  readonly bytes: number;
  readonly lastIndex: number;
}

interface Task extends Settling {
  readonly type: 'task';
  readonly run: () => Promise<void>;
}

type Job = Batch | Task;

export interface WriteQueue {
  readonly append: (batch: LogBatch) => Promise<void>;
  /** Runs alone, in its turn. */
  readonly perform: (run: () => Promise<void>) => Promise<void>;
  /** The same, and what is queued from now on continues `index`. */
  readonly performRestart: (index: number, run: () => Promise<void>) => Promise<void>;
  /** Undefined while the queue takes batches. */
  readonly stopped: () => SkeinError | undefined;
  /** Takes no more; resolves when what is queued has settled. */
  readonly close: () => Promise<void>;
}

/** `write` puts a group down and syncs it; a failure that is not lack of room is final. */
export function createWriteQueue(
  lastIndex: number,
  write: (batches: readonly LogBatch[]) => Promise<void>,
): WriteQueue {
  let queue: Job[] = [];
  let queuedBytes = 0;
  let queuedIndex = lastIndex;
  let durableIndex = lastIndex;
  let stopped: SkeinError | undefined;
  let draining: Promise<void> | undefined;

  /** What was queued behind a failure would leave a gap, so it is refused with it. */
  const refuse = (group: readonly Job[], thrown: unknown) => {
    const error = asSkeinError(thrown);
    const why = `the log has stopped, a write or sync failed: ${error.message}`;
    if (!isDiskFull(error)) stopped ??= new SkeinError('stopped', why, {}, error);
    const refused = [...group, ...queue];
    queue = [];
    queuedBytes = 0;
    queuedIndex = durableIndex;
    for (const job of refused) job.refuse(stopped ?? error);
  };

  const settle = async (group: readonly Job[]) => {
    const [first] = group;
    if (first?.type === 'task') await first.run();
    const batches = group.filter((job) => job.type === 'batch');
    if (batches.length > 0) await write(batches.map(({ batch }) => batch));
    durableIndex = batches.at(-1)?.lastIndex ?? durableIndex;
    for (const job of group) job.done();
  };

  const drain = async () => {
    // One turn later, so that all that is appended in this turn shares the first write too.
    await Promise.resolve();
    while (queue.length > 0) {
      const group = queue.splice(0, groupLength(queue));
      for (const job of group) if (job.type === 'batch') queuedBytes -= job.bytes;
      await settle(group).catch((error: unknown) => refuse(group, error));
    }
    draining = undefined;
  };

  const enqueue = (job: Job) => {
    if (stopped !== undefined) return job.refuse(stopped);
    queue.push(job);
    draining ??= drain();
  };

  const perform = (run: () => Promise<void>) =>
    new Promise<void>((done, refuseIt) => enqueue({ type: 'task', run, done, refuse: refuseIt }));

  return {
    append: (batch) =>
      new Promise<void>((done, refuseIt) => {
        if (stopped !== undefined) return refuseIt(stopped);
        const bytes = batchBytes(batch);
        if (queuedBytes > 0 && queuedBytes + bytes > maxQueuedBytes) return refuseIt(queueFull());
        queuedIndex = continued(batch, queuedIndex);
        queuedBytes += bytes;
        const order = { batch, bytes, lastIndex: queuedIndex };
        enqueue({ type: 'batch', ...order, done, refuse: refuseIt });
      }),
    perform,
    performRestart: (index, run) => {
      queuedIndex = index;
      return perform(async () => {
        await run();
        durableIndex = index;
      });
    },
    stopped: () => stopped,
    close: async () => {
      const last = draining;
      stopped ??= new SkeinError('stopped', 'the log is closed');
      await last;
    },
  };
}

/** How many jobs at the front share one write, or one task. */
function groupLength(queue: readonly Job[]): number {
  let count = 0;
  let bytes = 0;
  for (const job of queue) {
    if (job.type === 'task') return Math.max(1, count);
    bytes += job.bytes;
    if (count > 0 && bytes > maxGroupBytes) break;
    count += 1;
  }
  return count;
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

function queueFull(): SkeinError {
  return new SkeinError(
    'overloaded',
    `more than ${maxQueuedBytes} bytes wait for the disk: append again when it has caught up`,
    { limit: maxQueuedBytes },
  );
}
