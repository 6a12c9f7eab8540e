// Events about pods, as Kubernetes shows them: one object per thing that happens, counted. Pure.

import type { Event } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectWrite, Stored } from '../objects/objects.ts';
import { timeText } from './pod-status-derivation.ts';
import type { PodNews } from './pod-actor.ts';

/** Stable for one pod, reason and message, so that a repetition finds its predecessor. */
export function eventName(pod: Stored<'Pod'>, news: PodNews): string {
  const text = `${pod.metadata?.uid} ${news.container} ${news.reason} ${news.message}`;
  return `${pod.metadata?.name}.${fingerprint(text)}`;
}

/** A new Event with this uid, or the known one with a higher count. */
export function eventWrite(
  pod: Stored<'Pod'>,
  news: PodNews,
  known: Stored<'Event'> | undefined,
  nodeName: string,
  nowMs: number,
  uid: string,
): ObjectWrite {
  const now = timeText(nowMs);
  if (known !== undefined) {
    const object: Event = { ...known, count: (known.count ?? 1) + 1, lastTimestamp: now };
    return { type: 'update', kind: 'Event', object };
  }
  const { metadata } = pod;
  const path = news.container === '' ? {} : { fieldPath: `spec.containers{${news.container}}` };
  const object: Event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: eventName(pod, news),
      uid,
      creationTimestamp: now,
      ...(metadata?.namespace === undefined ? {} : { namespace: metadata.namespace }),
    },
    involvedObject: {
      apiVersion: 'v1',
      kind: 'Pod',
      ...(metadata?.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(metadata?.name === undefined ? {} : { name: metadata.name }),
      ...(metadata?.uid === undefined ? {} : { uid: metadata.uid }),
      ...path,
    },
    type: news.type,
    reason: news.reason,
    message: news.message,
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component: 'skein-containers', host: nodeName },
    reportingComponent: 'skein-containers',
    reportingInstance: nodeName,
  };
  return { type: 'create', kind: 'Event', object };
}

/** FNV-1a with 64 bits, as 16 hexadecimal digits. */
function fingerprint(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(text)) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return hash.toString(16).padStart(16, '0');
}
