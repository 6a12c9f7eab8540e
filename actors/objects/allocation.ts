// The allocation record of a node: what is promised there. Only bind and release write it.

/** What one pod holds of its node. */
export interface PodAllocation {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  /** Host ports it holds, `PROTOCOL/PORT`. */
  readonly hostPorts: readonly string[];
}

/** By pod uid. The record's store revision is what bind and release compare. */
export type NodeAllocation = Readonly<Record<string, PodAllocation>>;

export const allocationKey = (node: string): string => `/skein/allocations/${node}`;
