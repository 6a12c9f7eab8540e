// Carries facts between peers: a hash opens and names what is new, a pull asks, a delta tells.
//
//   opening: hash, news --newer here--> (nothing)      --newer there--> pull --> delta
//                       --hashes differ, no news says why--> bucket hashes --> digest of those that differ --> delta, pull
//
// A hint carries an urgent change to all at once; what it misses, exchanges find.

import { deltaBytes } from './facts-deltas.ts';
import type { DeltaBatch } from './facts-deltas.ts';
import type { FactsHint, FactsMessage } from './facts-message.ts';
import { isUrgent } from './facts-talk.ts';
import type { FactsOutcome } from './facts.ts';
import { memberOf } from '../membership/member-changes.ts';
import { gossipPartners, publishHint, schedule, sendGossip } from '../mesh-state.ts';
import type { MeshContext, MeshState } from '../mesh-state.ts';
import type { NodeFacts } from '../mesh.ts';
import type { FactsDelta, FactsVersion } from './signed-facts.ts';
import type { PeerId } from '../transport.ts';

/** A larger change travels by exchanges alone: a hint is carried six times to everybody. */
const HINT_LIMIT_BYTES = 1024;

/** Peers named as the rest of a delta that was cut. */
const REST_LIMIT = 128;

/** After a hint, which everybody got, an exchange names the change only so often. */
const HINTED_TELLINGS = 2;

/** Opens exchanges with some peers and times the next round. */
export function exchangeFacts(state: MeshState, ctx: MeshContext): void {
  const fanout = state.talk.round(ctx.clock.monotonicMs());
  for (const peer of gossipPartners(state, fanout, ctx)) {
    openExchange(state, peer);
  }
  timeExchange(state, ctx);
}

export function openExchange(state: MeshState, peer: PeerId): void {
  const { known, talk } = state;
  const news = talk.rumors.take().flatMap((named) => known.version(named) ?? []);
  sendGossip(state, peer, { type: 'facts-hash', hash: known.hash(), news });
}

/** Times the next round by how much is new; a third of jitter keeps peers out of step. */
export function timeExchange(state: MeshState, ctx: MeshContext): void {
  const paceMs = state.talk.paceMs(state.timing);
  const restedMs = Math.min(paceMs, state.talk.restedMs(ctx.clock.monotonicMs()));
  schedule(ctx, 'facts', (paceMs - restedMs) * (0.67 + ctx.random.float() * 0.33));
}

/** Answers one message of an exchange. */
export function onFactsMessage(
  state: MeshState,
  from: PeerId,
  message: FactsMessage,
  ctx: MeshContext,
): void {
  const { known, talk } = state;
  const nowMs = ctx.clock.monotonicMs();
  switch (message.type) {
    case 'facts-hash': {
      const behind = known.behind(message.news);
      if (behind.length > 0) return pull(state, from, talk.toPull(behind, from, nowMs));
      if (message.hash === known.hash()) return;
      const isBusy = message.news.length > 0 || !talk.rumors.isEmpty();
      if (!talk.mayCompare(isBusy, nowMs)) return;
      sendGossip(state, from, { type: 'facts-buckets', hashes: known.bucketHashes() });
      return;
    }
    case 'facts-buckets': {
      const buckets = known.differing(message.hashes);
      if (buckets.length === 0 || !talk.takesComparison(nowMs)) return;
      const digest = known.digest(buckets);
      sendGossip(state, from, { type: 'facts-digest', buckets, digest });
      return;
    }
    case 'facts-digest':
      sendDeltas(state, from, known.deltaFor(message.digest, message.buckets), false);
      return pull(state, from, known.behind(message.digest));
    case 'facts-pull':
      return sendDeltas(state, from, known.deltaOf(message.have), true);
    case 'facts-delta':
      if (talk.trusts(from, nowMs)) onDeltas(state, from, message.deltas, message.isNews, ctx);
  }
}

function pull(state: MeshState, from: PeerId, have: readonly FactsVersion[]): void {
  if (have.length > 0) sendGossip(state, from, { type: 'facts-pull', have });
}

/** What did not fit is named after it, so that the other goes on pulling. */
function sendDeltas(
  state: MeshState,
  to: PeerId,
  { deltas, rest }: DeltaBatch,
  isNews: boolean,
): void {
  if (deltas.length > 0) sendGossip(state, to, { type: 'facts-delta', deltas, isNews });
  if (rest.length === 0) return;
  const news = rest.slice(0, REST_LIMIT);
  sendGossip(state, to, { type: 'facts-hash', hash: state.known.hash(), news });
}

