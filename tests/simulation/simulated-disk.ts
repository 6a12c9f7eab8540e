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

/** Files by path. */
export type DiskImage = readonly (readonly [string, Buffer])[];

export interface SimulatedDisk {
  /** The disk as a process started now sees it. Processes of earlier lives never hear from it again. */
  readonly boot: () => Disk;
  /** The power fails: what was not synced may be lost or torn, locks are gone, nothing under way ever settles. */
  readonly crash: () => void;
  /** The process ends and the machine goes on: all that was written stays; nothing under way ever settles. */
  readonly exit: () => void;
  /** Ends in the middle of the n-th operation from now, the power's way unless told otherwise, then calls `ended`. */
  readonly crashAfter: (operations: number, ended: () => void, how?: 'power' | 'exit') => void;
  readonly setCapacityBytes: (bytes: number) => void;
  readonly setMaxLatencyMs: (ms: number) => void;
  /** While on, syncs answer but do nothing. */
  readonly setLying: (isLying: boolean) => void;
  /** The next operation of that kind rejects after doing a part of its work; undefined takes it back. */
  readonly failNext: (kind: 'write' | 'sync' | undefined) => void;
  /** Flips the bits of `mask` in one byte, on the platters. */
  readonly rot: (path: string, offset: number, mask?: number) => void;
  /** What a process would read now, as a backup takes it. */
  readonly keep: () => DiskImage;
  /** Ends the process; then the disk holds the image and nothing else. */
  readonly putBack: (image: DiskImage) => void;
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

/** The machine that the disk is in: what survives a crash, and what does not. */
interface Machine {
  readonly clock: Clock;
  readonly random: Random;
  maxLatencyMs: number;
  capacityBytes: number;
  /** Counts crashes: whoever belongs to an earlier life is dead. */
  life: number;
  operations: number;
  crashAt: number;
  crashHow: 'power' | 'exit';
  afterCrash: () => void;
  isLying: boolean;
  failing: 'write' | 'sync' | undefined;
  names: Names;
  readonly durableNames: Names;
  nameChanges: readonly NameChange[];
  readonly locks: Set<string>;
}

export function createSimulatedDisk(options: SimulatedDiskOptions): SimulatedDisk {
  const { clock, random, maxLatencyMs = 2, capacityBytes = Infinity } = options;
  const machine: Machine = {
    clock,
    random,
    maxLatencyMs,
    capacityBytes,
    life: 0,
    operations: 0,
    crashAt: Infinity,
    crashHow: 'power',
    afterCrash: () => {},
    isLying: false,
    failing: undefined,
    names: new Map(),
    durableNames: new Map(),
    nameChanges: [],
    locks: new Set(),
  };
  return {
    boot: () => bootDisk(machine, machine.life),
    crash: () => crash(machine),
    exit: () => exit(machine),
    crashAfter: (count, ended, how = 'power') => {
      machine.crashAt = machine.operations + count;
      machine.crashHow = how;
      machine.afterCrash = ended;
    },
    setCapacityBytes: (bytes) => void (machine.capacityBytes = bytes),
    setMaxLatencyMs: (ms) => void (machine.maxLatencyMs = ms),
    setLying: (isLying) => void (machine.isLying = isLying),
    failNext: (kind) => void (machine.failing = kind),
    rot: (path, offset, mask = 0x40) => {
      const inode = find(machine, path);
      inode.current[offset]! ^= mask;
      inode.durable[offset]! ^= mask;
    },
    keep: () => [...machine.names].map(([path, { current }]) => [path, Buffer.from(current)]),
    putBack: (image) => {
      machine.life += 1;
      machine.locks.clear();
      machine.nameChanges = [];
      machine.names.clear();
      machine.durableNames.clear();
      for (const [path, bytes] of image) {
        const inode = { current: Buffer.from(bytes), durable: Buffer.from(bytes), pending: [] };
        machine.names.set(path, inode);
        machine.durableNames.set(path, inode);
      }
    },
    paths: () => [...machine.names.keys()].sort(),
    content: (path) => Buffer.from(find(machine, path).current),
    operations: () => machine.operations,
  };
}

function exit(machine: Machine): void {
  machine.life += 1;
  machine.locks.clear();
}

function crash(machine: Machine): void {
  const { random, durableNames, nameChanges } = machine;
  exit(machine);
  machine.crashAt = Infinity;
  for (const directory of new Set(nameChanges.map((change) => change.directory))) {
    const changes = nameChanges.filter((change) => change.directory === directory);
    const kept = random.integer(changes.length + 1);
    for (const change of changes.slice(0, kept)) change.apply(durableNames);
  }
  machine.nameChanges = [];
  machine.names = new Map(durableNames);
  for (const inode of machine.names.values()) tear(inode, random);
}

/** `begin` happens at once, `end` after the latency, unless the power failed meanwhile. */
function operate<T>(machine: Machine, own: number, begin: () => void, end: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    if (own !== machine.life) return;
    machine.operations += 1;
    try {
      begin();
    } catch (error) {
      reject(error);
      return;
    }
    if (machine.operations >= machine.crashAt) {
      machine.crashAt = Infinity;
      if (machine.crashHow === 'power') crash(machine);
      else exit(machine);
      machine.afterCrash();
      return;
    }
    machine.clock.setTimer(machine.random.float() * machine.maxLatencyMs, () => {
      if (own !== machine.life) return;
      try {
        resolve(end());
      } catch (error) {
        reject(error);
      }
    });
  });
}

