// What follows from news of members: links are kept or ended, the view is told, the news goes on.

import { unreachable } from '../runtime/index.ts';
import type { DetectorEffect } from './failure-detector.ts';
import { learned, waysTo } from './known-addresses.ts';
import type { MemberChange, MembershipOutcome, MemberUpdate } from './membership.ts';
import type { Member } from './mesh.ts';
import { newsFor, publishHint, reachable, schedule, sendGossip } from './mesh-state.ts';
import type { MeshContext, MeshState } from './mesh-state.ts';
import type { PeerId } from './transport.ts';

/** So many observers look for themselves when somebody doubts a peer: enough to agree, too few to flood it. */
const SECOND_LOOKS = 5;

/** However unwell this peer is, its suspicions last at most so many times as long. */
const PATIENCE_LIMIT = 4;

/** Tells the world what a claim changed. */
export function applyOutcome(state: MeshState, outcome: MembershipOutcome, ctx: MeshContext): void {
  for (const change of outcome.changes) onChange(state, change, ctx);
  for (const update of outcome.broadcast) state.news.add(update);
  if (outcome.broadcast.length > 0) timeNews(state, ctx);
  if (outcome.refuted) {
    state.counters.refutations += 1;
    state.detector.doubted();
    // Those who doubt must hear it before their patience ends.
    for (const peer of reachable(state).slice(0, SECOND_LOOKS)) {
      sendGossip(state, peer, { type: 'news', news: outcome.broadcast });
    }
  }
  for (const peer of outcome.doubted) lookAgain(state, peer, ctx);
  timeSuspicions(state, ctx);
}

/** Applies what another peer says of members. */
export function applyNews(
  state: MeshState,
  updates: readonly MemberUpdate[],
  ctx: MeshContext,
): void {
  const nowMs = ctx.clock.monotonicMs();
  for (const update of updates) {
    if (update.status !== 'left' && state.isRevoked(update.peer)) continue;
    applyOutcome(state, state.membership.apply(update, nowMs), ctx);
  }
}

/** Does what the failure detector wants done; a ping that cannot leave is an answer in itself. */
export function perform(
  state: MeshState,
  effects: readonly DetectorEffect[],
  ctx: MeshContext,
): void {
  const todo = [...effects];
  for (let effect = todo.shift(); effect !== undefined; effect = todo.shift()) {
    todo.push(...performOne(state, effect, ctx));
  }
  const dueMs = state.detector.nextWakeMs();
  if (dueMs === undefined) ctx.cancel('probes');
  else schedule(ctx, 'probes', Math.max(0, dueMs - ctx.clock.monotonicMs()));
}

function performOne(
  state: MeshState,
  effect: DetectorEffect,
  ctx: MeshContext,
): readonly DetectorEffect[] {
  const nowMs = ctx.clock.monotonicMs();
  switch (effect.type) {
    case 'ping': {
      const news = newsFor(state, effect.to);
      const isSent = sendGossip(state, effect.to, { type: 'ping', seq: effect.seq, news });
      return isSent ? [] : state.detector.unreachable(effect.seq, nowMs);
    }
    case 'ping-request': {
      const { seq, target } = effect;
      const isSent = sendGossip(state, effect.to, { type: 'ping-request', seq, target });
      return isSent ? [] : state.detector.nack(seq, effect.to);
    }
    case 'ack':
      sendGossip(state, effect.to, { type: 'ack', seq: effect.seq, news: [] });
      return [];
    case 'nack':
      sendGossip(state, effect.to, { type: 'nack', seq: effect.seq });
      return [];
    case 'failed': {
      const others = state.membership.others();
      // With no link to anybody among several, it is this peer that is cut off: doubt oneself first.
      if (others.length > 1 && reachable(state).length === 0) state.detector.doubted();
      const patience = Math.min(PATIENCE_LIMIT, 1 + state.detector.health());
      applyOutcome(state, state.membership.suspect(effect.peer, nowMs, patience), ctx);
      return [];
    }
    default:
      return unreachable(effect);
  }
}

function lookAgain(state: MeshState, peer: PeerId, ctx: MeshContext): void {
  const candidates = state.membership.others();
  const chance = SECOND_LOOKS / Math.max(1, candidates.length);
  if (ctx.random.float() >= chance) return;
  perform(state, state.detector.probe(peer, candidates, ctx.clock.monotonicMs()), ctx);
}

function onChange(state: MeshState, { record, was }: MemberChange, ctx: MeshContext): void {
  const { peer, status } = record;
  if (peer !== state.transport.self) {
    keepLink(state, record, ctx);
    if (status === 'dead') {
      // It may only have been frozen: what it reads first when it wakes is that it must refute.
      sendGossip(state, peer, { type: 'news', news: newsFor(state, peer) });
    }
  }
  if (status !== was) {
    const fields = { peer, status, was, incarnation: record.incarnation };
    if (status === 'suspect') ctx.log.debug('member changed', fields);
    else ctx.log.info('member changed', fields);
  }
  const member = memberOf(state, peer);
  if (member !== undefined) state.view.put({ type: 'status', member, was });
}

function keepLink(state: MeshState, record: MemberChange['record'], ctx: MeshContext): void {
  const { peer, status, addresses } = record;
  if (status === 'left') {
    state.transport.disconnect(peer);
    if (state.addresses.delete(peer)) touchBook(state, ctx);
    return;
  }
  const entry = state.addresses.get(peer);
  if (entry !== undefined && sameTexts(entry.addresses, addresses)) {
    if (status === 'alive') state.transport.connect(peer, waysTo(entry));
    return;
  }
  const now = learned(entry, peer, addresses, ctx.clock.wallMs());
  state.addresses.set(peer, now);
  touchBook(state, ctx);
  state.transport.connect(peer, waysTo(now));
}

/** The book is written a moment after a change, so that a cluster that forms writes it once. */
export function touchBook(state: MeshState, ctx: MeshContext): void {
  if (state.isBookDirty) return;
  state.isBookDirty = true;
  schedule(ctx, 'book', 1000);
}

/** What the view shows of a peer. */
export function memberOf(state: MeshState, peer: PeerId): Member | undefined {
  const record = state.membership.get(peer);
  if (record === undefined) return undefined;
  const { status, incarnation, addresses } = record;
  const [facts, factsMs] = [state.known.get(peer), state.known.learnedMs(peer)];
  return { peer, status, incarnation, addresses, facts, factsMs };
}

/** Announces a death that this peer itself found out; gossip tells the same, more slowly. */
export function publishDeaths(
  state: MeshState,
  outcome: MembershipOutcome,
  ctx: MeshContext,
): void {
  for (const update of outcome.broadcast) {
    if (update.status === 'dead') publishHint(state, () => ({ type: 'news', update }), ctx);
  }
}

function timeNews(state: MeshState, ctx: MeshContext): void {
  if (state.isNewsTimed) return;
  state.isNewsTimed = true;
  schedule(ctx, 'news', 0);
}

function timeSuspicions(state: MeshState, ctx: MeshContext): void {
  const dueMs = state.membership.nextDeadlineMs();
  if (dueMs === undefined) ctx.cancel('suspicions');
  else schedule(ctx, 'suspicions', Math.max(0, dueMs - ctx.clock.monotonicMs()));
}

export function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((text, i) => text === other[i]);
}
