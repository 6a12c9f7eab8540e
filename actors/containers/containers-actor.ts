// The pods bound to this peer: one pod actor each; their statuses back to the store; nothing left of those that are gone.
//
//   bound here --> pod actor --> status written
//   deleted, grace running --> ended --> last status --> directory removed --> released --> gone from the store
//   gone from the store, or bound elsewhere --> ended --> directory removed

import { unreachable } from '../../runtime/index.ts';
import type { Actor, Result } from '../../runtime/index.ts';
import type { ObjectChange, Stored } from '../objects/objects.ts';
import { caughtUp, leave, left, orphanEnded } from './containers-departure.ts';
import {
  addNews,
  flush,
  flushEvents,
  INSPECT_MS,
  inspected,
  written,
} from './containers-reporting.ts';
import { flushSoon, hasEnded, isHere, RETRY_MOST_MS } from './containers-state.ts';
import type {
  ContainersArgs,
  ContainersMessage,
  ContainersState,
  Doing,
} from './containers-state.ts';
import { findPods } from './found-pods.ts';
import { podActor } from './pod-actor.ts';
import { graceMsOf, isServing } from './pod-life.ts';
import type { FoundPod, PodLife } from './pod-life.ts';
import { BATCH_MOST } from './status-batch.ts';

const POD_PREFIX = 'pod-';
const BARRIER_MS = 5_000;

/** A server needs a moment to listen. */
const INSPECT_SOON_MS = 2_000;

export const containersActor: Actor<ContainersMessage, ContainersState, ContainersArgs> = {
  start: (args, ctx) => {
    const { view } = args.objects;
    const { self } = ctx;
    const stopWatching = [
      view.watch(['Pod'], (change) => self.tell({ type: 'pod-changed', change })),
      args.driver.watch((status) => self.tell({ type: 'container-changed', status })),
    ];
    self.tell({ type: 'open' });
    return {
      ...args,
      isOpen: false,
      found: new Map(),
      pods: new Map(),
      dirty: new Set(),
      isWriting: false,
      batchLimit: BATCH_MOST,
      failures: 0,
      news: [],
      isWritingEvents: false,
      wildcards: new Map(),
      stopWatching,
    };
  },
  receive: (state, message, ctx) => {
    handle(state, message, ctx);
    return state;
  },
  signal: (state, signal, ctx) => {
    if (signal.type === 'child-stopped' && signal.error !== undefined) {
      // A bug of ours must not leave a pod alone: it is taken over anew, as after a restart of the peer.
      const uid = signal.name.slice(POD_PREFIX.length);
      ctx.log.error('a pod actor failed', { pod: uid, why: signal.error.message });
      state.pods.delete(uid);
      ctx.after('open', RETRY_MOST_MS, { type: 'open' });
    }
    return state;
  },
  stopped: ({ stopWatching }) => {
    for (const stop of stopWatching) stop();
  },
};

function handle(state: ContainersState, message: ContainersMessage, ctx: Doing): void {
  switch (message.type) {
    case 'open':
      return ctx.run(
        () => findPods(state.driver, state.isOpen),
        (outcome) => ({ type: 'opened', outcome: outcome.ok ? outcome.value : outcome }),
      );
    case 'opened':
      return opened(state, message.outcome, ctx);
    case 'pod-changed':
      return podChanged(state, message.change, ctx);
    case 'container-changed': {
      const { status } = message;
      if (status.state === 'running') ctx.after('inspect', INSPECT_SOON_MS, { type: 'inspect' });
      const event = { type: 'container-changed', status } as const;
      return state.pods.get(status.podUid)?.ref.tell({ type: 'happened', event });
    }
    case 'life-changed':
      return lifeChanged(state, message.uid, message.life, ctx);
    case 'pod-news':
      return addNews(state, message.uid, message.news, ctx);
    case 'flush':
      flushEvents(state, ctx);
      return flush(state, ctx);
    case 'written':
      return written(state, message.uids, message.outcome, ctx);
    case 'events-written':
      state.isWritingEvents = false;
      if (!message.outcome.ok) {
        ctx.log.debug('events not written', { why: message.outcome.error.message });
      }
      if (state.news.length > 0) flushSoon(ctx);
      return;
    case 'leave':
      return leave(state, message.uid, ctx);
    case 'left':
      return left(state, message.uid, message.outcome, ctx);
    case 'seek-orphans':
      return ctx.run(
        () => state.store.barrier(BARRIER_MS),
        (outcome) => ({ type: 'caught-up', outcome: outcome.ok ? outcome.value : outcome }),
      );
    case 'caught-up':
      return caughtUp(state, message.outcome, ctx);
    case 'orphan-ended':
      return orphanEnded(state, message.uid, message.outcome, ctx);
    case 'inspect':
      return ctx.run(
        () => state.driver.wildcardListeners(),
        (outcome) => ({ type: 'inspected', outcome }),
      );
    case 'inspected':
      return inspected(state, message.outcome, ctx);
    default:
      return unreachable(message);
  }
}

