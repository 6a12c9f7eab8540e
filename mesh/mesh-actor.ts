// The mesh of one peer as an actor: feeds links, frames and timers to the pure parts and does what they say.

import { assert, shuffled, unreachable } from '../runtime/index.ts';
import type { Actor } from '../runtime/index.ts';
import { ADDRESS_BOOK_LIMIT } from './address-book.ts';
import { createDissemination } from './dissemination.ts';
import { createFacts } from './facts.ts';
import {
  dropOldFacts,
  exchangeFacts,
  onFactsHint,
  onFactsMessage,
  openExchange,
  setFacts,
  timeExchange,
} from './facts-exchange.ts';
import { createFactsTalk } from './facts-talk.ts';
import { createFailureDetector } from './failure-detector.ts';
import type { GossipMessage } from './gossip-message.ts';
import { createHintBudget } from './hint-budget.ts';
import {
  applyNews,
  applyOutcome,
  memberOf,
  perform,
  publishDeaths,
  sameTexts,
  touchBook,
} from './member-changes.ts';
import { met, waysTo } from './known-addresses.ts';
import { createMembership } from './membership.ts';
import { newsFor, reachable, schedule, sendGossip } from './mesh-state.ts';
import type { MeshArgs, MeshContext, MeshMessage, MeshState } from './mesh-state.ts';
import type { PeerId } from './transport.ts';

/** After telling all that it leaves, a peer waits this long for the frames to go out. */
const LEAVE_FLUSH_MS = 100;

export const meshActor: Actor<MeshMessage, MeshState, MeshArgs> = { start, receive };

function start(args: MeshArgs, ctx: MeshContext): MeshState {
  const { transport, timing } = args;
  // The wall clock at start is above that of any life before; if it was set back, refutation outbids it.
  const incarnation = ctx.clock.wallMs();
  const addresses = transport.addresses();
  const membership = createMembership({ peer: transport.self, incarnation, addresses }, timing);
  const accepts = (peer: PeerId): boolean => {
    const record = membership.get(peer);
    if (record === undefined) return false;
    if (record.status === 'alive' || record.status === 'suspect') return true;
    return ctx.clock.monotonicMs() - record.sinceMs < timing.deadFactsMs;
  };
  const state: MeshState = {
    ...args,
    membership,
    detector: createFailureDetector(timing, ctx.random),
    news: createDissemination(),
    known: createFacts({ self: transport.self, incarnation, signer: args.signer, accepts }),
    talk: createFactsTalk(),
    hints: createHintBudget(ctx.clock.monotonicMs()),
    addresses: new Map(args.bookEntries.map((entry) => [entry.peer, entry])),
    isBookDirty: false,
    isNewsTimed: false,
    stalledMs: 0,
  };
  const said = state.known.set(args.facts, ctx.clock.wallMs());
  if (!said.ok) ctx.log.warn('facts of this peer not told', { why: said.error.message });
  state.talk.rumors.add(transport.self);
  state.view.put({ type: 'status', member: memberOf(state, transport.self)!, was: undefined });
  for (const entry of args.bookEntries) {
    if (!args.isRevoked(entry.peer)) transport.connect(entry.peer, waysTo(entry));
  }
  schedule(ctx, 'round', timing.probeIntervalMs * ctx.random.float());
  schedule(ctx, 'sync', timing.syncIntervalMs * ctx.random.float());
  timeExchange(state, ctx);
  return state;
}

