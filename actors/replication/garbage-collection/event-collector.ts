// Forgets Events an hour after they were last seen.

import type { Event } from 'kubernetes-types/core/v1.d.ts';
import type { Controller, Moment, Plan } from '../../duties/controller.ts';
import { EVENT_KEPT_MS, isEventExpired } from '../../objects/event-recording.ts';
import type { ObjectView } from '../../objects/objects.ts';

/** Events of one minute end together: one timer and few transactions, not one for each. */
const BUCKET_MS = 60_000;
const BURST_LIMIT = 100;

function seenMs({ lastTimestamp, eventTime, metadata }: Event): number {
  return Date.parse(lastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? '') || 0;
}

const bucketOf = (event: Event): number => Math.floor(seenMs(event) / BUCKET_MS);

/** A key is the number of a minute since the Unix epoch. */
export function reconcileEvents(view: ObjectView, key: string, moment: Moment): Plan {
  const dueMs = (Number(key) + 1) * BUCKET_MS + EVENT_KEPT_MS;
  if (dueMs > moment.nowMs) return { writes: [], requeueAfterMs: dueMs - moment.nowMs };
  const over = view.list('Event').filter((event) => isEventExpired(event, moment.nowMs));
  return {
    writes: over.slice(0, BURST_LIMIT).map((object) => ({ type: 'delete', kind: 'Event', object })),
    ...(over.length > BURST_LIMIT ? { requeueAfterMs: 0 } : {}),
  };
}

export const eventCollector: Controller = {
  name: 'event-collector',
  kinds: ['Event'],
  keysOf: ({ object }) => (object === undefined ? [] : [String(bucketOf(object as Event))]),
  allKeys: (view) => [...new Set(view.list('Event').map((event) => String(bucketOf(event))))],
  reconcile: reconcileEvents,
};
