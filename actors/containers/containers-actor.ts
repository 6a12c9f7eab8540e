// The pods bound to this peer: one pod actor each; their statuses back to the store; nothing left of those that are gone.
//
//   bound here --> pod actor --> status written
//   deleted, grace running --> ended --> last status --> directory removed --> released --> gone from the store
//   gone from the store, or bound elsewhere --> ended --> directory removed

import { randomUuid, unreachable } from '../../runtime/index.ts';
import type { Actor, ActorRef, Context, Result } from '../../runtime/index.ts';
import type { ObjectChange, Objects, Stored } from '../objects/objects.ts';
import type { ContainerDriver, ContainerStatus, WildcardListener } from './container-driver.ts';
import { endPod, findPods } from './found-pods.ts';
import { podActor } from './pod-actor.ts';
import type { PodMessage, PodNews, PodReport } from './pod-actor.ts';
import { eventName, eventWrite } from './pod-event.ts';
import { graceMsOf } from './pod-life.ts';
import type { FoundPod, PodLife } from './pod-life.ts';
import { derivePodStatus } from './pod-status-derivation.ts';
import type { Prober } from './prober.ts';
import { BATCH_MOST, nextBatch } from './status-batch.ts';

export type ContainersMessage =
  | PodReport
  | { readonly type: 'opened'; readonly outcome: Result<ReadonlyMap<string, FoundPod>> }
  | { readonly type: 'open' }
  | { readonly type: 'pod-changed'; readonly change: ObjectChange }
  | { readonly type: 'container-changed'; readonly status: ContainerStatus }
  | { readonly type: 'flush' }
  | {
      readonly type: 'written';
      readonly uids: readonly string[];
      readonly outcome: Result<unknown>;
    }
  | { readonly type: 'events-written'; readonly outcome: Result<unknown> }
  | { readonly type: 'leave'; readonly uid: string }
  | { readonly type: 'left'; readonly uid: string; readonly outcome: Result<unknown> }
  | { readonly type: 'seek-orphans' }
  | { readonly type: 'caught-up'; readonly outcome: Result<unknown> }
  | { readonly type: 'orphan-ended'; readonly uid: string; readonly outcome: Result<unknown> }
  | { readonly type: 'inspect' }
  | { readonly type: 'inspected'; readonly outcome: Result<readonly WildcardListener[]> };

export interface ContainersArgs {
  readonly nodeName: string;
  readonly hostIP: string;
  readonly driver: ContainerDriver;
  readonly prober: Prober;
  readonly objects: Objects;
  /** Resolves once the view has all that was committed when asked: `store.barrier`. Nothing is taken for gone before. */
  readonly caughtUp: (deadlineMs: number) => Promise<Result<unknown>>;
  /** Removes a pod that has ended from the store, and what it held of its node, in one transaction. */
  readonly release: (pod: Stored<'Pod'>) => Promise<Result<unknown>>;
}

interface PodEntry {
  readonly ref: ActorRef<PodMessage>;
  life: PodLife;
  /** The store has it no more, or bound elsewhere. */
  isGone: boolean;
  /** Its last steps are under way. */
  isLeaving: boolean;
}

export interface ContainersState extends ContainersArgs {
  isOpen: boolean;
  found: Map<string, FoundPod>;
  readonly pods: Map<string, PodEntry>;
  /** Pods whose status may differ from the store's. */
  readonly dirty: Set<string>;
  isWriting: boolean;
  batchLimit: number;
  failures: number;
  readonly news: { readonly uid: string; readonly news: PodNews }[];
  isWritingEvents: boolean;
  wildcards: ReadonlyMap<string, readonly number[]>;
  readonly stopWatching: readonly (() => void)[];
}

type Doing = Context<ContainersMessage>;

const POD_PREFIX = 'pod-';

/** Changes that come together are written together. */
const FLUSH_MS = 20;
const RETRY_FIRST_MS = 100;
const RETRY_MOST_MS = 5_000;
const BARRIER_MS = 5_000;
const INSPECT_MS = 30_000;
/** A server needs a moment to listen. */
const INSPECT_SOON_MS = 2_000;
/** News that wait for the store; the oldest are dropped. */
const NEWS_MOST = 256;
const EVENTS_PER_WRITE = 50;

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
      state.news.push(message);
      if (state.news.length > NEWS_MOST) state.news.shift();
      return flushSoon(ctx);
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
        () => state.caughtUp(BARRIER_MS),
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

