// The log storage: batches through the queue into segments, snapshots beside them.

import { assert } from '../../runtime/index.ts';
import type { LogStorage } from './log-storage.ts';
import type { SegmentWriter } from './segment-writer.ts';
import type { Snapshots } from './snapshots.ts';
import { createWriteQueue } from './write-queue.ts';

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
  let syncs = 0;
  const queue = createWriteQueue(parts.lastIndex, async (batches) => {
    await writer.write(batches);
    syncs += 1;
  });
  return {
    append: queue.append,
    hasRoom: writer.hasRoom,
    seekRoom: async () => {
      await writer.seekRoom();
      if (writer.hasRoom()) queue.resume();
    },
    saveSnapshot: async (meta, chunks) => {
      const stopped = queue.stopped();
      if (stopped !== undefined) throw stopped;
      await snapshots.save(meta, chunks);
    },
    readSnapshot: snapshots.read,
    compact: async (index) => {
      const covered = snapshots.newest()?.index ?? 0;
      assert(index <= covered, `compaction to ${index} needs a snapshot, the newest is ${covered}`);
      await queue.performAhead(() => writer.removeUpTo(index));
    },
    restart: async (meta, hardState) => {
      const newest = snapshots.newest();
      assert(newest?.index === meta.index, `a restart at ${meta.index} needs its snapshot`);
      await queue.performRestart(meta.index, async () => {
        await writer.restart(meta.index, meta.term, hardState);
        await snapshots.forgetOlder();
      });
    },
    stats: () => ({
      bytes: writer.segments().reduce((sum, segment) => sum + segment.bytes, 0),
      syncs,
      segments: writer.segments().length,
    }),
    close: async () => {
      await queue.close();
      await snapshots.idle();
      await writer.close();
      await parts.release();
    },
  };
}
