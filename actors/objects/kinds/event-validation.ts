// What is wrong with an Event.

import type { Event } from 'kubernetes-types/core/v1.d.ts';
import { invalid } from '../field-errors.ts';
import type { FieldError } from '../field-errors.ts';

/** The namespace of events about objects that have none. */
const CLUSTER_NAMESPACE = 'default';

export function validateEvent(event: Readonly<Event>): readonly FieldError[] {
  const { metadata, involvedObject } = event;
  const about = involvedObject?.namespace ?? '';
  const expected = about === '' ? [CLUSTER_NAMESPACE, 'kube-system'] : [about];
  if (metadata?.namespace === undefined || expected.includes(metadata.namespace)) return [];
  return [invalid('involvedObject.namespace', about, 'does not match event.namespace')];
}
