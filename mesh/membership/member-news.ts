// Passes news of members on while there is any: at once when it comes, then at a steady pace.

import { CLAIMS_PER_MESSAGE } from '../gossip-message.ts';
import type { MemberUpdate } from './member-claim.ts';
import { gossipPartners, schedule, sendQuick } from '../mesh-state.ts';
import type { MeshContext, MeshState } from '../mesh-state.ts';

/** A little news goes as a datagram; a lot of it, as when many join, in frames. */
const NEWS_IN_ROUND = { count: CLAIMS_PER_MESSAGE, bytes: 16_384 };

export function timeNews(state: MeshState, ctx: MeshContext): void {
  if (state.isNewsTimed) return;
  state.isNewsTimed = true;
  schedule(ctx, 'news', 0);
}

export function tellNews(state: MeshState, ctx: MeshContext): void {
  state.isNewsTimed = false;
  if (state.news.isEmpty()) return;
  const size = state.membership.size();
  const { gossipFanout, gossipIntervalMs } = state.timing;
  for (const peer of gossipPartners(state, gossipFanout, ctx)) {
    const news: readonly MemberUpdate[] = state.news.take(size, NEWS_IN_ROUND);
    if (news.length > 0) sendQuick(state, peer, { type: 'news', news });
  }
  if (state.news.isEmpty()) return;
  state.isNewsTimed = true;
  schedule(ctx, 'news', gossipIntervalMs);
}
