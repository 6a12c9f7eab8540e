// How pods leave a peer: ended and released, or found here though the zone has them no more.

import type { Result } from '../../runtime/index.ts';
import { allocationKey, releaseTransaction } from '../objects/allocation.ts';
import { endPod } from './found-pods.ts';
import type { FoundPod } from './pod-life.ts';
import { hasEnded, isHere, retryMs, RETRY_MOST_MS } from './containers-state.ts';
import type { ContainersState, Doing } from './containers-state.ts';

export function leaveIfEnded(state: ContainersState, uid: string, ctx: Doing): void {
  const entry = state.pods.get(uid);
  if (entry !== undefined && hasEnded(entry)) leave(state, uid, ctx);
}

/** Its processes have ended and its last status is written: remove what is here, then let go of it in the store. */
export function leave(state: ContainersState, uid: string, ctx: Doing): void {
  const entry = state.pods.get(uid);
  if (entry === undefined || entry.isLeaving) return;
  entry.isLeaving = true;
  ctx.run(
    async (): Promise<Result<unknown>> => {
      const removed = await state.driver.removePod(uid);
      const pod = state.objects.view.getByUid('Pod', uid);
      const isOurs = pod !== undefined && isHere(state, pod, uid) && !entry.isGone;
      if (!removed.ok || !isOurs) return removed;
      const record = state.store.view.get(allocationKey(state.nodeName));
      const { writes, also } = releaseTransaction({ pod, record });
      return state.objects.write(writes, also);
    },
    (outcome) => ({ type: 'left', uid, outcome: outcome.ok ? outcome.value : outcome }),
  );
}

export function left(
  state: ContainersState,
  uid: string,
  outcome: Result<unknown>,
  ctx: Doing,
): void {
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
export function caughtUp(state: ContainersState, outcome: Result<unknown>, ctx: Doing): void {
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

export function orphanEnded(
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