function isHere(
  { nodeName }: ContainersState,
  pod: Stored<'Pod'> | undefined,
  uid: string,
): boolean {
  return pod?.metadata?.uid === uid && pod.spec?.nodeName === nodeName;
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
  if (entry.isGone) {
    if (hasEnded(entry)) leave(state, uid, ctx);
    return;
  }
  state.dirty.add(uid);
  flushSoon(ctx);
}

const hasEnded = ({ life }: PodEntry): boolean =>
  life.ending !== undefined && life.sandbox.type === 'stopped';

function flushSoon(ctx: Doing): void {
  ctx.after('flush', FLUSH_MS, { type: 'flush' });
}

function flush(state: ContainersState, ctx: Doing): void {
  if (state.isWriting || state.dirty.size === 0) return;
  const { view, write } = state.objects;
  const batch = nextBatch(view, state.dirty, state.batchLimit, (pod) => {
    const uid = pod.metadata?.uid ?? '';
    const entry = state.pods.get(uid);
    if (entry === undefined || entry.isGone || !isHere(state, pod, uid)) return undefined;
    return derivePodStatus(pod, entry.life, {
      hostIP: state.hostIP,
      driver: state.driver.name,
      wildcardPorts: state.wildcards.get(uid) ?? [],
      nowMs: ctx.clock.wallMs(),
    });
  });
  for (const uid of batch.settled) {
    state.dirty.delete(uid);
    leaveIfEnded(state, uid, ctx);
  }
  if (batch.writes.length === 0) return;
  state.isWriting = true;
  // What changes while this is written is dirty anew.
  for (const uid of batch.uids) state.dirty.delete(uid);
  ctx.run(
    () => write(batch.writes),
    (outcome) => ({
      type: 'written',
      uids: batch.uids,
      outcome: outcome.ok ? outcome.value : outcome,
    }),
  );
}

function written(
  state: ContainersState,
  uids: readonly string[],
  outcome: Result<unknown>,
  ctx: Doing,
): void {
  state.isWriting = false;
  if (outcome.ok) {
    state.failures = 0;
    state.batchLimit = BATCH_MOST;
    for (const uid of uids) if (!state.dirty.has(uid)) leaveIfEnded(state, uid, ctx);
    if (state.dirty.size > 0) flushSoon(ctx);
    return;
  }
  const { code, message } = outcome.error;
  for (const uid of uids) state.dirty.add(uid);
  // One stale pod refuses its whole batch: smaller ones find it, while the others go through.
  if (code !== 'unavailable' && code !== 'timeout') {
    state.batchLimit = Math.max(1, Math.floor(state.batchLimit / 2));
  } else if (state.failures === 0) {
    ctx.log.warn('statuses wait for the store; pods keep running', { why: message });
  }
  ctx.after('flush', retryMs(state), { type: 'flush' });
}

function retryMs(state: ContainersState): number {
  state.failures++;
  return Math.min(RETRY_FIRST_MS * 2 ** Math.min(state.failures - 1, 10), RETRY_MOST_MS);
}

function leaveIfEnded(state: ContainersState, uid: string, ctx: Doing): void {
  const entry = state.pods.get(uid);
  if (entry !== undefined && hasEnded(entry)) leave(state, uid, ctx);
}

/** Its processes have ended and its last status is written: remove what is here, then let go of it in the store. */
function leave(state: ContainersState, uid: string, ctx: Doing): void {
  const entry = state.pods.get(uid);
  if (entry === undefined || entry.isLeaving) return;
  entry.isLeaving = true;
  ctx.run(
    async (): Promise<Result<unknown>> => {
      const removed = await state.driver.removePod(uid);
      const pod = state.objects.view.getByUid('Pod', uid);
      const isOurs = pod !== undefined && isHere(state, pod, uid) && !entry.isGone;
      return removed.ok && isOurs ? state.release(pod) : removed;
    },
    (outcome) => ({ type: 'left', uid, outcome: outcome.ok ? outcome.value : outcome }),
  );
}

