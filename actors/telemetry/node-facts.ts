// What a peer's own Node object says of it, as facts for all peers. Pure.

import { LABELS_LIMIT, TAINTS_LIMIT } from '../../mesh/index.ts';
import type { NodeFacts } from '../../mesh/index.ts';
import type { Stored } from '../objects/objects.ts';

/** Every key that comes from the Node, so that what is removed there is removed here. */
export function nodeFacts(node: Stored<'Node'>): NodeFacts {
  const { labels = {}, annotations = {} } = node.metadata ?? {};
  const { taints = [], unschedulable } = node.spec ?? {};
  const price = annotations['skein.dev/price'];
  const drivers = annotations['skein.dev/drivers'];
  return {
    labels: Object.fromEntries(Object.entries(labels).sort(byKey).slice(0, LABELS_LIMIT)),
    taints: taints.slice(0, TAINTS_LIMIT).map(({ key, value, effect }) => ({
      key,
      ...(value !== undefined && { value }),
      effect,
    })),
    isCordoned: unschedulable === true,
    ...(drivers !== undefined && { drivers: drivers.split(',') }),
    ...(price !== undefined && { price }),
    ...amountsOf('capacity', node),
    ...amountsOf('allocatable', node),
  };
}

const byKey = ([a]: [string, string], [b]: [string, string]): number => (a < b ? -1 : 1);

function amountsOf(which: 'capacity' | 'allocatable', { status }: Stored<'Node'>): NodeFacts {
  const { cpu, memory, pods } = status?.[which] ?? {};
  if (cpu === undefined || memory === undefined || pods === undefined) return {};
  return { [which]: { cpu, memory, pods } };
}
