// Carries facts between peers: a hash opens, a digest asks, a delta tells; hints only say that there is more.

import { shuffled } from '../runtime/index.ts';
import type { FactsOutcome, FactsVersion } from './facts.ts';
import type { GossipMessage } from './gossip-message.ts';
import { memberOf } from './member-changes.ts';
import { publishHint, reachable, schedule, sendGossip } from './mesh-state.ts';
import type { MeshContext, MeshState } from './mesh-state.ts';
import type { NodeFacts } from './mesh.ts';
import type { PeerId } from './transport.ts';

/** Keys that change all the time and may be seconds old; every other key is urgent. */
const CALM_KEYS: ReadonlySet<string> = new Set(['load', 'usage']);

/** After an urgent change, so many quick rounds; after any other, so many at the usual pace. */
const HOT_ROUNDS = 3;
const WARM_ROUNDS = 5;

/** Peers asked per round at each pace. */
const HOT_FANOUT = 3;
const WARM_FANOUT = 2;
const IDLE_FANOUT = 1;

/** Opens exchanges with some peers and times the next round. */
export function exchangeFacts(state: MeshState, ctx: MeshContext): void {
  const isHot = state.hotRounds > 0;
  const isWarm = state.warmRounds > 0;
  const fanout = isHot ? HOT_FANOUT : isWarm ? WARM_FANOUT : IDLE_FANOUT;
  for (const peer of shuffled(ctx.random, reachable(state)).slice(0, fanout))
    openExchange(state, peer);
  if (isHot) state.hotRounds -= 1;
  else if (isWarm) state.warmRounds -= 1;
  timeExchange(state, ctx);
}

export function openExchange(state: MeshState, peer: PeerId): void {
  sendGossip(state, peer, { type: 'facts-hash', hash: state.known.hash() });
}

/** Times the next round by how much is new; a third of jitter keeps peers out of step. */
export function timeExchange(state: MeshState, ctx: MeshContext): void {
  const { factsHotMs, factsIntervalMs, factsIdleMs } = state.timing;
  const paceMs =
    state.hotRounds > 0 ? factsHotMs : state.warmRounds > 0 ? factsIntervalMs : factsIdleMs;
  schedule(ctx, 'facts', paceMs * (0.67 + ctx.random.float() * 0.33));
}

type FactsMessage = Extract<GossipMessage, { readonly type: `facts-${string}` }>;

/** Answers one message of an exchange. */
export function onFactsMessage(
  state: MeshState,
  from: PeerId,
  message: FactsMessage,
  ctx: MeshContext,
): void {
  switch (message.type) {
    case 'facts-hash':
      if (message.hash !== state.known.hash()) {
        const digest = state.known.digest();
        sendGossip(state, from, { type: 'facts-digest', digest, wantsDigest: true });
      }
      return;
    case 'facts-digest': {
      const deltas = state.known.deltaFor(message.digest);
      if (deltas.length > 0) sendGossip(state, from, { type: 'facts-delta', deltas });
      if (message.wantsDigest && state.known.isBehind(message.digest)) {
        const digest = state.known.digest();
        sendGossip(state, from, { type: 'facts-digest', digest, wantsDigest: false });
      }
      return;
    }
    case 'facts-delta':
      onNews(state, state.known.apply(message.deltas), ctx);
      return;
    case 'facts-pull': {
      const deltas = state.known.deltaOf(message.have);
      if (deltas.length > 0) sendGossip(state, from, { type: 'facts-delta', deltas });
    }
  }
}

/** Pulls what a hint promised, from its origin if there is a link to it. */
export function onFactsHint(state: MeshState, from: PeerId, newest: FactsVersion): void {
  if (!state.known.isBehind([newest])) return;
  const { peer } = newest;
  const have = state.known.version(peer) ?? { peer, incarnation: 0, version: 0 };
  const source = state.transport.isLinked(peer) ? peer : from;
  sendGossip(state, source, { type: 'facts-pull', have });
}

/** Changes this peer's own facts and lets the others know. */
export function setFacts(state: MeshState, facts: NodeFacts, ctx: MeshContext): void {
  const keys = state.known.set(facts);
  if (keys.length === 0) return;
  const self = state.transport.self;
  onNews(state, { changed: [{ peer: self, keys }] }, ctx);
  if (keys.every((key) => CALM_KEYS.has(key))) return;
  publishHint(state, { type: 'facts', newest: state.known.version(self)! }, ctx);
  exchangeFacts(state, ctx);
}

/** Drops the facts of peers that are long gone. */
export function dropOldFacts(state: MeshState, ctx: MeshContext): void {
  const beforeMs = ctx.clock.monotonicMs() - state.timing.deadFactsMs;
  for (const { peer, status, sinceMs } of state.membership.records()) {
    if ((status === 'dead' || status === 'left') && sinceMs < beforeMs) state.known.forget(peer);
  }
}

function onNews(state: MeshState, { changed }: FactsOutcome, ctx: MeshContext): void {
  for (const { peer, keys } of changed) {
    const member = memberOf(state, peer);
    if (member !== undefined) state.view.put({ type: 'facts', member });
    if (keys.some((key) => !CALM_KEYS.has(key))) state.hotRounds = HOT_ROUNDS;
    state.warmRounds = WARM_ROUNDS;
  }
  if (changed.length > 0) timeExchange(state, ctx);
}
