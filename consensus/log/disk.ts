// What the log needs of a disk, as a port, so that a simulated one can tear, lie and fill up.

import { SkeinError } from '../../runtime/index.ts';

/**
 * `read`: an existing file; `write`: created if missing, durable after `sync`;
 * `write-through`: an existing file in which a write resolves only when it is durable.
 */
export type Access = 'read' | 'write' | 'write-through';

export interface DiskFile {
  /** Up to `length` bytes from `offset`; fewer only at the end of the file. */
  readonly read: (offset: number, length: number) => Promise<Uint8Array>;
  /** All of `bytes` or a rejection; after a rejection any part may have been written. One at a time. */
  readonly write: (offset: number, bytes: Uint8Array) => Promise<void>;
  readonly sync: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Paths are joined with `/`; every operation rejects on failure and none is retried. */
export interface Disk {
  /** With its parents, readable by its owner only. */
  readonly makeDirectory: (path: string) => Promise<void>;
  /** Names in a directory, in no particular order. */
  readonly list: (directory: string) => Promise<readonly string[]>;
  readonly open: (path: string, access: Access) => Promise<DiskFile>;
  readonly sizeBytes: (path: string) => Promise<number>;
  /** A new file of zeros, synced. Without room it rejects with an error for which `isDiskFull` holds and leaves no file. */
  readonly preallocate: (path: string, bytes: number) => Promise<void>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
  /** An empty one. */
  readonly removeDirectory: (path: string) => Promise<void>;
  /** Makes files that came, went or were renamed in it durable. */
  readonly syncDirectory: (path: string) => Promise<void>;
  /** Refuses with `conflict` while another process holds the directory. Returns how to let go. */
  readonly lock: (directory: string) => Promise<() => Promise<void>>;
}

/** `details.reason` of every error that a full disk is behind, also of refusals to clients. */
export const diskFullReason = 'disk-full';

/** No room: nothing was written, and asking again once there is room is right. */
export function diskFull(path: string, cause?: unknown): SkeinError {
  return new SkeinError(
    'overloaded',
    `no room on the disk for ${path}: free some space`,
    { reason: diskFullReason, path },
    cause,
  );
}

/** Tells lack of room, which heals, from every other failure of a disk, which does not. */
export function isDiskFull(error: unknown): boolean {
  return (
    error instanceof SkeinError &&
    error.code === 'overloaded' &&
    error.details['reason'] === diskFullReason
  );
}
