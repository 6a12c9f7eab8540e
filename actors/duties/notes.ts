// Turns a controller's notes into Events: one object per thing said, counted up when it is said again.

import { randomUuid } from '../../runtime/index.ts';
import { recordEvent } from '../objects/event-recording.ts';
import type { ObjectView, ObjectWrite } from '../objects/objects.ts';
import type { Moment, Note } from './controller.ts';

/** The writes that record `notes`; what repeats too fast is left out. */
export function noteWrites(
  view: ObjectView,
  notes: readonly Note[],
  component: string,
  { nowMs, random }: Moment,
): readonly ObjectWrite[] {
  const writes = new Map<string, ObjectWrite>();
  for (const { kind, about, type, reason, message } of notes) {
    const uid = randomUuid(random);
    const occurrence = { kind, regarding: about, type, reason, message, component, nowMs, uid };
    const write = recordEvent(view, occurrence);
    const { namespace, name } = write?.object.metadata ?? {};
    // Two notes of one plan may share an Event; a transaction writes an object once.
    if (write !== undefined) writes.set(`${namespace}/${name}`, write);
  }
  return [...writes.values()];
}
