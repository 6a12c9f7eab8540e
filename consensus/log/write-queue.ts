// One queue before the disk: one write at a time, everything queued meanwhile in the next one.
//
//   append -> queue -> [ write + sync ] -> resolve      failed write or sync -> stopped, for good
//                ^____ while it runs ___|               no room              -> back to the front, stalled

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
  /** Makes room and concerns no batch: runs even while batches wait for room. */
  readonly runsStalled: boolean;
}

type Job = Batch | Task;

export interface WriteQueue {
  readonly append: (batch: LogBatch) => Promise<void>;
  /** Runs alone: in its turn, or while batches wait for room. */
  readonly performAhead: (run: () => Promise<void>) => Promise<void>;
  /** Runs alone, in its turn; what is queued from now on continues `index`. Lack of room refuses it, and all behind it. */
  readonly performRestart: (index: number, run: () => Promise<void>) => Promise<void>;
  /** There may be room again. */
  readonly resume: () => void;
  /** Undefined while the queue takes batches. */
  readonly stopped: () => SkeinError | undefined;
  /** Takes no more; resolves when what is queued has settled. */
  readonly close: () => Promise<void>;
}

/** What waits, and how far the log is and will be. */
interface Line {
  jobs: Job[];
  bytes: number;
  /** The last index once all that waits is written. */
  queuedIndex: number;
  durableIndex: number;
  /** The first batch found no room. */
  isStalled: boolean;
  stopped: SkeinError | undefined;
}

/** `write` puts a group down and syncs it; a failure that is not lack of room is final. */
export function createWriteQueue(
  lastIndex: number,
  write: (batches: readonly LogBatch[]) => Promise<void>,
): WriteQueue {
  const line: Line = {
    jobs: [],
    bytes: 0,
    queuedIndex: lastIndex,
    durableIndex: lastIndex,
    isStalled: false,
    stopped: undefined,
  };
  let draining: Promise<void> | undefined;

  const settle = async (group: readonly Job[]) => {
    const [first] = group;
    if (first?.type === 'task') await first.run();
    const batches = group.filter((job) => job.type === 'batch');
    if (batches.length > 0) await write(batches.map(({ batch }) => batch));
    line.durableIndex = batches.at(-1)?.lastIndex ?? line.durableIndex;
    for (const job of group) job.done();
  };

  const drain = async () => {
    // One turn later, so that all that is appended in this turn shares the first write too.
    await Promise.resolve();
    for (;;) {
      const group = line.isStalled ? takeAhead(line) : takeGroup(line);
      if (group.length === 0) break;
      await settle(group).catch((error: unknown) => {
        if (group[0]?.type === 'batch' && isDiskFull(error)) putBack(line, group);
        else refuseAll(line, group, error);
      });
    }
    draining = undefined;
  };

  const enqueue = (job: Job) => {
    line.jobs.push(job);
    draining ??= drain();
  };

  const perform = (run: () => Promise<void>, runsStalled: boolean) =>
    new Promise<void>((done, refuse) => {
      if (line.stopped !== undefined) refuse(line.stopped);
      else enqueue({ type: 'task', run, runsStalled, done, refuse });
    });
  const resume = () => {
    line.isStalled = false;
    draining ??= drain();
  };

  return {
    append: (batch) =>
      new Promise<void>((done, refuse) => {
        if (line.stopped !== undefined) return refuse(line.stopped);
        const bytes = batchBytes(batch);
        if (line.bytes > 0 && line.bytes + bytes > maxQueuedBytes) return refuse(queueFull());
        line.queuedIndex = continued(batch, line.queuedIndex);
        line.bytes += bytes;
        enqueue({ type: 'batch', batch, bytes, lastIndex: line.queuedIndex, done, refuse });
      }),
    performAhead: (run) => perform(run, true),
    performRestart: (index, run) => {
      line.queuedIndex = index;
      return perform(() => run().then(() => void (line.durableIndex = index)), false);
    },
    resume,
    stopped: () => line.stopped,
    close: async () => {
      const last = draining;
      line.stopped ??= new SkeinError('stopped', 'the log is closed');
      await last;
      refuseAll(line, [], line.stopped);
    },
  };
}

/** The next jobs that share one write, or one task. */
function takeGroup(line: Line): Job[] {
  const group = line.jobs.splice(0, groupLength(line.jobs));
  for (const job of group) if (job.type === 'batch') line.bytes -= job.bytes;
  return group;
}

/** What need not wait for room. */
function takeAhead(line: Line): Job[] {
  const at = line.jobs.findIndex((job) => job.type === 'task' && job.runsStalled);
  return at === -1 ? [] : line.jobs.splice(at, 1);
}

/** Nothing of the group was written: it stays first in line until there is room. */
function putBack(line: Line, group: readonly Job[]): void {
  line.isStalled = true;
  line.jobs.unshift(...group);
  for (const job of group) if (job.type === 'batch') line.bytes += job.bytes;
}

/** What was queued behind a failure would leave a gap, so it is refused with it. */
function refuseAll(line: Line, group: readonly Job[], thrown: unknown): void {
  const error = asSkeinError(thrown);
  const why = `the log has stopped, a write or sync failed: ${error.message}`;
  if (!isDiskFull(error)) line.stopped ??= new SkeinError('stopped', why, {}, error);
  const refused = [...group, ...line.jobs];
  line.jobs = [];
  line.bytes = 0;
  line.queuedIndex = line.durableIndex;
  for (const job of refused) job.refuse(line.stopped ?? error);
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
  let isFirst = true;
  for (const { index, data } of batch.entries) {
    const isNext = isFirst ? index <= last + 1 : index === last + 1;
    // The hot path makes no sentence that nobody reads.
    if (!isNext || index <= 0) assert(false, `entry ${index} does not follow ${last}`);
    if (data.length > maxRecordDataBytes) {
      assert(false, `entry ${index} is too large: ${data.length} bytes`);
    }
    isFirst = false;
    last = index;
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
