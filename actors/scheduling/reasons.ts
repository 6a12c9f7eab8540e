// Why a pod found no node: counted reasons, and the sentence Kubernetes makes of them.

/** How many nodes were refused for each reason; the counts add up to the number of nodes. */
export type Tally = ReadonlyMap<string, number>;

export function tally(reasons: Iterable<string>): Tally {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return counts;
}

/** As in `0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.` */
export function explain(tally: Tally): string {
  const nodes = [...tally.values()].reduce((sum, count) => sum + count, 0);
  if (nodes === 0) return 'no nodes available to schedule pods';
  const parts = [...tally].map(([reason, count]) => `${count} ${reason}`).sort();
  return `0/${nodes} nodes are available: ${parts.join(', ')}.`;
}
