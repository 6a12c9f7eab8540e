// What the containers actor tells the store: statuses in batches, Events, and who listens where they should not.

import { randomUuid } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import type { PodStatus } from 'kubernetes-types/core/v1.d.ts';
import { allocationKey, readAllocation, releaseTransaction } from '../objects/allocation.ts';
import { recordEvent } from '../objects/event-recording.ts';
import type { ObjectWrite, Stored } from '../objects/objects.ts';
import type { WildcardListener } from './container-driver.ts';
import { leaveIfEnded } from './containers-departure.ts';
import { flushSoon, isHere, retryMs } from './containers-state.ts';
import type { ContainersState, Doing } from './containers-state.ts';
import type { PodNews } from './pod-actor.ts';
import { derivePodStatus } from './pod-status-derivation.ts';
import { BATCH_MOST, nextBatch } from './status-batch.ts';

export const INSPECT_MS = 30_000;

/** News that wait for the store; the oldest are dropped. */
const NEWS_MOST = 256;
const EVENTS_PER_WRITE = 50;

/** Writes the statuses that differ, one transaction at a time. */
export function flush(state: ContainersState, ctx: Doing): void {
  if (state.isWriting || state.dirty.size === 0) return;
  const { view, write } = state.objects;
  const record = state.store.view.get(allocationKey(state.nodeName));
  const holders = readAllocation(record);
  const batch = nextBatch(view, state.dirty, state.batchLimit, {
    status: (pod) => statusOf(state, pod, ctx),
    isHolding: (uid) => Object.hasOwn(holders, uid),
  });
  for (const uid of batch.settled) {
    state.dirty.delete(uid);
    leaveIfEnded(state, uid, ctx);
  }
  if (batch.uids.length === 0) return;
  state.isWriting = true;
  // What changes while this is written is dirty anew.
  for (const uid of batch.uids) state.dirty.delete(uid);
  ctx.run(
    () => {
      if (batch.over === undefined) return write(batch.writes);
      const { writes, also } = releaseTransaction({ ...batch.over, record });
      return write(writes, also);
    },
    (outcome) => ({
      type: 'written',
      uids: batch.uids,
      outcome: outcome.ok ? outcome.value : outcome,
    }),
  );
}

/** Undefined for a pod that is not, or no longer, this peer's to speak of. */
function statusOf(state: ContainersState, pod: Stored<'Pod'>, ctx: Doing): PodStatus | undefined {
  const uid = pod.metadata?.uid ?? '';
  const entry = state.pods.get(uid);
  if (entry === undefined || entry.isGone || !isHere(state, pod, uid)) return undefined;
  return derivePodStatus(pod, entry.life, {
    hostIP: state.hostIP,
    driver: state.driver.name,
    wildcardPorts: state.wildcards.get(uid) ?? [],
    nowMs: ctx.clock.wallMs(),
  });
}

export function written(
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

export function inspected(
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
    addNews(
      state,
      uid,
      { type: 'Warning', reason: 'ListensOnAllAddresses', message, container: '' },
      ctx,
    );
  }
}

/** Queues an Event for the next flush. */
export function addNews(state: ContainersState, uid: string, news: PodNews, ctx: Doing): void {
  state.news.push({ uid, news });
  if (state.news.length > NEWS_MOST) state.news.shift();
  flushSoon(ctx);
}

/** Writes the Events that wait, a few at a time; nobody depends on them, so a failure loses them. */
export function flushEvents(state: ContainersState, ctx: Doing): void {
  if (state.isWritingEvents || state.news.length === 0) return;
  const { view, write } = state.objects;
  const writes = new Map<string, ObjectWrite>();
  for (const { uid, news } of state.news.splice(0, EVENTS_PER_WRITE)) {
    const regarding = view.getByUid('Pod', uid);
    if (regarding === undefined) continue;
    const one = recordEvent(view, {
      kind: 'Pod',
      regarding,
      ...(news.container === '' ? {} : { fieldPath: `spec.containers{${news.container}}` }),
      type: news.type,
      reason: news.reason,
      message: news.message,
      component: 'skein-containers',
      host: state.nodeName,
      nowMs: ctx.clock.wallMs(),
      uid: randomUuid(ctx.random),
    });
    if (one !== undefined) writes.set(one.object.metadata?.name ?? '', one);
  }
  if (writes.size === 0) return;
  state.isWritingEvents = true;
  ctx.run(
    () => write([...writes.values()]),
    (outcome) => ({ type: 'events-written', outcome: outcome.ok ? outcome.value : outcome }),
  );
}