function receive(state: MeshState, message: MeshMessage, ctx: MeshContext): MeshState {
  switch (message.type) {
    case 'gossip':
      onGossip(state, message.from, message.message, ctx);
      return state;
    case 'hint':
      if (!state.hints.receive(ctx.clock.monotonicMs())) state.counters.hintsIgnored += 1;
      else if (message.hint.type === 'news') applyNews(state, [message.hint.update], ctx);
      else onFactsHint(state, message.from, message.hint, ctx);
      return state;
    case 'link':
      onLink(state, message, ctx);
      return state;
    case 'cut':
      cutLink(state, message.peer);
      return state;
    case 'revoked':
      cutRevoked(state, message.peer, ctx);
      return state;
    case 'set-facts':
      setFacts(state, message.facts, ctx);
      return state;
    case 'leave':
      leave(state, message.left, ctx);
      return state;
    case 'flushed':
      message.left();
      return state;
    case 'due':
      excuseStall(state, message.dueMs, ctx);
      onDue(state, message.what, ctx);
      return state;
    case 'book-saved':
      if (!message.outcome.ok) {
        ctx.log.error('address book not saved', { error: message.outcome.error.message });
      }
      return state;
    default:
      return unreachable(message);
  }
}

function onGossip(state: MeshState, from: PeerId, message: GossipMessage, ctx: MeshContext): void {
  const nowMs = ctx.clock.monotonicMs();
  switch (message.type) {
    case 'ping':
      applyNews(state, message.news, ctx);
      sendGossip(state, from, { type: 'ack', seq: message.seq, news: newsFor(state, from) });
      return;
    case 'ack':
      applyNews(state, message.news, ctx);
      perform(state, state.detector.ack(message.seq, from), ctx);
      return;
    case 'ping-request':
      perform(state, state.detector.relay(from, message.seq, message.target, nowMs), ctx);
      return;
    case 'nack':
      perform(state, state.detector.nack(message.seq, from), ctx);
      return;
    case 'news':
      applyNews(state, message.news, ctx);
      return;
    case 'sync':
      applyNews(state, message.claims, ctx);
      if (message.wantsReply) sendSync(state, from, false);
      return;
    case 'facts-hash':
    case 'facts-buckets':
    case 'facts-digest':
    case 'facts-delta':
    case 'facts-pull':
      onFactsMessage(state, from, message, ctx);
      return;
    default:
      unreachable(message);
  }
}

/** A new link compares all there is; a lost one is a reason to look, never a verdict. */
function onLink(
  state: MeshState,
  { peer, up, address }: Extract<MeshMessage, { type: 'link' }>,
  ctx: MeshContext,
): void {
  if (up) {
    const entry = state.addresses.get(peer);
    if (entry !== undefined) {
      state.addresses.set(peer, met(entry, address, ctx.clock.wallMs()));
      touchBook(state, ctx);
    }
    sendSync(state, peer, false);
    openExchange(state, peer);
    return;
  }
  const record = state.membership.get(peer);
  if (record?.status !== 'alive' && record?.status !== 'suspect') return;
  const nowMs = ctx.clock.monotonicMs();
  perform(state, state.detector.probe(peer, state.membership.others(), nowMs), ctx);
}

