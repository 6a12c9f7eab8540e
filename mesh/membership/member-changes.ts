// What follows from news of members: overlay and links, the view, the outlook, and the news going on.

import { unreachable } from '../../runtime/index.ts';
import type { DetectorEffect } from './failure-detector.ts';
import { followMember } from '../links/link-keeping.ts';
import type { MemberUpdate } from './member-claim.ts';
import { timeNews } from './member-news.ts';
import type { MemberChange, MembershipOutcome } from './membership.ts';
import type { Member } from '../mesh.ts';
import {
  gossipPartners,
  newsFor,
  publishHint,
  reachable,
  schedule,
  sendGossip,
  sendQuick,
  sendTwice,
} from '../mesh-state.ts';
import type { MeshContext, MeshState } from '../mesh-state.ts';
import type { PeerId } from '../transport.ts';

/** A refutation goes to so many at once, besides its way as news. */
const REFUTATION_FANOUT = 8;

/** However unwell this peer is, its suspicions last at most so many times as long. */
const PATIENCE_LIMIT = 4;

/** Claims of death by hearsay that wait to be looked into; the rest comes up again with the next comparison. */
const QUESTIONS_LIMIT = 1024;

/** So many of them are looked into each round of probes. */
const QUESTIONS_PER_ROUND = 2;

/** Patience with those to whom a link may have to be made first. */
const STRANGER_PATIENCE = 4;

/** So many of those who find a death publish it: the first of its observers, which all agree on. */
const HERALDS = 2;

/** Tells the world what a claim changed. */
export function applyOutcome(state: MeshState, outcome: MembershipOutcome, ctx: MeshContext): void {
  for (const change of outcome.changes) onChange(state, change, ctx);
  for (const update of outcome.broadcast) state.news.add(update);
  if (outcome.broadcast.length > 0) timeNews(state, ctx);
  if (outcome.refuted !== undefined) {
    state.counters.refutations += 1;
    const { by } = outcome.refuted;
    if (by !== undefined) state.detector.doubted(by, ctx.clock.monotonicMs());
    // Those who doubt must hear it before their patience ends.
    for (const peer of gossipPartners(state, REFUTATION_FANOUT, ctx)) {
      sendGossip(state, peer, { type: 'news', news: outcome.broadcast });
    }
  }
  for (const peer of outcome.doubted) lookAgain(state, peer, ctx);
  for (const claim of outcome.questioned) {
    if (state.questions.size < QUESTIONS_LIMIT) state.questions.set(claim.peer, claim);
  }
  if (outcome.changes.length > 0) judgeOutlook(state, ctx);
  timeSuspicions(state, ctx);
}

/** Applies what another peer says of members: news of now, or, by `compare`, what it holds. */
export function applyClaims(
  state: MeshState,
  how: 'apply' | 'compare',
  updates: readonly MemberUpdate[],
  ctx: MeshContext,
): void {
  const nowMs = ctx.clock.monotonicMs();
  for (const update of updates) {
    if (update.status !== 'left' && state.isRevoked(update.peer)) continue;
    applyOutcome(state, state.membership[how](update, nowMs), ctx);
  }
}

/** What `from` tells of others, and of this peer: whoever doubts it hears its present claim, which nobody else may tell. */
export function hearNews(
  state: MeshState,
  from: PeerId,
  news: readonly MemberUpdate[],
  ctx: MeshContext,
): void {
  const { self } = state.transport;
  applyClaims(state, 'apply', news, ctx);
  const isDoubted = news.some(({ peer, status }) => peer === self && status !== 'alive');
  if (!isDoubted) return;
  sendQuick(state, from, { type: 'news', news: [state.membership.claim(self)!] });
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
  switch (effect.type) {
    case 'ping':
      return ping(state, effect, ctx);
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
    case 'failed':
      onFailed(state, effect.peer, ctx);
      return [];
    default:
      return unreachable(effect);
  }
}

function ping(
  state: MeshState,
  { to, seq, way }: Extract<DetectorEffect, { type: 'ping' }>,
  ctx: MeshContext,
): readonly DetectorEffect[] {
  const message = { type: 'ping', seq, news: newsFor(state, to) } as const;
  state.questions.delete(to);
  switch (way) {
    case 'datagram': {
      const sent = sendQuick(state, to, message);
      if (sent === 'frame') state.detector.fellBack(seq);
      return sent === 'none' ? state.detector.unreachable(seq, ctx.clock.monotonicMs()) : [];
    }
    case 'frame':
      // Without a link the datagram's time runs on; that there is none is known by other ways.
      sendGossip(state, to, message);
      return [];
    case 'both': {
      const isSent = sendTwice(state, to, message);
      return isSent ? [] : state.detector.unreachable(seq, ctx.clock.monotonicMs());
    }
    default:
      return unreachable(way);
  }
}

