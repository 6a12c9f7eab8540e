// The file of the next segment, made ahead of need: filling it with zeros takes longer than a write may.

import type { Disk } from './disk.ts';
import { isDiskFull } from './disk.ts';

/** A file by this name was never part of the log; opening a log removes it. */
export const spareName = 'next.tmp';

export interface SpareSegment {
  /** Begins to make it, unless that was done. */
  readonly prepare: () => void;
  /** Whether it is there with that size; if not there is no such file, and whoever needs it makes it. */
  readonly take: (bytes: number) => Promise<boolean>;
}

export function createSpareSegment(disk: Disk, directory: string, bytes: number): SpareSegment {
  const path = `${directory}/${spareName}`;
  let preparation: Promise<boolean> | undefined;

  /** Lack of room is no failure yet: whoever takes it tries again, and says so. */
  const make = () =>
    disk.preallocate(path, bytes).then(
      () => true,
      (error: unknown) => {
        if (isDiskFull(error)) return false;
        throw error;
      },
    );

  return {
    prepare: () => {
      if (preparation !== undefined) return;
      preparation = make();
      // Whoever takes it sees the failure; until then it is not unhandled.
      preparation.catch(() => undefined);
    },
    take: async (wanted) => {
      const isThere = (await preparation) ?? false;
      preparation = undefined;
      if (isThere && wanted === bytes) return true;
      if (isThere) await disk.remove(path);
      return false;
    },
  };
}
