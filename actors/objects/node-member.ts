// The member of the mesh that is a Node: the one that the log names, not whoever says it has that name.

import type { Member, Mesh } from '../../mesh/index.ts';
import type { ObjectView } from './objects.ts';

/** Undefined while this peer knows of none. A Node that names no peer is found by its name. */
export function memberOfNode(
  view: Pick<ObjectView, 'get'>,
  mesh: Pick<Mesh, 'member' | 'memberNamed'>,
  node: string,
): Member | undefined {
  const peer = view.get('Node', '', node)?.metadata?.annotations?.['skein.dev/peer-id'];
  return peer === undefined ? mesh.memberNamed(node) : mesh.member(peer);
}