function onDue(
  state: MeshState,
  what: Extract<MeshMessage, { type: 'due' }>['what'],
  ctx: MeshContext,
): void {
  const { timing, membership, detector } = state;
  const nowMs = ctx.clock.monotonicMs();
  switch (what) {
    case 'round':
      schedule(ctx, 'round', timing.probeIntervalMs * (1 + detector.health() / 2));
      perform(state, detector.round(membership.others(), nowMs), ctx);
      noticeMove(state, ctx);
      return;
    case 'probes':
      perform(state, detector.wake(nowMs), ctx);
      return;
    case 'suspicions': {
      const outcome = membership.expire(nowMs);
      applyOutcome(state, outcome, ctx);
      publishDeaths(state, outcome, ctx);
      return;
    }
    case 'news':
      tellNews(state, ctx);
      return;
    case 'facts':
      exchangeFacts(state, ctx);
      return;
    case 'sync':
      syncWithOne(state, ctx);
      return;
    case 'book':
      saveBook(state, ctx);
      return;
    default:
      unreachable(what);
  }
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

/** A timer that comes late means that this peer stood still: what it did not hear meanwhile proves nothing. */
function excuseStall(state: MeshState, dueMs: number, ctx: MeshContext): void {
  const nowMs = ctx.clock.monotonicMs();
  const lateMs = nowMs - Math.max(dueMs, state.stalledMs);
  if (lateMs < state.timing.stallMs) return;
  state.stalledMs = nowMs;
  state.detector.stalled();
  state.membership.excuse(lateMs);
  ctx.log.warn('this peer stood still', { ms: Math.round(lateMs) });
}

function tellNews(state: MeshState, ctx: MeshContext): void {
  state.isNewsTimed = false;
  if (state.news.isEmpty()) return;
  const size = state.membership.others().length + 1;
  const { gossipFanout, gossipIntervalMs } = state.timing;
  for (const peer of shuffled(ctx.random, reachable(state)).slice(0, gossipFanout)) {
    const news = state.news.take(size);
    if (news.length > 0) sendGossip(state, peer, { type: 'news', news });
  }
  if (state.news.isEmpty()) return;
  state.isNewsTimed = true;
  schedule(ctx, 'news', gossipIntervalMs);
}

function sendSync(state: MeshState, to: PeerId, wantsReply: boolean): void {
  sendGossip(state, to, { type: 'sync', claims: state.membership.claims(), wantsReply });
}

/** Now and then everything is compared with one peer, even one that is held for dead but has a link. */
function syncWithOne(state: MeshState, ctx: MeshContext): void {
  schedule(ctx, 'sync', state.timing.syncIntervalMs * (0.75 + ctx.random.float() / 2));
  dropOldFacts(state, ctx);
  // Forgets the long dead; nothing else can be due here that its own timer does not catch.
  applyOutcome(state, state.membership.expire(ctx.clock.monotonicMs()), ctx);
  for (const { peer } of state.view.members()) {
    if (state.membership.get(peer) === undefined) state.view.drop(peer);
  }
  const linked = [...state.membership.records()]
    .map(({ peer }) => peer)
    .filter((peer) => state.transport.isLinked(peer));
  const chosen = shuffled(ctx.random, linked)[0];
  if (chosen !== undefined) sendSync(state, chosen, true);
}

/** Ends a link that carried nonsense; the peer may come back on a fresh one. */
function cutLink(state: MeshState, peer: PeerId): void {
  state.transport.disconnect(peer);
  const entry = state.addresses.get(peer);
  if (entry !== undefined) state.transport.connect(peer, waysTo(entry));
}

/** Ends all there is with a peer whose membership the log has ended. */
function cutRevoked(state: MeshState, peer: PeerId, ctx: MeshContext): void {
  // Let in again since it was told.
  if (!state.isRevoked(peer)) return;
  ctx.log.info('peer removed from the cluster', { peer });
  state.transport.disconnect(peer);
  if (state.addresses.delete(peer)) touchBook(state, ctx);
  applyOutcome(state, state.membership.remove(peer, ctx.clock.monotonicMs()), ctx);
}

function leave(state: MeshState, left: () => void, ctx: MeshContext): void {
  const outcome = state.membership.announce({ status: 'left' });
  applyOutcome(state, outcome, ctx);
  for (const peer of reachable(state)) {
    sendGossip(state, peer, { type: 'news', news: outcome.broadcast });
  }
  ctx.after('flush', LEAVE_FLUSH_MS, { type: 'flushed', left });
}

function saveBook(state: MeshState, ctx: MeshContext): void {
  assert(state.isBookDirty, 'the address book is saved without a change');
  state.isBookDirty = false;
  const newestFirst = [...state.addresses.values()].sort((a, b) => b.seenMs - a.seenMs);
  const entries = newestFirst.slice(0, ADDRESS_BOOK_LIMIT);
  ctx.run(
    () => state.book.save(entries),
    (outcome) => ({ type: 'book-saved', outcome }),
  );
}
