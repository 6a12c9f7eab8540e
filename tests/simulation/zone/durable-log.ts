// What a replica's log said is on its disk: from its answers, not from the disk, which may lie.

import type { LogBatch, RecoveredLog } from '../../../consensus/log/log-storage.ts';
import type { HardState, ReplicaId, SnapshotMeta } from '../../../consensus/raft/types.ts';

export interface DurableLog {
  term: number;
  /** By term; never forgotten. */
  readonly votes: Map<number, ReplicaId>;
  /** By index, above `base`. */
  readonly terms: Map<number, number>;
  last: number;
  /** A snapshot covers all up to here. */
  base: number;
  /** A write under way may have replaced what is here and above, should the process end now. */
  uncertainFrom: number;
  /** First indexes of writes under way. */
  readonly underWay: number[];
}

export const createDurable = (): DurableLog => ({
  term: 0,
  votes: new Map(),
  terms: new Map(),
  last: 0,
  base: 0,
  uncertainFrom: Infinity,
  underWay: [],
});

/** Whether this entry is on the disk, or under a snapshot. */
export const covers = ({ base, terms, last }: DurableLog, index: number, term: number): boolean =>
  index <= base || (index <= last && terms.get(index) === term);

export function writeBegins(durable: DurableLog, { entries }: LogBatch): void {
  durable.underWay.push(entries[0]?.index ?? Infinity);
  durable.uncertainFrom = Math.min(...durable.underWay);
}

/** Writes end in the order in which they began. */
export function writeEnds(durable: DurableLog, { entries, hardState }: LogBatch): void {
  durable.underWay.shift();
  durable.uncertainFrom = Math.min(Infinity, ...durable.underWay);
  const first = entries[0]?.index;
  if (first !== undefined) {
    cutFrom(durable, first);
    for (const { index, term } of entries) durable.terms.set(index, term);
    durable.last = entries.at(-1)!.index;
  }
  if (hardState !== undefined) keepHardState(durable, hardState);
}

export function restartBegins(durable: DurableLog): void {
  durable.uncertainFrom = 0;
}

export function restartEnds(durable: DurableLog, meta: SnapshotMeta, hardState: HardState): void {
  cutFrom(durable, 0);
  durable.base = meta.index;
  durable.last = meta.index;
  durable.uncertainFrom = Math.min(Infinity, ...durable.underWay);
  keepHardState(durable, hardState);
}

/** A new life begins with what the last one left. */
export function recoveredAs(durable: DurableLog, recovered: RecoveredLog): void {
  const { hardState, entries, snapshot } = recovered;
  cutFrom(durable, 0);
  durable.underWay.length = 0;
  durable.uncertainFrom = Infinity;
  durable.base = snapshot?.index ?? 0;
  for (const { index, term } of entries) durable.terms.set(index, term);
  durable.last = entries.at(-1)?.index ?? durable.base;
  keepHardState(durable, hardState);
}

function keepHardState(durable: DurableLog, { term, vote }: HardState): void {
  durable.term = Math.max(durable.term, term);
  if (vote !== 0) durable.votes.set(term, vote);
}

function cutFrom(durable: DurableLog, first: number): void {
  for (const index of durable.terms.keys()) if (index >= first) durable.terms.delete(index);
  durable.last = Math.min(durable.last, Math.max(0, first - 1));
}
