// A log on a simulated disk, and the small things that tests of it say often.

import assert from 'node:assert/strict';

import type { LogStorage, RecoveredLog } from '../../../consensus/log/log-storage.ts';
import { openLog } from '../../../consensus/log/open-log.ts';
import type { LogOptions } from '../../../consensus/log/open-log.ts';
import type { ConfState, Entry, SnapshotMeta } from '../../../consensus/raft/types.ts';
import type { ErrorCode } from '../../../runtime/index.ts';
import { SkeinError } from '../../../runtime/index.ts';
import { createSimulatedDisk } from '../../simulation/simulated-disk.ts';
import type { SimulatedDisk } from '../../simulation/simulated-disk.ts';
import { createVirtualTime, seededRandom } from './virtual-time.ts';

export interface LogFixture {
  readonly disk: SimulatedDisk;
  readonly open: (
    options?: Partial<LogOptions>,
  ) => Promise<{ readonly log: LogStorage; readonly recovered: RecoveredLog }>;
  /** Lets virtual time pass until the promise settles. */
  readonly run: <T>(promise: Promise<T>) => Promise<T>;
}

export function createLogFixture(seed = 1, capacityBytes = Infinity): LogFixture {
  const time = createVirtualTime();
  const disk = createSimulatedDisk({
    clock: time.clock,
    random: seededRandom(seed),
    capacityBytes,
  });
  const run = async <T>(promise: Promise<T>): Promise<T> => {
    const result = await time.run(promise);
    assert.notEqual(result, 'over');
    return result as T;
  };
  const open = (options: Partial<LogOptions> = {}) =>
    run(openLog(disk.boot(), { directory: '/log', replicaId: 77, segmentBytes: 4096, ...options }));
  return { disk, open, run };
}

export function entry(index: number, term = 1, bytes = 100): Entry {
  return { index, term, type: 'normal', data: Buffer.alloc(bytes, index) };
}

export function entries(first: number, last: number, term = 1): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, i) => entry(first + i, term));
}

const conf: ConfState = {
  voters: [77],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

export function meta(index: number, term = 1): SnapshotMeta {
  return { index, term, conf };
}

export function indexesOf(recovered: RecoveredLog): number[] {
  return recovered.entries.map(({ index }) => index);
}

/** For assert.rejects: a SkeinError with that code whose message says all of `words`. */
export function refusal(code: ErrorCode, ...words: readonly string[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SkeinError, String(error));
    assert.equal(error.code, code, error.message);
    for (const word of words) assert.ok(error.message.includes(word), error.message);
    return true;
  };
}
