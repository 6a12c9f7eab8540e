// Event: something that happened to an object, for people to read.

import type { Event, ObjectReference } from 'kubernetes-types/core/v1.d.ts';
import type { KindDefinition } from '../kind-definition.ts';
import { subdomainProblems } from '../name-rules.ts';
import { ageSince, column, wideColumn } from './columns.ts';
import { eventForm } from './core/event-form.ts';
import { validateEvent } from './event-validation.ts';

export const eventKind: KindDefinition<'Event'> = {
  names: {
    kind: 'Event',
    group: '',
    version: 'v1',
    plural: 'events',
    singular: 'event',
    shortNames: ['ev'],
    categories: [],
    namespaced: true,
  },
  schema: 'core.v1.Event',
  subresources: [],
  columns: [
    column('Last Seen', 'Time since it happened last.', (event, nowMs) =>
      ageSince(lastSeen(event), nowMs),
    ),
    column('Type', 'Normal or Warning.', ({ type }) => type ?? ''),
    column('Reason', 'What happened, in one word.', ({ reason }) => reason ?? ''),
    column(
      'Object',
      'What it happened to.',
      (event) => `${(aboutOf(event).kind ?? '').toLowerCase()}/${aboutOf(event).name ?? ''}`,
    ),
    wideColumn('Subobject', 'The part it happened to.', (event) => aboutOf(event).fieldPath ?? ''),
    wideColumn('Source', 'Who saw it.', sourceText),
    column('Message', 'What happened, in words.', ({ message }) => (message ?? '').trim()),
    wideColumn('First Seen', 'Time since it happened first.', (event, nowMs) =>
      ageSince(event.firstTimestamp ?? event.eventTime, nowMs),
    ),
    wideColumn(
      'Count',
      'How often.',
      ({ count, series }) => series?.count ?? count ?? 1,
      'integer',
    ),
    wideColumn('Name', 'Unique within its namespace.', ({ metadata }) => metadata.name ?? ''),
  ],
  otherForms: [eventForm],
  selectableFields: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? '',
    source: ({ source, reportingComponent }) => source?.component ?? reportingComponent ?? '',
    type: ({ type }) => type ?? '',
  },
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: () => undefined,
    validate: validateEvent,
    validateUpdate: () => [],
    hasStatus: false,
    countsGenerations: false,
  },
};

/** A bookmark in a watched table is an event about nothing. */
const aboutOf = ({ involvedObject }: Readonly<Partial<Event>>): ObjectReference =>
  involvedObject ?? {};

const lastSeen = ({ series, lastTimestamp, firstTimestamp, eventTime }: Readonly<Event>) =>
  series?.lastObservedTime ?? lastTimestamp ?? firstTimestamp ?? eventTime;

function sourceText({ source, reportingComponent, reportingInstance }: Readonly<Event>): string {
  const component = source?.component ?? reportingComponent ?? '';
  const host = source?.host ?? reportingInstance ?? '';
  return host === '' ? component : `${component}, ${host}`;
}
