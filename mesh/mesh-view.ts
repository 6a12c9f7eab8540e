// What everybody on this peer reads of the mesh: written by the mesh actor alone, read without a message.

import type { Member, MemberEvent, Outlook } from './mesh.ts';
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
  readonly outlook: () => Outlook;
  readonly onOutlook: (changed: (outlook: Outlook) => void) => () => void;
  /** Stores the outlook and tells all who listen if its state is another. */
  readonly putOutlook: (outlook: Outlook) => void;
}

/** `failed` is told what a listener threw. */
export function createMeshView(failed: (error: unknown) => void): MeshView {
  const byPeer = new Map<PeerId, Member>();
  const byName = new Map<string, Set<PeerId>>();
  /** Ordered, so that a change of one member costs no sorting of all. */
  const peers: PeerId[] = [];
  const members = createListeners<MemberEvent>(failed);
  const outlooks = createListeners<Outlook>(failed);
  let ordered: readonly Member[] | undefined;
  let outlook: Outlook = { state: 'whole', alive: 1, silent: 0, sinceMs: 0 };

  const nameNow = (peer: PeerId, name: string | undefined): void => {
    const before = byPeer.get(peer)?.facts.name;
    if (before === name) return;
    if (before !== undefined) {
      const peers = byName.get(before);
      peers?.delete(peer);
      if (peers?.size === 0) byName.delete(before);
    }
    if (name !== undefined) byName.set(name, (byName.get(name) ?? new Set()).add(peer));
  };

  return {
    members: () => {
      ordered ??= peers.map((peer) => byPeer.get(peer)!);
      return ordered;
    },
    member: (peer) => byPeer.get(peer),
    // A name may have moved to another peer: the living one counts.
    memberNamed: (name) => {
      const named = [...(byName.get(name) ?? [])].sort().map((peer) => byPeer.get(peer)!);
      return named.find((member) => member.status === 'alive') ?? named[0];
    },
    onMember: members.add,
    put: (event) => {
      const { member } = event;
      nameNow(member.peer, member.facts.name);
      if (!byPeer.has(member.peer)) peers.splice(placeIn(peers, member.peer), 0, member.peer);
      byPeer.set(member.peer, member);
      ordered = undefined;
      members.tell(event);
    },
    drop: (peer) => {
      nameNow(peer, undefined);
      if (!byPeer.delete(peer)) return;
      peers.splice(placeIn(peers, peer), 1);
      ordered = undefined;
    },
    outlook: () => outlook,
    onOutlook: outlooks.add,
    putOutlook: (next) => {
      const isNews = next.state !== outlook.state;
      outlook = next;
      if (isNews) outlooks.tell(next);
    },
  };
}

/** Where a peer is in the ordered list, or belongs. */
function placeIn(peers: readonly PeerId[], peer: PeerId): number {
  let low = 0;
  let high = peers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (peers[middle]! < peer) low = middle + 1;
    else high = middle;
  }
  return low;
}

function createListeners<T>(failed: (error: unknown) => void): {
  readonly add: (changed: (news: T) => void) => () => void;
  readonly tell: (news: T) => void;
} {
  const listeners = new Set<(news: T) => void>();
  return {
    add: (changed) => {
      // A wrapper, so that the same function may listen twice.
      const listener = (news: T): void => changed(news);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell: (news) => {
      for (const listener of listeners) {
        try {
          listener(news);
        } catch (error) {
          failed(error);
        }
      }
    },
  };
}