function takeFailure(machine: Machine, kind: 'write' | 'sync'): void {
  if (machine.failing !== kind) return;
  machine.failing = undefined;
  throw new SkeinError('unavailable', `simulated failure of a ${kind}`);
}

function claimRoom(machine: Machine, path: string, bytes: number): void {
  let used = bytes;
  for (const inode of machine.names.values()) used += inode.current.length;
  if (bytes > 0 && used > machine.capacityBytes) throw diskFull(path);
}

function find(machine: Machine, path: string): Inode {
  const inode = machine.names.get(path);
  if (inode === undefined) throw new SkeinError('not-found', `no file ${path}`);
  return inode;
}

function changeNames(machine: Machine, path: string, apply: (names: Names) => void): void {
  apply(machine.names);
  machine.nameChanges = [...machine.nameChanges, { directory: parentOf(path), apply }];
}

/** The first `count` writes that wait reach the platters. */
function flush(machine: Machine, inode: Inode, count: number): void {
  takeFailure(machine, 'sync');
  if (machine.isLying) return;
  for (const write of inode.pending.splice(0, count)) {
    inode.durable = overlaid(inode.durable, write.offset, write.bytes);
  }
}

function openFile(machine: Machine, own: number, path: string, access: Access): DiskFile {
  const inode = find(machine, path);
  const nothing = () => {};
  return {
    read: (offset, length) =>
      operate(machine, own, nothing, () =>
        Buffer.from(inode.current.subarray(offset, offset + length)),
      ),
    write: (offset, bytes) => {
      let waiting = 0;
      const begin = () => {
        claimRoom(machine, path, Math.max(0, offset + bytes.length - inode.current.length));
        const copy = Buffer.from(bytes);
        inode.current = overlaid(inode.current, offset, copy);
        inode.pending.push({ offset, bytes: copy });
        waiting = inode.pending.length;
      };
      return operate(machine, own, begin, () => {
        takeFailure(machine, 'write');
        if (access === 'write-through') flush(machine, inode, waiting);
      });
    },
    sync: () => {
      let waiting = 0;
      const begin = () => void (waiting = inode.pending.length);
      return operate(machine, own, begin, () => flush(machine, inode, waiting));
    },
    close: () => operate(machine, own, nothing, nothing),
  };
}

function bootDisk(machine: Machine, own: number): Disk {
  const at = <T>(end: () => T) => operate(machine, own, () => {}, end);
  const link = (path: string, inode: Inode) =>
    changeNames(machine, path, (names) => void names.set(path, inode));
  return {
    makeDirectory: () => at(() => {}),
    list: (directory) =>
      at(() => [...machine.names.keys()].filter((p) => parentOf(p) === directory).map(baseOf)),
    open: (path, access) =>
      at(() => {
        if (access === 'write' && !machine.names.has(path)) link(path, zeroInode(0));
        return openFile(machine, own, path, access);
      }),
    sizeBytes: (path) => at(() => find(machine, path).current.length),
    preallocate: (path, bytes) =>
      at(() => {
        claimRoom(machine, path, bytes);
        link(path, zeroInode(bytes));
      }),
    rename: (from, to) =>
      at(() => {
        const inode = find(machine, from);
        changeNames(machine, to, (names) => {
          names.delete(from);
          names.set(to, inode);
        });
      }),
    remove: (path) =>
      at(() => {
        find(machine, path);
        changeNames(machine, path, (names) => void names.delete(path));
      }),
    removeDirectory: () => at(() => {}),
    syncDirectory: (path) =>
      at(() => {
        takeFailure(machine, 'sync');
        if (machine.isLying) return;
        const isHere = (change: NameChange) => change.directory === path;
        for (const change of machine.nameChanges.filter(isHere)) change.apply(machine.durableNames);
        machine.nameChanges = machine.nameChanges.filter((change) => !isHere(change));
      }),
    lock: (directory) =>
      at(() => {
        if (machine.locks.has(directory)) {
          throw new SkeinError('conflict', `${directory} is in use by life ${machine.life}`);
        }
        machine.locks.add(directory);
        return () => at(() => void machine.locks.delete(directory));
      }),
  };
}

function zeroInode(bytes: number): Inode {
  return { current: Buffer.alloc(bytes), durable: Buffer.alloc(bytes), pending: [] };
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
