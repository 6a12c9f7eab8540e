// A disk in memory and virtual time that loses, tears, lies, rots and fills up, as its seed has it.
//
// Every file has two contents: what a running process reads, and what is on the platters. Writes wait
// between the two until a sync; a crash lets each of their 512-byte sectors through or not, by chance.
// Names work the same way, but a crash keeps them in order: a journal loses only its end.

import { diskFull } from '../../consensus/log/disk.ts';
import type { Access, Disk, DiskFile } from '../../consensus/log/disk.ts';
import { SkeinError } from '../../runtime/index.ts';
import type { Clock, Random } from '../../runtime/index.ts';

/** What a drive writes whole or not at all. */
const sectorBytes = 512;

export interface SimulatedDiskOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Each operation takes a uniform time up to this; default 2. */
  readonly maxLatencyMs?: number;
  /** Default unlimited. */
  readonly capacityBytes?: number;
}

export interface SimulatedDisk {
  /** The disk as a process started now sees it. Processes of earlier lives never hear from it again. */
  readonly boot: () => Disk;
  /** The power fails: what was not synced may be lost or torn, locks are gone, nothing under way ever settles. */
  readonly crash: () => void;
  /** Crashes in the middle of the n-th operation from now, then calls `crashed`. */
  readonly crashAfter: (operations: number, crashed: () => void) => void;
  readonly setCapacityBytes: (bytes: number) => void;
  /** While on, syncs answer but do nothing. */
  readonly setLying: (isLying: boolean) => void;
  /** The next operation of that kind rejects after doing a part of its work. */
  readonly failNext: (kind: 'write' | 'sync') => void;
  /** Flips the bits of `mask` in one byte, on the platters. */
  readonly rot: (path: string, offset: number, mask?: number) => void;
  readonly paths: () => readonly string[];
  /** What a process would read. */
  readonly content: (path: string) => Buffer;
  readonly operations: () => number;
}

interface PendingWrite {
  readonly offset: number;
  readonly bytes: Buffer;
}

interface Inode {
  current: Buffer;
  durable: Buffer;
  pending: PendingWrite[];
}

type Names = Map<string, Inode>;

interface NameChange {
  readonly directory: string;
  readonly apply: (names: Names) => void;
}

