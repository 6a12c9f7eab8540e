// Compares what two peers hold of members, from one hash down to the claims that differ.
//
//   one                         the other
//    | ---- hash ----------------> |   equal: done
//    | <--- hashes of buckets ---- |
//    | ---- items there ---------> |   (at once, by one that knows few)
//    | <--- claims, wanted ------- |
//    | ---- claims wanted -------> |

import { ALL_BUCKETS } from '../bucket-hash.ts';
import { CLAIMS_PER_MESSAGE } from '../gossip-message.ts';
import type { GossipMessage } from '../gossip-message.ts';
import type { MemberUpdate } from './member-claim.ts';
import { applyClaims } from './member-changes.ts';
import { sendGossip } from '../mesh-state.ts';
import type { MeshContext, MeshState } from '../mesh-state.ts';
import type { PeerId } from '../transport.ts';

/** One that knows at most so many names them all at once: that is hardly more than the hashes of the buckets. */
const FEW = 32;

type SyncMessage = Extract<GossipMessage, { readonly type: `members-${string}` }>;

/** False when it is known at once that it does not arrive. */
export function openSync(state: MeshState, to: PeerId): boolean {
  return sendGossip(state, to, { type: 'members-hash', hash: state.membership.hashes.root() });
}

export function onSyncMessage(
  state: MeshState,
  from: PeerId,
  message: SyncMessage,
  ctx: MeshContext,
): void {
  const { hashes } = state.membership;
  switch (message.type) {
    case 'members-hash':
      if (message.hash === hashes.root()) return;
      if (hashes.size() <= FEW) sendItems(state, from, ALL_BUCKETS);
      else sendGossip(state, from, { type: 'members-buckets', hashes: hashes.buckets() });
      return;
    case 'members-buckets':
      sendItems(state, from, hashes.differing(message.hashes));
      return;
    case 'members-items': {
      const lacked = hashes.lackedBy(message.items, message.buckets);
      sendClaims(state, from, lacked, hashes.lacking(message.items));
      return;
    }
    case 'members-claims':
      applyClaims(state, 'compare', message.claims, ctx);
      if (message.wanted.length > 0) sendClaims(state, from, message.wanted, []);
  }
}

function sendItems(state: MeshState, to: PeerId, buckets: readonly number[]): void {
  const items = state.membership.hashes.items(buckets);
  sendGossip(state, to, { type: 'members-items', buckets, items });
}

/** In several messages, so that a thousand signatures are not checked in one turn. */
function sendClaims(
  state: MeshState,
  to: PeerId,
  peers: readonly PeerId[],
  wanted: readonly PeerId[],
): void {
  const claims = peers
    .map((peer) => state.membership.claim(peer))
    .filter((claim): claim is MemberUpdate => claim !== undefined);
  let rest = wanted;
  for (let at = 0; at < claims.length || rest.length > 0; at += CLAIMS_PER_MESSAGE) {
    const some = claims.slice(at, at + CLAIMS_PER_MESSAGE);
    sendGossip(state, to, { type: 'members-claims', claims: some, wanted: rest });
    rest = [];
  }
}
