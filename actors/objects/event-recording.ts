// Events about objects. The same thing again counts up one event, so that repetition cannot fill the store.

import type { Event, ObjectReference } from 'kubernetes-types/core/v1.d.ts';
import type { KindName, KubernetesObject } from './kinds.ts';
import { apiVersionOf, kindDefinition } from './kind-table.ts';
import { parseTimestamp, timestamp } from './meta.ts';
import type { ObjectView, ObjectWrite, Stored } from './objects.ts';
import { hash32, hash64 } from './stable-hash.ts';

/** How long an event is kept after it was seen last. */
export const EVENT_KEPT_MS = 3_600_000;
/** Messages that differ make at most so many events of one object, reason and component. */
export const EVENTS_PER_REASON = 8;
/** So often an event counts up at once … */
const COUNTED_AT_ONCE = 10;
/** … and then at most once in this time: occurrences between are not counted. */
const COUNTED_EVERY_MS = 300_000;
const MESSAGE_LIMIT = 1_024;
/** So much of the object's name, so that the event's name is a legal one. */
const NAME_LIMIT = 200;

/** Something that happened. */
export interface Occurrence {
  readonly kind: KindName;
  readonly regarding: KubernetesObject;
  /** The part it happened to, as in `spec.containers{web}`. */
  readonly fieldPath?: string;
  readonly type: 'Normal' | 'Warning';
  /** One word in CamelCase. */
  readonly reason: string;
  readonly message: string;
  /** Who says so, as in `scheduler`. */
  readonly component: string;
  /** The node it is said from. */
  readonly host?: string;
  readonly nowMs: number;
  /** For the event object, when it is a new one. */
  readonly uid: string;
}

/**
 * How to record it: a new event, or the old one counted up; undefined when it repeats too fast to be written.
 *
 *   object, fieldPath, type, reason, component ---> series
 *   hash of the message modulo EVENTS_PER_REASON -> event of the series, named by both
 */
export function recordEvent(view: ObjectView, occurrence: Occurrence): ObjectWrite | undefined {
  const namespace = occurrence.regarding.metadata?.namespace ?? 'default';
  const name = eventName(occurrence);
  const known = view.get('Event', namespace, name);
  if (known === undefined) {
    return { type: 'create', kind: 'Event', object: newEvent(occurrence, namespace, name) };
  }
  const count = known.count ?? 1;
  const sinceMs = occurrence.nowMs - (parseTimestamp(known.lastTimestamp) ?? 0);
  if (count >= COUNTED_AT_ONCE && sinceMs < COUNTED_EVERY_MS) return undefined;
  const object: Event = {
    ...known,
    message: shortened(occurrence.message),
    count: count + 1,
    lastTimestamp: timestamp(occurrence.nowMs),
  };
  return { type: 'update', kind: 'Event', object };
}

/** Has nobody seen it for so long that it may go? */
export function isEventExpired(event: Stored<'Event'>, nowMs: number): boolean {
  const seen =
    event.series?.lastObservedTime ??
    event.lastTimestamp ??
    event.eventTime ??
    event.metadata.creationTimestamp;
  return nowMs - (parseTimestamp(seen) ?? 0) > EVENT_KEPT_MS;
}

function eventName(occurrence: Occurrence): string {
  const { regarding, fieldPath = '', type, reason, message, component } = occurrence;
  const about = regarding.metadata;
  const series = [occurrence.kind, about?.uid ?? '', fieldPath, type, reason, component];
  const bucket = hash32(message) % EVENTS_PER_REASON;
  const start = (about?.name ?? '').slice(0, NAME_LIMIT).replace(/[-.]+$/, '');
  return `${start}.${hash64([...series, bucket].join('\n'))}`;
}

function newEvent(occurrence: Occurrence, namespace: string, name: string): Event {
  const { kind, regarding, fieldPath, type, reason, message, component, host, nowMs } = occurrence;
  const { uid, resourceVersion, namespace: about } = regarding.metadata ?? {};
  const involvedObject: ObjectReference = {
    kind,
    apiVersion: apiVersionOf(kindDefinition(kind).names),
    name: regarding.metadata?.name ?? '',
    ...(about === undefined ? {} : { namespace: about }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(fieldPath === undefined ? {} : { fieldPath }),
  };
  const now = timestamp(nowMs);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace, uid: occurrence.uid, creationTimestamp: now },
    involvedObject,
    reason,
    message: shortened(message),
    type,
    source: { component, ...(host === undefined ? {} : { host }) },
    reportingComponent: component,
    reportingInstance: host ?? '',
    firstTimestamp: now,
    lastTimestamp: now,
    count: 1,
  };
}

const shortened = (message: string): string =>
  message.length > MESSAGE_LIMIT ? `${message.slice(0, MESSAGE_LIMIT - 1)}…` : message;