function onFailed(state: MeshState, peer: PeerId, ctx: MeshContext): void {
  // With no link to anybody among several, it is this peer that is cut off: doubt oneself first.
  if (state.membership.living.size() > 1 && reachable(state).length === 0) {
    state.detector.stranded();
  }
  const patience = Math.min(PATIENCE_LIMIT, 1 + state.detector.health());
  const outcome = state.membership.suspect(peer, ctx.clock.monotonicMs(), patience);
  applyOutcome(state, outcome, ctx);
  // The suspect hears of it first: its answer is the best there is.
  if (outcome.broadcast.length > 0 && state.links.up.has(peer)) {
    sendTwice(state, peer, { type: 'news', news: outcome.broadcast });
  }
}

/**
 * Not a newcomer to whom a link is still being made: that there is none says nothing of it. A starved peer takes longer
 * to make them.
 */
export function canJudge(state: MeshState, peer: PeerId, nowMs: number): boolean {
  const { links, membership, timing, detector } = state;
  const graceMs = timing.linkGraceMs * (1 + detector.health());
  return links.up.has(peer) || nowMs - membership.get(peer)!.sinceMs >= graceMs;
}

/** Somebody else doubts a peer: whoever watches it looks for itself, and whoever has a link to it asks it. */
function lookAgain(state: MeshState, peer: PeerId, ctx: MeshContext): void {
  const nowMs = ctx.clock.monotonicMs();
  const isObserver = state.overlay.observersOf(peer).includes(state.transport.self);
  const looks = isObserver && canJudge(state, peer, nowMs) ? state.detector.probe(peer, nowMs) : [];
  if (looks.length > 0) perform(state, looks, ctx);
  else if (state.links.up.has(peer)) {
    sendQuick(state, peer, { type: 'news', news: [state.membership.claim(peer)!] });
  }
}

/** Shows some of those of whom a death is told by hearsay what is said of them, and sees whether they answer. */
export function lookIntoQuestions(state: MeshState, ctx: MeshContext): void {
  let looked = 0;
  for (const [peer, claim] of state.questions) {
    if (looked === QUESTIONS_PER_ROUND) return;
    const record = state.membership.get(peer);
    const isOpen = record?.status === 'alive' && record.incarnation <= claim.incarnation;
    if (isOpen) {
      looked += 1;
      probeStranger(state, peer, ctx);
    }
    state.questions.delete(peer);
  }
}

/** In a partition nobody else may be left to watch those on the other side: so one looks around, by lot. */
export function lookAround(state: MeshState, ctx: MeshContext): void {
  if (state.view.outlook().state !== 'partitioned') return;
  for (const peer of state.membership.living.sample(ctx.random, 1)) probeStranger(state, peer, ctx);
}

function probeStranger(state: MeshState, peer: PeerId, ctx: MeshContext): void {
  const nowMs = ctx.clock.monotonicMs();
  perform(state, state.detector.probe(peer, nowMs, STRANGER_PATIENCE), ctx);
}

function onChange(state: MeshState, { record, was }: MemberChange, ctx: MeshContext): void {
  const { peer, status } = record;
  if (peer !== state.transport.self) {
    state.outlook.note(peer, status, ctx.clock.monotonicMs());
    followMember(state, record, ctx);
    if (status === 'dead' && state.links.up.has(peer)) {
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

/** What the view shows of a peer. */
export function memberOf(state: MeshState, peer: PeerId): Member | undefined {
  const record = state.membership.get(peer);
  if (record === undefined) return undefined;
  const { status, incarnation, addresses } = record;
  const [facts, factsMs] = [state.known.get(peer), state.known.learnedMs(peer)];
  return { peer, status, incarnation, addresses, facts, factsMs };
}

/** Whether so many fell silent that it may be the network: then nobody is judged in haste. */
export function judgeOutlook(state: MeshState, ctx: MeshContext): void {
  const { membership, view } = state;
  const before = view.outlook().state;
  const alive = membership.size() - membership.suspected();
  const outlook = state.outlook.judge(alive, ctx.clock.monotonicMs());
  if (outlook.state !== before) {
    const { state: now, silent } = outlook;
    if (now === 'partitioned') ctx.log.warn('many fell silent at once', { alive, silent });
    else ctx.log.info('the mesh is whole again', { alive, silent });
    membership.setCautious(now === 'partitioned');
  }
  view.putOutlook(outlook);
}

/** Announces a death that this peer itself found out; gossip tells the same, more slowly. */
export function publishDeaths(
  state: MeshState,
  outcome: MembershipOutcome,
  ctx: MeshContext,
): void {
  for (const update of outcome.broadcast) {
    if (update.status !== 'dead') continue;
    const heralds = state.overlay.observersOf(update.peer).slice(0, HERALDS);
    if (!heralds.includes(state.transport.self)) continue;
    publishHint(state, () => ({ type: 'news', update }), ctx);
  }
}

function timeSuspicions(state: MeshState, ctx: MeshContext): void {
  const dueMs = state.membership.nextDeadlineMs();
  if (dueMs === state.suspicionsDueMs) return;
  state.suspicionsDueMs = dueMs;
  if (dueMs === undefined) ctx.cancel('suspicions');
  else schedule(ctx, 'suspicions', Math.max(0, dueMs - ctx.clock.monotonicMs()));
}
