// What this machine can give to pods, and how loaded it is.

import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';

/** Quantities as they stand in a Node's status. */
export interface NodeCapacity {
  readonly capacity: Readonly<Record<'cpu' | 'memory' | 'pods', string>>;
  /** Capacity less what the machine and this peer need themselves. */
  readonly allocatable: Readonly<Record<'cpu' | 'memory' | 'pods', string>>;
}

/** Fractions of capacity, 0 to 1. */
export interface MachineLoad {
  readonly cpu: number;
  readonly memory: number;
}

/** As in Kubernetes. */
export const PODS_MOST = 110;

/** The peer itself and the machine's own daemons; on a small machine at most a tenth. */
const RESERVED_CPU_MILLIS = 100;
const RESERVED_MEMORY_BYTES = 256 * 1024 * 1024;

export function readNodeCapacity(): NodeCapacity {
  const cpuCount = availableParallelism();
  const memoryBytes = memoryLimit();
  const cpuMillis = cpuCount * 1_000 - Math.min(RESERVED_CPU_MILLIS, cpuCount * 100);
  const freeBytes = memoryBytes - Math.min(RESERVED_MEMORY_BYTES, memoryBytes / 10);
  const kibibytes = (bytes: number): string => `${Math.floor(bytes / 1_024)}Ki`;
  return {
    capacity: { cpu: String(cpuCount), memory: kibibytes(memoryBytes), pods: String(PODS_MOST) },
    allocatable: { cpu: `${cpuMillis}m`, memory: kibibytes(freeBytes), pods: String(PODS_MOST) },
  };
}

/** Load since the call before; the first call measures since boot. */
export function createLoadMeter(): () => MachineLoad {
  let before = { busy: 0, total: 0 };
  return () => {
    const now = cpuTimes();
    const total = now.total - before.total;
    const cpu = total <= 0 ? 0 : (now.busy - before.busy) / total;
    before = now;
    return { cpu: clamp(cpu), memory: clamp(1 - availableMemory() / totalmem()) };
  };
}

const clamp = (fraction: number): number => Math.min(1, Math.max(0, fraction));

/** A limit of the peer's own cgroup binds its pods too. */
function memoryLimit(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

function cpuTimes(): { readonly busy: number; readonly total: number } {
  let [busy, total] = [0, 0];
  for (const { times } of cpus()) {
    const all = times.user + times.nice + times.sys + times.irq + times.idle;
    total += all;
    busy += all - times.idle;
  }
  return { busy, total };
}

/** Memory that can be had without swapping: free alone would count the page cache as used. */
function availableMemory(): number {
  if (process.platform !== 'linux') return freemem();
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'latin1'));
  return match === null ? freemem() : Number(match[1]) * 1_024;
}