function onDeltas(
  state: MeshState,
  from: PeerId,
  deltas: readonly FactsDelta[],
  isNews: boolean,
  ctx: MeshContext,
): void {
  const outcome = state.known.apply(deltas, ctx.clock.wallMs());
  if (isNews) for (const { peer } of outcome.changed) state.talk.rumors.add(peer);
  noteFaults(state, from, outcome, ctx);
  onNews(state, outcome, ctx);
}

/** A liar is named, and not listened to for a while; its link stays, for the failure detector needs it. */
function noteFaults(
  state: MeshState,
  from: PeerId,
  { forged, mismatched, unreadable }: FactsOutcome,
  ctx: MeshContext,
): void {
  for (const { peer, key } of unreadable) ctx.log.debug('fact ignored', { peer, key });
  const refused = forged ?? mismatched;
  if (refused === undefined) return;
  state.counters.factsRefused += 1;
  if (forged === undefined) return;
  // Once in the time that it is not listened to, so the log cannot be flooded.
  state.talk.distrust(from, ctx.clock.monotonicMs());
  ctx.log.warn('facts refused: not signed by the peer they are of', { from, of: forged });
}

/** Takes an urgent change as it comes; one that does not follow from what is here is pulled from who passed it on. */
export function onFactsHint(
  state: MeshState,
  from: PeerId,
  { newest, delta }: FactsHint,
  ctx: MeshContext,
): void {
  const { known, talk } = state;
  const nowMs = ctx.clock.monotonicMs();
  if (known.behind([newest]).length === 0) return;
  if (delta !== undefined && talk.trusts(from, nowMs)) {
    // Who passed it on did not check it, and is not to blame for it.
    const outcome = known.apply([delta], ctx.clock.wallMs());
    if ((outcome.forged ?? outcome.mismatched) !== undefined) state.counters.factsRefused += 1;
    for (const { peer } of outcome.changed) talk.rumors.add(peer, HINTED_TELLINGS);
    onNews(state, outcome, ctx);
  }
  const behind = known.behind([newest]);
  if (behind.length > 0 && state.transport.isLinked(from)) {
    pull(state, from, talk.toPull(behind, from, nowMs));
  }
}

/** Changes this peer's own facts and lets the others know: what is urgent at once, but no faster than at the quick pace. */
export function setFacts(state: MeshState, facts: NodeFacts, ctx: MeshContext): void {
  const { known, talk, transport } = state;
  const before = known.version(transport.self)!;
  const set = known.set(facts, ctx.clock.wallMs());
  if (!set.ok) {
    ctx.log.warn('facts of this peer not told', { why: set.error.message });
    return;
  }
  const keys = set.value;
  if (keys.length === 0) return;
  talk.rumors.add(transport.self);
  onNews(state, { changed: [{ peer: transport.self, keys }] }, ctx);
  if (!isUrgent(keys)) return;
  publishFacts(state, before, ctx);
  if (talk.restedMs(ctx.clock.monotonicMs()) >= state.timing.factsHotMs) exchangeFacts(state, ctx);
}

function publishFacts(state: MeshState, before: FactsVersion, ctx: MeshContext): void {
  const newest = state.known.version(before.peer)!;
  const makeHint = (): FactsHint => {
    const [delta] = state.known.deltaOf([before]).deltas;
    const fits = delta !== undefined && deltaBytes(delta) <= HINT_LIMIT_BYTES;
    return { type: 'facts', newest, ...(fits && { delta }) };
  };
  publishHint(state, makeHint, ctx);
}

/** Drops the facts of peers that are long gone. */
export function dropOldFacts(state: MeshState, ctx: MeshContext): void {
  const beforeMs = ctx.clock.monotonicMs() - state.timing.deadFactsMs;
  for (const { peer, status, sinceMs } of state.membership.records()) {
    if ((status === 'dead' || status === 'left') && sinceMs < beforeMs) state.known.forget(peer);
  }
}

function onNews(
  state: MeshState,
  { changed }: Pick<FactsOutcome, 'changed'>,
  ctx: MeshContext,
): void {
  for (const { peer, keys } of changed) {
    const member = memberOf(state, peer);
    if (member !== undefined) state.view.put({ type: 'facts', member, keys });
    state.talk.stir(keys);
  }
  if (changed.length > 0) timeExchange(state, ctx);
}
