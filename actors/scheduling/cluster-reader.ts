// Takes the picture of the zone: parses a node or a record only when it has changed since the last picture.

import type { StoreView } from '../../consensus/index.ts';
import type { Mesh } from '../../mesh/index.ts';
import { allocationKey } from '../objects/allocation.ts';
import { memberOfNode } from '../objects/node-member.ts';
import type { ObjectView, Stored } from '../objects/objects.ts';
import { isPodActive } from '../objects/pod-status.ts';
import type { ClusterView, NodeLoad, NodeTraits, NodeUse } from './cluster-view.ts';
import { nodeTraits, nodeUse } from './cluster-view.ts';

export interface ClusterSources {
  readonly objects: ObjectView;
  /** Where allocation records are read. */
  readonly records: StoreView;
  readonly mesh: Pick<Mesh, 'member' | 'memberNamed'>;
}

interface KnownNode {
  readonly node: Stored<'Node'>;
  readonly traits: NodeTraits;
  readonly use: NodeUse;
}

function loadOf({ objects, mesh }: ClusterSources, name: string): NodeLoad | undefined {
  return memberOfNode(objects, mesh, name)?.facts.load;
}

function countByNode(pods: readonly Stored<'Pod'>[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const pod of pods) {
    const node = pod.spec?.nodeName;
    if (node === undefined || !isPodActive(pod)) continue;
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return counts;
}

/** A function that takes a picture; what it remembers is bounded by the nodes of the zone. */
export function createClusterReader(sources: ClusterSources): () => ClusterView {
  const { objects, records } = sources;
  let known = new Map<string, KnownNode>();
  return () => {
    const next = new Map<string, KnownNode>();
    for (const node of objects.list('Node')) {
      const name = node.metadata?.name ?? '';
      const before = known.get(name);
      const kv = records.get(allocationKey(name));
      const isSameUse = before !== undefined && before.use.record?.modRevision === kv?.modRevision;
      next.set(name, {
        node,
        traits: before?.node === node ? before.traits : nodeTraits(node),
        use: isSameUse ? before.use : nodeUse(kv),
      });
    }
    known = next;
    return {
      nodes: [...next.values()].map(({ node, traits, use }) => ({
        node,
        traits,
        use,
        load: loadOf(sources, traits.name),
      })),
      countsOf: (group) => countByNode(objects.listOwnedBy('Pod', group)),
    };
  };
}
