// What a node does for pods, without processes: makes bound ones Running and Ready, ends those to be deleted.

import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { allocationKey, releaseTransaction } from '../../../actors/objects/allocation.ts';
import { timestamp } from '../../../actors/objects/meta.ts';
import type { ZonePeer } from '../duties/zone.ts';

/** What a pod needs to become ready, and to end. */
const START_MS = 20;

export interface KubeletOptions {
  /** Pods for which this holds never become ready. */
  readonly isBroken?: (pod: Pod) => boolean;
}

let nextAddress = 1;

/** Runs the pods bound to the node that has the peer's name. */
export function startKubelet(peer: ZonePeer, { isBroken }: KubeletOptions = {}): void {
  const { objects, simulated, name: node, store } = peer;
  const busy = new Set<string>();

  const act = async (namespace: string, name: string): Promise<void> => {
    const pod = objects.view.get('Pod', namespace, name);
    if (pod?.spec?.nodeName !== node) return;
    if (pod.metadata?.deletionTimestamp !== undefined) {
      const record = store.view.get(allocationKey(node));
      const { writes, also } = releaseTransaction({ pod, record });
      const gone = await objects.write(writes, also);
      if (!gone.ok) later(namespace, name);
      return;
    }
    if (pod.status?.phase === 'Running' || isBroken?.(pod) === true) return;
    const lastTransitionTime = timestamp(simulated.clock.wallMs());
    const conditions = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'Ready');
    const status = {
      ...pod.status,
      phase: 'Running' as const,
      podIP: `127.1.${nextAddress >> 8}.${nextAddress++ & 255}`,
      conditions: [...conditions, { type: 'Ready', status: 'True', lastTransitionTime }],
    };
    const done = await objects.write([{ type: 'update', kind: 'Pod', object: { ...pod, status } }]);
    if (!done.ok) later(namespace, name);
  };
  const later = (namespace: string, name: string): void => {
    const key = `${namespace}/${name}`;
    if (busy.has(key)) return;
    busy.add(key);
    simulated.schedule(START_MS, () => {
      busy.delete(key);
      void act(namespace, name);
    });
  };
  objects.view.watch(['Pod'], ({ object, key }) => {
    if ((object as Pod | undefined)?.spec?.nodeName === node) later(key.namespace, key.name);
  });
}