function opened(
  state: ContainersState,
  outcome: Result<ReadonlyMap<string, FoundPod>>,
  ctx: Doing,
): void {
  if (!outcome.ok) {
    ctx.log.error('the container driver does not open', { why: outcome.error.message });
    return ctx.after('open', RETRY_MOST_MS, { type: 'open' });
  }
  state.isOpen = true;
  state.found = new Map([...outcome.value].filter(([uid]) => !state.pods.has(uid)));
  for (const pod of state.objects.view.podsOnNode(state.nodeName)) {
    if (!state.pods.has(pod.metadata?.uid ?? '')) adopt(state, pod, ctx);
  }
  if (state.found.size > 0) ctx.self.tell({ type: 'seek-orphans' });
  ctx.after('inspect', INSPECT_MS, { type: 'inspect' });
}

/** A pod that is bound here gets its actor; what an earlier life of this peer left of it is taken over. */
function adopt(state: ContainersState, pod: Stored<'Pod'>, ctx: Doing): void {
  const uid = pod.metadata?.uid ?? '';
  const found = state.found.get(uid);
  const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  const isEnding = pod.metadata?.deletionTimestamp !== undefined;
  // It ended on this peer before, and the peer has lost or removed what was left: it does not run again.
  if (isOver && found === undefined && !isEnding) return;
  state.found.delete(uid);
  const ref = ctx.spawn(`${POD_PREFIX}${uid}`, podActor, {
    pod,
    found: found ?? { sandbox: undefined, containers: [] },
    driver: state.driver,
    prober: state.prober,
    nodeName: state.nodeName,
    hostIP: state.hostIP,
    parent: ctx.self,
    isEnding,
  });
  const life: PodLife = { sandbox: { type: 'none' }, containers: [], ending: undefined };
  state.pods.set(uid, { ref, life, isGone: false, isLeaving: false });
}

function podChanged(state: ContainersState, change: ObjectChange, ctx: Doing): void {
  if (!state.isOpen) return;
  const { object, previous } = change as ObjectChange<'Pod'>;
  const uidBefore = previous?.metadata?.uid;
  const uid = object?.metadata?.uid;
  if (previous !== undefined && uidBefore !== undefined && !isHere(state, object, uidBefore)) {
    gone(state, previous, uidBefore, ctx);
  }
  if (object === undefined || uid === undefined || !isHere(state, object, uid)) return;
  const entry = state.pods.get(uid);
  if (entry === undefined) return adopt(state, object, ctx);
  entry.ref.tell({ type: 'pod-changed', pod: object });
  if (object.metadata?.deletionTimestamp !== undefined) {
    const event = { type: 'end', graceMs: graceMsOf(object) } as const;
    entry.ref.tell({ type: 'happened', event });
  }
}

/** Deleted without waiting for its end, or moved: it must not run here any more. */
function gone(state: ContainersState, pod: Stored<'Pod'>, uid: string, ctx: Doing): void {
  const entry = state.pods.get(uid);
  if (entry === undefined || entry.isGone) return;
  entry.isGone = true;
  if (hasEnded(entry)) return ctx.self.tell({ type: 'leave', uid });
  entry.ref.tell({ type: 'happened', event: { type: 'end', graceMs: graceMsOf(pod) } });
}

function lifeChanged(state: ContainersState, uid: string, life: PodLife, ctx: Doing): void {
  const entry = state.pods.get(uid);
  if (entry === undefined) return;
  entry.life = life;
  state.tellServing(uid, !entry.isGone && isServing(life));
  if (entry.isGone) {
    if (hasEnded(entry)) leave(state, uid, ctx);
    return;
  }
  state.dirty.add(uid);
  flushSoon(ctx);
}
