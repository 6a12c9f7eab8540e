// What a store that is measured must be able to do, and what one round of a load says.

/** `get` is linearizable; `fill` writes every key once and takes as long as it takes. */
export type LoadKind = 'fill' | 'put' | 'get';

export interface Load {
  readonly kind: LoadKind;
  /** Independent closed loops, one operation in flight each. */
  readonly clients: number;
  readonly forMs: number;
}

/** What the client saw. */
export interface LoadAnswer {
  readonly operations: number;
  readonly failed: number;
  /** One of the failures. */
  readonly failure?: string;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface Contender {
  readonly name: string;
  readonly drive: (load: Load) => Promise<LoadAnswer>;
  /** Syncs of the log so far, of each voting member. */
  readonly syncs: () => Promise<readonly number[]>;
  readonly clientPid: number;
  readonly memberPids: readonly number[];
  readonly stop: () => Promise<void>;
}

/** The same for every contender. */
export const keys = 10_000;
export const value = 'v'.repeat(256);
/** How long one operation may take before it counts as failed. */
export const deadlineMs = 5_000;
export const keyAt = (at: number): string => `key/${String(at).padStart(5, '0')}`;

/** Of values in order: the one that `share` of them do not exceed; 0 of none. */
export const quantile = (sorted: readonly number[] | Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((below ?? 0) + (above ?? 0)) / 2;
}
