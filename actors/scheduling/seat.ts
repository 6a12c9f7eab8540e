// A node while a batch is decided: what is left of it after the placements made so far.

import type { PodAllocation } from '../objects/allocation.ts';
import type { NodeView } from './cluster-view.ts';

export interface Seat {
  readonly node: NodeView;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly pods: number;
  readonly isPortFree: (port: string) => boolean;
  /** Counts takes: a judgement made at an older count is out of date. */
  readonly version: number;
}

/** A seat that only the batch that made it may change. */
export interface OpenSeat extends Seat {
  readonly take: (allocation: PodAllocation) => void;
}

export function openSeat(node: NodeView): OpenSeat {
  const { allocatable } = node.traits;
  const taken = new Set<string>();
  const left = {
    cpuMillis: allocatable.cpuMillis - node.use.cpuMillis,
    memoryBytes: allocatable.memoryBytes - node.use.memoryBytes,
    pods: allocatable.pods - node.use.podCount,
    version: 0,
  };
  return {
    node,
    get cpuMillis() {
      return left.cpuMillis;
    },
    get memoryBytes() {
      return left.memoryBytes;
    },
    get pods() {
      return left.pods;
    },
    get version() {
      return left.version;
    },
    isPortFree: (port) => !taken.has(port) && !node.use.hostPorts.has(port),
    take: (allocation) => {
      left.cpuMillis -= allocation.cpuMillis;
      left.memoryBytes -= allocation.memoryBytes;
      left.pods -= 1;
      left.version += 1;
      for (const port of allocation.hostPorts) taken.add(port);
    },
  };
}
