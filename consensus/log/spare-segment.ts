// The file of the next segment, made ahead of need: filling it with zeros takes longer than a write may, and
// a disk that has no room for it says so while the segment before it still takes writes.

import type { Disk } from './disk.ts';
import { isDiskFull } from './disk.ts';

/** A file by this name was never part of the log; opening a log removes it. */
export const spareName = 'next.tmp';

export interface SpareSegment {
  /** Begins to make it, unless that was done; after a lack of room only `retry` tries again. */
  readonly prepare: () => void;
  /** Resolves when it is there with that size: it is the caller's then. Rejects with `isDiskFull` when there is no room. */
  readonly take: (bytes: number) => Promise<void>;
  /** There was no room for it, and there has been none since. */
  readonly isShort: () => boolean;
  /** Tries again if there was no room. */
  readonly retry: () => Promise<void>;
  /** Removes what nobody took. */
  readonly close: () => Promise<void>;
}

export function createSpareSegment(disk: Disk, directory: string, bytes: number): SpareSegment {
  const path = `${directory}/${spareName}`;
  /** The size of the file, if there is one. */
  let there: number | undefined;
  let isShort = false;
  let isWanted = false;
  /** Not lack of room: whoever takes the segment is told. */
  let failure: unknown;
  let turn: Promise<void> = Promise.resolve();

  /** One at a time, so that nobody makes a file that another is making. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const own = turn.then(work);
    turn = own.catch(() => undefined);
    return own;
  };

  const make = async (size: number): Promise<void> => {
    try {
      await disk.preallocate(path, size);
      there = size;
      isShort = false;
    } catch (error) {
      isShort ||= isDiskFull(error);
      throw error;
    }
  };
  const tryToMake = async (): Promise<void> => {
    if (there !== undefined || failure !== undefined) return;
    await make(bytes).catch((error: unknown) => {
      if (!isDiskFull(error)) failure = error;
    });
  };
  const remove = async (): Promise<void> => {
    if (there === undefined) return;
    there = undefined;
    await disk.remove(path);
  };

  return {
    prepare: () => {
      if (isWanted) return;
      isWanted = true;
      void inTurn(tryToMake);
    },
    take: (wanted) =>
      inTurn(async () => {
        if (failure !== undefined) throw failure;
        if (there !== wanted) {
          await remove();
          await make(wanted);
        }
        there = undefined;
        isWanted = false;
      }),
    isShort: () => isShort,
    retry: () => inTurn(async () => (isShort ? tryToMake() : undefined)),
    close: () => inTurn(remove),
  };
}
