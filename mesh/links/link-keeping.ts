// Which links there are: kept to the neighbours of the overlay, made on demand to all other members.

import { learned, waysTo } from './known-addresses.ts';
import type { AddressBookEntry } from './known-addresses.ts';
import type { MemberRecord } from '../membership/membership.ts';
import { schedule } from '../mesh-state.ts';
import type { Links, MeshContext, MeshState } from '../mesh-state.ts';
import { FULL_MESH_LIMIT } from './overlay.ts';
import { createPeerSet } from '../peer-set.ts';
import type { PeerId } from '../transport.ts';

export function createLinks(book: readonly AddressBookEntry[]): Links {
  const missing = createPeerSet();
  for (const { peer } of book) missing.add(peer);
  return { kept: new Map(), up: createPeerSet(), partners: createPeerSet(), missing };
}

/** A member came, changed or went: where it is in the overlay, and how it is reached. */
export function followMember(state: MeshState, record: MemberRecord, ctx: MeshContext): void {
  const { overlay, links, transport } = state;
  const { peer, status } = record;
  const isHere = status === 'alive' || status === 'suspect';
  if (isHere) overlay.add(peer);
  else overlay.remove(peer);
  if (isHere && links.up.has(peer)) links.partners.add(peer);
  else links.partners.remove(peer);
  if (status === 'left') {
    endLink(state, peer, ctx);
  } else {
    if (status === 'dead') links.missing.add(peer);
    else links.missing.remove(peer);
    noteAddresses(state, record, ctx);
    if (!links.kept.has(peer)) transport.reach(peer, waysTo(state.addresses.get(peer)!));
  }
  timeLinks(state, ctx);
}

function noteAddresses(state: MeshState, record: MemberRecord, ctx: MeshContext): void {
  const { peer, addresses } = record;
  const entry = state.addresses.get(peer);
  if (entry !== undefined && sameTexts(entry.addresses, addresses)) return;
  state.addresses.set(peer, learned(entry, peer, addresses, ctx.clock.wallMs()));
  touchBook(state, ctx);
}

/** For good: it left or was removed. */
export function endLink(state: MeshState, peer: PeerId, ctx: MeshContext): void {
  state.transport.disconnect(peer);
  state.links.kept.delete(peer);
  state.links.missing.remove(peer);
  if (state.addresses.delete(peer)) touchBook(state, ctx);
}

/** A moment after a change, so that many at once are one look at the overlay. */
export function timeLinks(state: MeshState, ctx: MeshContext): void {
  if (state.isLinksTimed) return;
  state.isLinksTimed = true;
  schedule(ctx, 'links', 0);
}

/** Asks the transport for the links that the overlay wants now, and lets go of the others. */
export function keepLinks(state: MeshState): void {
  state.isLinksTimed = false;
  const { links, transport, addresses } = state;
  const wanted = new Set(state.overlay.neighbours());
  // While all who are known are few, the missing are dialled without end as well.
  if (state.membership.size() + links.missing.size() <= FULL_MESH_LIMIT) {
    for (const peer of links.missing.all()) wanted.add(peer);
  }
  for (const peer of links.kept.keys()) {
    if (wanted.has(peer)) continue;
    links.kept.delete(peer);
    const entry = addresses.get(peer);
    if (entry !== undefined) transport.reach(peer, waysTo(entry));
  }
  for (const peer of wanted) {
    const entry = addresses.get(peer);
    if (entry === undefined || state.isRevoked(peer)) continue;
    const kept = links.kept.get(peer);
    const ways = waysTo(entry);
    if (kept !== undefined && sameTexts(kept, ways)) continue;
    links.kept.set(peer, ways);
    transport.connect(peer, ways);
  }
}

/** The book is written a moment after a change, so that a cluster that forms writes it once. */
export function touchBook(state: MeshState, ctx: MeshContext): void {
  if (state.isBookDirty) return;
  state.isBookDirty = true;
  schedule(ctx, 'book', 1000);
}

export function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, i) => text === other[i]);
}
