// Turns a controller's notes into Events: one object per thing said, counted up when it is said again.

import type { Event } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectView, ObjectWrite } from '../objects/objects.ts';
import { randomUuid } from '../../runtime/index.ts';
import type { Moment, Note } from './controller.ts';
import { stableHash } from './placement.ts';

/** A note repeated sooner than this after the last time is not written again. */
export const REPEAT_AFTER_MS = 5_000;

/** The same thing said about the same object has the same name, so that it is found and counted. */
function eventName(note: Note): string {
  const { name, uid } = note.about.metadata ?? {};
  const said = stableHash(`${uid}\n${note.type}\n${note.reason}\n${note.message}`);
  return `${name}.${said.toString(16).padStart(8, '0')}`;
}

function newEvent(note: Note, name: string, source: string, moment: Moment): Event {
  const { about } = note;
  const at = new Date(moment.nowMs).toISOString();
  const seconds = `${at.slice(0, 19)}Z`;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name,
      namespace: about.metadata?.namespace ?? 'default',
      uid: randomUuid(moment.random),
      creationTimestamp: seconds,
    },
    involvedObject: {
      ...(about.apiVersion === undefined ? {} : { apiVersion: about.apiVersion }),
      ...(about.kind === undefined ? {} : { kind: about.kind }),
      ...(about.metadata?.namespace === undefined ? {} : { namespace: about.metadata.namespace }),
      ...(about.metadata?.name === undefined ? {} : { name: about.metadata.name }),
      ...(about.metadata?.uid === undefined ? {} : { uid: about.metadata.uid }),
    },
    reason: note.reason,
    message: note.message,
    type: note.type,
    count: 1,
    firstTimestamp: seconds,
    lastTimestamp: seconds,
    source: { component: source },
    reportingComponent: source,
    reportingInstance: '',
  };
}

/** The writes that record `notes`; a note that was just written is left out. */
export function noteWrites(
  view: ObjectView,
  notes: readonly Note[],
  source: string,
  moment: Moment,
): readonly ObjectWrite[] {
  const writes = new Map<string, ObjectWrite>();
  for (const note of notes) {
    const name = eventName(note);
    const namespace = note.about.metadata?.namespace ?? 'default';
    const known = view.get('Event', namespace, name);
    if (known === undefined) {
      const object = newEvent(note, name, source, moment);
      writes.set(`${namespace}/${name}`, { type: 'create', kind: 'Event', object });
    } else if (Date.parse(known.lastTimestamp ?? '') + REPEAT_AFTER_MS <= moment.nowMs) {
      const lastTimestamp = `${new Date(moment.nowMs).toISOString().slice(0, 19)}Z`;
      const object: Event = { ...known, count: (known.count ?? 1) + 1, lastTimestamp };
      writes.set(`${namespace}/${name}`, { type: 'update', kind: 'Event', object });
    }
  }
  return [...writes.values()];
}