function left(state: ContainersState, uid: string, outcome: Result<unknown>, ctx: Doing): void {
  const entry = state.pods.get(uid);
  if (entry === undefined) return;
  entry.isLeaving = false;
  if (!outcome.ok && outcome.error.code !== 'not-found') {
    ctx.log.debug('a pod that ended stays for now', { pod: uid, why: outcome.error.message });
    return ctx.after(`leave ${uid}`, retryMs(state), { type: 'leave', uid });
  }
  state.pods.delete(uid);
  state.dirty.delete(uid);
  ctx.stop(entry.ref);
}

/** Now it is known which of the pods that were found here the zone has no more. */
function caughtUp(state: ContainersState, outcome: Result<unknown>, ctx: Doing): void {
  if (!outcome.ok) return ctx.after('orphans', RETRY_MOST_MS, { type: 'seek-orphans' });
  for (const [uid, found] of state.found) {
    if (isHere(state, state.objects.view.getByUid('Pod', uid), uid)) continue;
    ctx.log.info('a pod that the zone has deleted or moved ends here', { pod: uid });
    endOrphan(state, uid, found, ctx);
  }
}

function endOrphan(state: ContainersState, uid: string, found: FoundPod, ctx: Doing): void {
  ctx.run(
    () => endPod(state.driver, found),
    (outcome) => ({
      type: 'orphan-ended',
      uid,
      outcome: outcome.ok ? outcome.value : outcome,
    }),
  );
}

function orphanEnded(
  state: ContainersState,
  uid: string,
  outcome: Result<unknown>,
  ctx: Doing,
): void {
  if (outcome.ok) {
    state.found.delete(uid);
    return;
  }
  ctx.log.error("a pod that is not the zone's any more cannot be ended", {
    pod: uid,
    why: outcome.error.message,
  });
  ctx.after('orphans', RETRY_MOST_MS, { type: 'seek-orphans' });
}

function inspected(
  state: ContainersState,
  outcome: Result<readonly WildcardListener[]>,
  ctx: Doing,
): void {
  ctx.after('inspect', INSPECT_MS, { type: 'inspect' });
  if (!outcome.ok) return;
  const found = new Map<string, number[]>();
  for (const { podUid, port } of outcome.value) {
    const ports = found.get(podUid) ?? [];
    if (!ports.includes(port))
      found.set(
        podUid,
        [...ports, port].sort((a, b) => a - b),
      );
  }
  const before = state.wildcards;
  state.wildcards = found;
  for (const uid of new Set([...before.keys(), ...found.keys()])) {
    const [was, is] = [before.get(uid)?.join() ?? '', found.get(uid)?.join() ?? ''];
    if (was === is) continue;
    state.dirty.add(uid);
    flushSoon(ctx);
    if (is === '') continue;
    const message = `Port ${is} is open on all addresses of the machine: bind the address in SKEIN_POD_IP`;
    state.news.push({
      uid,
      news: { type: 'Warning', reason: 'ListensOnAllAddresses', message, container: '' },
    });
  }
}

function flushEvents(state: ContainersState, ctx: Doing): void {
  if (state.isWritingEvents || state.news.length === 0) return;
  const { view, write } = state.objects;
  const writes = new Map(
    state.news.splice(0, EVENTS_PER_WRITE).flatMap(({ uid, news }) => {
      const pod = view.getByUid('Pod', uid);
      if (pod === undefined) return [];
      const name = eventName(pod, news);
      const known = view.get('Event', pod.metadata?.namespace ?? '', name);
      const nowMs = ctx.clock.wallMs();
      const eventUid = randomUuid(ctx.random);
      return [[name, eventWrite(pod, news, known, state.nodeName, nowMs, eventUid)] as const];
    }),
  );
  if (writes.size === 0) return;
  state.isWritingEvents = true;
  ctx.run(
    () => write([...writes.values()]),
    (outcome) => ({ type: 'events-written', outcome: outcome.ok ? outcome.value : outcome }),
  );
}
