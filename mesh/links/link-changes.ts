// What links tell: that somebody is there, that somebody may be gone; and the knocking at the doors of those who
// are missing, so that partitions of any shape heal, even where both sides hold each other for dead.

import { openExchange } from '../facts/facts-exchange.ts';
import { met, waysTo } from './known-addresses.ts';
import { endLink, sameTexts, timeLinks, touchBook } from './link-keeping.ts';
import { applyOutcome, perform } from '../membership/member-changes.ts';
import type { MemberUpdate } from '../membership/member-claim.ts';
import { openSync } from '../membership/member-sync.ts';
import { schedule, sendGossip } from '../mesh-state.ts';
import type { MeshContext, MeshMessage, MeshState } from '../mesh-state.ts';
import type { PeerId } from '../transport.ts';

/** The missing that are tried at once, in calm and in a hurry. */
const KNOCKS = 3;
const KNOCKS_IN_HURRY = 8;

/** Suspicions of its own that a peer tells on a new link. */
const GREETING_DOUBTS = 16;

/** With fewer links than this a peer is in a hurry, if there are others at all. */
const LINKS_LEAST = 3;

/** Tries some of the missing, by lot: at the start all of the address book is missing. */
export function knock(state: MeshState, ctx: MeshContext): void {
  const { links, transport, timing } = state;
  noticeMove(state, ctx);
  const isHurried = links.partners.size() < LINKS_LEAST && links.missing.size() > 0;
  const count = isHurried ? KNOCKS_IN_HURRY : KNOCKS;
  for (const peer of links.missing.sample(ctx.random, count)) {
    const entry = state.addresses.get(peer);
    if (entry === undefined || state.isRevoked(peer) || links.up.has(peer)) continue;
    if (!links.kept.has(peer)) transport.reach(peer, waysTo(entry));
    openSync(state, peer);
  }
  const paceMs = isHurried ? timing.knockHurryMs : timing.knockIntervalMs;
  schedule(ctx, 'knock', paceMs * (0.75 + ctx.random.float() / 2));
}

/** Whoever moved says so itself: nobody else's word on it would be believed. */
function noticeMove(state: MeshState, ctx: MeshContext): void {
  const { membership, transport } = state;
  const own = membership.get(transport.self)!;
  const addresses = transport.addresses();
  if (own.status !== 'alive' || sameTexts(own.addresses, addresses)) return;
  ctx.log.info('this peer is reached elsewhere now', { addresses: addresses.join(' ') });
  applyOutcome(state, membership.announce({ addresses }), ctx);
}

/** A new link compares all there is; a lost one is a reason to look, never a verdict. */
export function onLink(
  state: MeshState,
  { peer, change, address }: Extract<MeshMessage, { type: 'link' }>,
  ctx: MeshContext,
): void {
  const { links, membership } = state;
  const status = membership.get(peer)?.status;
  const isHere = status === 'alive' || status === 'suspect';
  if (change === 'up') {
    links.up.add(peer);
    if (isHere) links.partners.add(peer);
    greet(state, peer, address, ctx);
    return;
  }
  links.up.remove(peer);
  links.partners.remove(peer);
  // What happens to a peer at the other end of a link on demand, its neighbours notice.
  if (change === 'ended' || !isHere || !state.overlay.neighbours().has(peer)) return;
  perform(state, state.detector.probe(peer, ctx.clock.monotonicMs()), ctx);
}

/** Both say who they are, what they believe of each other if that is no good news, and whom they doubt; one compares the rest. */
function greet(
  state: MeshState,
  peer: PeerId,
  address: string | undefined,
  ctx: MeshContext,
): void {
  const { membership, transport } = state;
  const entry = state.addresses.get(peer);
  if (entry !== undefined) {
    state.addresses.set(peer, met(entry, address, ctx.clock.wallMs()));
    touchBook(state, ctx);
  }
  const news: MemberUpdate[] = [membership.claim(transport.self)!];
  const belief = membership.claim(peer);
  if (belief !== undefined && belief.status !== 'alive') news.push(belief);
  // While there was no link, neither could confirm what the other suspects.
  news.push(...membership.doubts().slice(0, GREETING_DOUBTS));
  sendGossip(state, peer, { type: 'news', news });
  if (transport.self < peer) openSync(state, peer);
  openExchange(state, peer);
}

/** Ends a link that carried nonsense; the peer may come back on a fresh one. */
export function cutLink(state: MeshState, peer: PeerId, ctx: MeshContext): void {
  state.transport.disconnect(peer);
  const entry = state.addresses.get(peer);
  if (entry === undefined) return;
  if (!state.links.kept.delete(peer)) state.transport.reach(peer, waysTo(entry));
  timeLinks(state, ctx);
}

/** Ends all there is with a peer whose membership the log has ended. */
export function cutRevoked(state: MeshState, peer: PeerId, ctx: MeshContext): void {
  // Let in again since it was told.
  if (!state.isRevoked(peer)) return;
  ctx.log.info('peer removed from the cluster', { peer });
  endLink(state, peer, ctx);
  applyOutcome(state, state.membership.remove(peer, ctx.clock.monotonicMs()), ctx);
}