export function createSimulatedDisk(options: SimulatedDiskOptions): SimulatedDisk {
  const { clock, random, maxLatencyMs = 2 } = options;
  let capacityBytes = options.capacityBytes ?? Infinity;
  let life = 0;
  let operations = 0;
  let crashAt = Infinity;
  let afterCrash = () => {};
  let isLying = false;
  let failing: 'write' | 'sync' | undefined;
  let names: Names = new Map();
  const durableNames: Names = new Map();
  let nameChanges: NameChange[] = [];
  const locks = new Map<string, number>();

  const crash = () => {
    life += 1;
    crashAt = Infinity;
    locks.clear();
    const directories = new Set(nameChanges.map(({ directory }) => directory));
    for (const directory of directories) {
      const changes = nameChanges.filter((change) => change.directory === directory);
      const kept = random.integer(changes.length + 1);
      for (const change of changes.slice(0, kept)) change.apply(durableNames);
    }
    nameChanges = [];
    names = new Map(durableNames);
    for (const inode of names.values()) tear(inode, random);
  };

  /** `begin` happens at once, `end` after the latency, unless the power failed meanwhile. */
  const operate = <T>(own: number, begin: () => void, end: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      if (own !== life) return;
      operations += 1;
      try {
        begin();
      } catch (error) {
        reject(error);
        return;
      }
      if (operations >= crashAt) {
        crash();
        afterCrash();
        return;
      }
      clock.setTimer(random.float() * maxLatencyMs, () => {
        if (own !== life) return;
        try {
          resolve(end());
        } catch (error) {
          reject(error);
        }
      });
    });

  const takeFailure = (kind: 'write' | 'sync') => {
    if (failing !== kind) return;
    failing = undefined;
    throw new SkeinError('unavailable', `simulated failure of a ${kind}`);
  };

  const usedBytes = () => {
    let used = 0;
    for (const inode of names.values()) used += inode.current.length;
    return used;
  };

  const find = (path: string): Inode => {
    const inode = names.get(path);
    if (inode === undefined) throw new SkeinError('not-found', `no file ${path}`);
    return inode;
  };

  const changeNames = (directory: string, apply: (names: Names) => void) => {
    apply(names);
    nameChanges.push({ directory, apply });
  };

  const sync = (inode: Inode, count: number) => {
    takeFailure('sync');
    if (isLying) return;
    for (const write of inode.pending.splice(0, count)) {
      inode.durable = overlaid(inode.durable, write.offset, write.bytes);
    }
  };

  const openFile = (own: number, path: string, inode: Inode, access: Access): DiskFile => ({
    read: (offset, length) =>
      operate(
        own,
        () => {},
        () => Buffer.from(inode.current.subarray(offset, offset + length)),
      ),
    write: (offset, bytes) => {
      let waiting = 0;
      const put = () => {
        const growth = Math.max(0, offset + bytes.length - inode.current.length);
        if (usedBytes() + growth > capacityBytes) throw diskFull(path);
        const copy = Buffer.from(bytes);
        inode.current = overlaid(inode.current, offset, copy);
        inode.pending.push({ offset, bytes: copy });
        waiting = inode.pending.length;
      };
      return operate(own, put, () => {
        takeFailure('write');
        if (access === 'write-through') sync(inode, waiting);
      });
    },
    sync: () => {
      let waiting = 0;
      return operate(
        own,
        () => void (waiting = inode.pending.length),
        () => sync(inode, waiting),
      );
    },
    close: () =>
      operate(
        own,
        () => {},
        () => {},
      ),
  });

  const boot = (): Disk => {
    const own = life;
    const at = <T>(end: () => T) => operate(own, () => {}, end);
    return {
      makeDirectory: () => at(() => {}),
      list: (directory) =>
        at(() => [...names.keys()].filter((p) => parentOf(p) === directory).map(baseOf)),
      open: (path, access) =>
        at(() => {
          if (access === 'write' && !names.has(path)) {
            const inode = emptyInode();
            changeNames(parentOf(path), (all) => void all.set(path, inode));
          }
          return openFile(own, path, find(path), access);
        }),
      sizeBytes: (path) => at(() => find(path).current.length),
      preallocate: (path, bytes) =>
        at(() => {
          if (usedBytes() + bytes > capacityBytes) throw diskFull(path);
          const inode = emptyInode();
          inode.current = Buffer.alloc(bytes);
          inode.durable = Buffer.alloc(bytes);
          changeNames(parentOf(path), (all) => void all.set(path, inode));
        }),
      rename: (from, to) =>
        at(() => {
          const inode = find(from);
          changeNames(parentOf(to), (all) => {
            all.delete(from);
            all.set(to, inode);
          });
        }),
      remove: (path) =>
        at(() => {
          find(path);
          changeNames(parentOf(path), (all) => void all.delete(path));
        }),
      syncDirectory: (path) =>
        at(() => {
          takeFailure('sync');
          if (isLying) return;
          for (const change of nameChanges) {
            if (change.directory === path) change.apply(durableNames);
          }
          nameChanges = nameChanges.filter((change) => change.directory !== path);
        }),
      lock: (directory) =>
        at(() => {
          if (locks.has(directory)) {
            throw new SkeinError('conflict', `${directory} is in use by life ${life}`);
          }
          locks.set(directory, own);
          return () => at(() => void locks.delete(directory));
        }),
    };
  };

  return {
    boot,
    crash,
    crashAfter: (count, crashed) => {
      crashAt = operations + count;
      afterCrash = crashed;
    },
    setCapacityBytes: (bytes) => void (capacityBytes = bytes),
    setLying: (value) => void (isLying = value),
    failNext: (kind) => void (failing = kind),
    rot: (path, offset, mask = 0x40) => {
      const inode = find(path);
      inode.current[offset]! ^= mask;
      inode.durable[offset]! ^= mask;
    },
    paths: () => [...names.keys()].sort(),
    content: (path) => Buffer.from(find(path).current),
    operations: () => operations,
  };
}

function emptyInode(): Inode {
  return { current: Buffer.alloc(0), durable: Buffer.alloc(0), pending: [] };
}

/** The power failed: each sector of each write that waited for a sync is there or is not. */
function tear(inode: Inode, random: Random): void {
  for (const { offset, bytes } of inode.pending) {
    let at = 0;
    while (at < bytes.length) {
      const end = Math.min(bytes.length, at + sectorBytes - ((offset + at) % sectorBytes));
      if (random.float() < 0.5) {
        inode.durable = overlaid(inode.durable, offset + at, bytes.subarray(at, end));
      }
      at = end;
    }
  }
  inode.pending = [];
  inode.current = Buffer.from(inode.durable);
}

function overlaid(content: Buffer, offset: number, bytes: Buffer): Buffer {
  if (offset + bytes.length <= content.length) {
    content.set(bytes, offset);
    return content;
  }
  const grown = Buffer.alloc(offset + bytes.length);
  grown.set(content);
  grown.set(bytes, offset);
  return grown;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
