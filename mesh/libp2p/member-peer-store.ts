// Keeps libp2p's memory of peers to members. It notes every id that ever named a protocol to it, and keeps it for hours;
// a stranger makes up ids as it likes.

import type { Peer, PeerStore } from '@libp2p/interface';

/** From here on nothing is noted of a peer that is no member. */
export function rememberOnlyMembers(store: PeerStore, isMember: (peer: string) => boolean): void {
  const merge = store.merge.bind(store);
  store.merge = async (id, data, options): Promise<Peer> =>
    isMember(id.toString())
      ? await merge(id, data, options)
      : { id, addresses: [], protocols: [], metadata: new Map(), tags: new Map() };
}
