// From changes of the store to what one watcher sees: a selector turns changes into comings and goings.

import type { KeyValue, WatchEvent } from '../../../consensus/index.ts';
import type { KubernetesObject } from '../../objects/kinds.ts';
import { decodeObject } from '../../objects/object-codec.ts';
import type { ApiEvent } from '../request/api-request.ts';

/** Whether a watcher wants an object. */
export type Matches = (object: KubernetesObject) => boolean;

/** An event with the object still whole, before it is put in the shape the client accepts. */
export interface ObjectEvent {
  readonly type: Exclude<ApiEvent['type'], 'ERROR' | 'BOOKMARK'>;
  readonly object: KubernetesObject;
}

/** Watchers share what the store hands to each of them: parsed once, dropped with the store's copy. */
const parsed = new WeakMap<KeyValue, KubernetesObject>();

function objectOf(kv: KeyValue): KubernetesObject {
  let object = parsed.get(kv);
  if (object === undefined) {
    object = decodeObject(kv);
    parsed.set(kv, object);
  }
  return object;
}

/** The last state before it went, with the revision at which it went. */
const gone = (previous: KubernetesObject, revision: number): KubernetesObject => ({
  ...previous,
  metadata: { ...previous.metadata, resourceVersion: String(revision) },
});

/** What the watcher sees of one change; undefined for nothing. */
export function eventFor(change: WatchEvent, matches: Matches): ObjectEvent | undefined {
  const { kv, previous } = change;
  const before = previous === undefined ? undefined : objectOf(previous);
  const matched = before !== undefined && matches(before);
  const now = change.type === 'put' ? objectOf(kv) : undefined;
  if (now !== undefined && matches(now)) {
    return { type: matched ? 'MODIFIED' : 'ADDED', object: now };
  }
  return matched ? { type: 'DELETED', object: gone(before, kv.modRevision) } : undefined;
}
