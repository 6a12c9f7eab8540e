// What everybody on this peer reads of the mesh: written by the mesh actor alone, read without a message.

import type { Member, MemberEvent } from './mesh.ts';
import type { PeerId } from './transport.ts';

export interface MeshView {
  readonly members: () => readonly Member[];
  readonly member: (peer: PeerId) => Member | undefined;
  readonly memberNamed: (name: string) => Member | undefined;
  readonly onMember: (changed: (event: MemberEvent) => void) => () => void;
  /** Stores the member and tells all who listen. A listener that throws is a bug of its owner and breaks nobody else. */
  readonly put: (event: MemberEvent) => void;
  /** Forgets a member that has long been gone, silently. */
  readonly drop: (peer: PeerId) => void;
}

/** `failed` is told what a listener threw. */
export function createMeshView(failed: (error: unknown) => void): MeshView {
  const byPeer = new Map<PeerId, Member>();
  const listeners = new Set<(event: MemberEvent) => void>();
  let ordered: readonly Member[] | undefined;

  const members = (): readonly Member[] => {
    ordered ??= [...byPeer.values()].sort((a, b) => (a.peer < b.peer ? -1 : 1));
    return ordered;
  };

  return {
    members,
    member: (peer) => byPeer.get(peer),
    // A name may have moved to another peer: the living one counts.
    memberNamed: (name) => {
      const named = members().filter((member) => member.facts.name === name);
      return named.find((member) => member.status === 'alive') ?? named[0];
    },
    onMember: (changed) => {
      // A wrapper, so that the same function may listen twice.
      const listener = (event: MemberEvent): void => changed(event);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    put: (event) => {
      byPeer.set(event.member.peer, event.member);
      ordered = undefined;
      for (const listener of listeners) {
        try {
          listener(event);
        } catch (error) {
          failed(error);
        }
      }
    },
    drop: (peer) => {
      if (byPeer.delete(peer)) ordered = undefined;
    },
  };
}
