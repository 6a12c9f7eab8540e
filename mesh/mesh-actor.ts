// The mesh of one peer as an actor: feeds links, frames and timers to the pure parts and does what they say.

import { assert, unreachable } from '../runtime/index.ts';
import type { Actor } from '../runtime/index.ts';
import { ADDRESS_BOOK_LIMIT } from './links/address-book.ts';
import { createDissemination } from './membership/dissemination.ts';
import { createFacts } from './facts/facts.ts';
import {
  dropOldFacts,
  exchangeFacts,
  onFactsHint,
  onFactsMessage,
  setFacts,
  timeExchange,
} from './facts/facts-exchange.ts';
import { createFactsTalk } from './facts/facts-talk.ts';
import { createFailureDetector } from './membership/failure-detector.ts';
import type { GossipMessage } from './gossip-message.ts';
import { cutLink, cutRevoked, knock, onLink } from './links/link-changes.ts';
import { createLinks, keepLinks } from './links/link-keeping.ts';
import {
  applyClaims,
  applyOutcome,
  canJudge,
  hearNews,
  judgeOutlook,
  lookAround,
  lookIntoQuestions,
  memberOf,
  perform,
  publishDeaths,
} from './membership/member-changes.ts';
import { tellNews } from './membership/member-news.ts';
import { onSyncMessage, openSync } from './membership/member-sync.ts';
import { createMembership } from './membership/membership.ts';
import { newsFor, reachable, schedule, sendGossip, sendQuick } from './mesh-state.ts';
import type { MeshArgs, MeshContext, MeshMessage, MeshState } from './mesh-state.ts';
import { createOutlook } from './membership/outlook.ts';
import { createOverlay } from './links/overlay.ts';
import type { PeerId } from './transport.ts';

/** After telling all that it leaves, a peer waits this long for the frames to go out. */
const LEAVE_FLUSH_MS = 100;

export const meshActor: Actor<MeshMessage, MeshState, MeshArgs> = { start, receive };

function start(args: MeshArgs, ctx: MeshContext): MeshState {
  const { transport, timing } = args;
  const { self } = transport;
  // The wall clock at start is above that of any life before; if it was set back, refutation outbids it.
  const incarnation = ctx.clock.wallMs();
  const overlay = createOverlay(self);
  const links = createLinks(args.bookEntries);
  const membership = createMembership(
    {
      peer: self,
      incarnation,
      addresses: transport.addresses(),
      signer: args.signer,
      areNear: overlay.areNear,
    },
    timing,
  );
  const accepts = (peer: PeerId): boolean => {
    const record = membership.get(peer);
    if (record === undefined) return false;
    if (record.status === 'alive' || record.status === 'suspect') return true;
    return ctx.clock.monotonicMs() - record.sinceMs < timing.deadFactsMs;
  };
  /** Of those with a link, the target's neighbours first: they have one to it as well. */
  const helpersFor = (target: PeerId): readonly PeerId[] => {
    const linked = links.partners.sample(ctx.random, links.partners.size());
    const others = linked.filter((peer) => peer !== target);
    const near = others.filter((peer) => overlay.areNear(target, peer));
    return [...near, ...others.filter((peer) => !near.includes(peer))];
  };
  const state: MeshState = {
    ...args,
    membership,
    detector: createFailureDetector(timing, ctx.random, helpersFor),
    overlay,
    outlook: createOutlook(timing),
    links,
    news: createDissemination(),
    questions: new Map(),
    known: createFacts({ self, incarnation, signer: args.signer, accepts }),
    talk: createFactsTalk(),
    addresses: new Map(args.bookEntries.map((entry) => [entry.peer, entry])),
    isBookDirty: false,
    isNewsTimed: false,
    isLinksTimed: false,
    suspicionsDueMs: undefined,
    stalledMs: 0,
  };
  const said = state.known.set(args.facts, ctx.clock.wallMs());
  if (!said.ok) ctx.log.warn('facts of this peer not told', { why: said.error.message });
  state.talk.rumors.add(self);
  state.view.put({ type: 'status', member: memberOf(state, self)!, was: undefined });
  keepLinks(state);
  knock(state, ctx);
  schedule(ctx, 'round', timing.probeIntervalMs * ctx.random.float());
  schedule(ctx, 'sync', timing.syncIntervalMs * ctx.random.float());
  timeExchange(state, ctx);
  return state;
}

function receive(state: MeshState, message: MeshMessage, ctx: MeshContext): MeshState {
  switch (message.type) {
    case 'gossip':
      onGossip(state, message, ctx);
      return state;
    case 'hint':
      if (message.hint.type === 'news') applyClaims(state, 'apply', [message.hint.update], ctx);
      else onFactsHint(state, message.from, message.hint, ctx);
      return state;
    case 'link':
      onLink(state, message, ctx);
      return state;
    case 'cut':
      cutLink(state, message.peer, ctx);
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

function onGossip(
  state: MeshState,
  { from, message, isDatagram }: Extract<MeshMessage, { type: 'gossip' }>,
  ctx: MeshContext,
): void {
  const nowMs = ctx.clock.monotonicMs();
  switch (message.type) {
    case 'ping': {
      hearNews(state, from, message.news, ctx);
      const ack: GossipMessage = { type: 'ack', seq: message.seq, news: newsFor(state, from) };
      // By the way it came: that one works.
      if (isDatagram) sendQuick(state, from, ack);
      else sendGossip(state, from, ack);
      return;
    }
    case 'ack':
      hearNews(state, from, message.news, ctx);
      perform(state, state.detector.ack(message.seq, from), ctx);
      return;
    case 'ping-request':
      perform(state, state.detector.relay(from, message.seq, message.target, nowMs), ctx);
      return;
    case 'nack':
      perform(state, state.detector.nack(message.seq, from), ctx);
      return;
    case 'news':
      hearNews(state, from, message.news, ctx);
      return;
    case 'members-hash':
    case 'members-buckets':
    case 'members-items':
    case 'members-claims':
      onSyncMessage(state, from, message, ctx);
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
      perform(
        state,
        detector.round(
          state.overlay.subjects().filter((peer) => canJudge(state, peer, nowMs)),
          nowMs,
        ),
        ctx,
      );
      lookIntoQuestions(state, ctx);
      lookAround(state, ctx);
      return;
    case 'probes':
      perform(state, detector.wake(nowMs), ctx);
      return;
    case 'suspicions': {
      state.suspicionsDueMs = undefined;
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
    case 'links':
      keepLinks(state);
      return;
    case 'knock':
      knock(state, ctx);
      return;
    case 'book':
      saveBook(state, ctx);
      return;
    default:
      unreachable(what);
  }
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

/** Now and then everything is compared with one peer, even one that is held for dead but has a link. */
function syncWithOne(state: MeshState, ctx: MeshContext): void {
  schedule(ctx, 'sync', state.timing.syncIntervalMs * (0.75 + ctx.random.float() / 2));
  dropOldFacts(state, ctx);
  const nowMs = ctx.clock.monotonicMs();
  for (const peer of state.membership.forget(nowMs)) {
    state.outlook.note(peer, undefined, nowMs);
    state.view.drop(peer);
  }
  judgeOutlook(state, ctx);
  const [chosen] = state.links.up.sample(ctx.random, 1);
  if (chosen !== undefined) openSync(state, chosen);
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
