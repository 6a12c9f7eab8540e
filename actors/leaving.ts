// A peer leaves for good: drains, hands its vote over, ends its membership.
//
//   cordoned -> drained -> Node removed -> out of the zone's log -> left the mesh

import type { Clock, Result } from '../runtime/index.ts';
import { failed, ok, SkeinError, wait } from '../runtime/index.ts';
import type { Objects } from './objects/objects.ts';
import type { PeerParts } from './peer.ts';

/** How long the Node of a peer that has just started may take to be in the log. */
const registeredMs = 10_000;
const drainMs = 90_000;
const lookEveryMs = 100;
/** A pod that does not end yet was perhaps not asked: whoever should have been told had no leader, say. */
const evictAgainMs = 3_000;
const attemptsMax = 20;

/**
 * Errors: forbidden (the last peer, or the last full one), timeout (pods did not end), unavailable (no other full
 * peer is alive to take over). What was done stays done: ask again.
 */
export async function leaveZone(
  name: string,
  {
    objects,
    zoneLog,
    mesh,
    store,
    work,
  }: Pick<PeerParts, 'objects' | 'zoneLog' | 'mesh' | 'store' | 'work'>,
  evict: (pod: { readonly namespace: string; readonly name: string }) => Promise<void>,
  clock: Clock,
): Promise<Result<void>> {
  const { voters, learners, witnesses } = store.status();
  if (voters.length === 0) {
    const sentence = 'this peer does not know its zone yet: ask again once it is Ready';
    return failed(new SkeinError('unavailable', sentence));
  }
  if (voters.length + learners.length <= 1) {
    return failed(
      new SkeinError('forbidden', 'this is the last peer of its zone: stop it instead of leaving'),
    );
  }
  const full = [...voters, ...learners].filter(
    (peer) => peer !== mesh.self && !witnesses.includes(peer),
  );
  if (full.length === 0) {
    const sentence =
      'the other peers of this zone are witnesses, which run no pods: join another peer first, or stop this one instead of leaving';
    return failed(new SkeinError('forbidden', sentence));
  }
  if (!full.some((peer) => mesh.member(peer)?.status === 'alive')) {
    const names = full.map((peer) => mesh.member(peer)?.facts.name ?? peer).join(', ');
    const sentence = `no other peer that runs pods is alive, of ${names}: bring one back before this one leaves`;
    return failed(new SkeinError('unavailable', sentence));
  }
  // A Node that is still on its way to the log would come after its removal, and stay.
  const isKnown = work?.registered ?? Promise.resolve(true);
  const isLate = wait(clock, registeredMs).then(() => false);
  if (!(await Promise.race([isKnown, isLate]))) {
    const sentence =
      'the zone has not taken in the Node of this peer yet: ask again once it is Ready';
    return failed(new SkeinError('unavailable', sentence));
  }
  const cordoned = await cordon(objects, name);
  if (!cordoned.ok) return cordoned;
  const drained = await drain(objects, name, evict, clock);
  if (!drained.ok) return drained;
  const removed = await removeNode(objects, name);
  if (!removed.ok) return removed;
  const left = await zoneLog.leave();
  if (!left.ok) return left;
  await mesh.leave();
  return ok(undefined);
}

async function cordon(objects: Objects, name: string): Promise<Result<unknown>> {
  return again(() => {
    const node = objects.view.get('Node', '', name);
    if (node === undefined || node.spec?.unschedulable === true) return undefined;
    const object = { ...node, spec: { ...node.spec, unschedulable: true } };
    return objects.write([{ type: 'update', kind: 'Node', object }]);
  });
}

async function drain(
  objects: Objects,
  name: string,
  evict: (pod: { readonly namespace: string; readonly name: string }) => Promise<void>,
  clock: Clock,
): Promise<Result<void>> {
  const untilMs = clock.monotonicMs() + drainMs;
  const askedAtMs = new Map<string, number>();
  for (;;) {
    const pods = objects.view.podsOnNode(name);
    if (pods.length === 0) return ok(undefined);
    if (clock.monotonicMs() > untilMs) {
      const sentence = `${pods.length} pods did not end in ${drainMs / 1000} s; delete them with --grace-period=0 and ask again`;
      return failed(new SkeinError('timeout', sentence));
    }
    for (const { metadata } of pods) {
      const { namespace = '', name: pod = '', uid = '', deletionTimestamp } = metadata ?? {};
      const nowMs = clock.monotonicMs();
      const isAsked = nowMs - (askedAtMs.get(uid) ?? Number.NEGATIVE_INFINITY) < evictAgainMs;
      if (isAsked || deletionTimestamp !== undefined) continue;
      askedAtMs.set(uid, nowMs);
      await evict({ namespace, name: pod });
    }
    await wait(clock, lookEveryMs);
  }
}

async function removeNode(objects: Objects, name: string): Promise<Result<unknown>> {
  return again(() => {
    const object = objects.view.get('Node', '', name);
    return object && objects.write([{ type: 'delete', kind: 'Node', object }]);
  });
}

/** Decides again while somebody else writes in between; undefined means there is nothing to do. */
async function again(write: () => Promise<Result<unknown>> | undefined): Promise<Result<unknown>> {
  let last: Result<unknown> = ok(undefined);
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    last = (await write()) ?? ok(undefined);
    if (last.ok || last.error.code !== 'conflict') return last;
  }
  return last;
}
