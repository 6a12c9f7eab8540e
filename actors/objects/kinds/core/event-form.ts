// Events as events.k8s.io/v1 has them: the same, with other names for some fields and stricter on new ones.

import type { Event } from 'kubernetes-types/core/v1.d.ts';
import { invalid, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { invalidBecause } from '../../field-rules.ts';
import type { OtherForm } from '../../kind-definition.ts';
import { qualifiedNameProblems } from '../../name-rules.ts';

type Errors = readonly FieldError[];

/** [here, as stored]. */
const NAMES: readonly (readonly [string, string])[] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
];

const toStoredName = new Map(NAMES);
const fromStoredName = new Map(NAMES.map(([here, stored]) => [stored, here] as const));

const renamed = (object: object, names: ReadonlyMap<string, string>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value as unknown]),
  );

export const eventForm: OtherForm<'Event'> = {
  group: 'events.k8s.io',
  version: 'v1',
  schema: 'events.v1.Event',
  toStored: (object) => ({
    involvedObject: {},
    metadata: {},
    ...renamed(object, toStoredName),
  }),
  fromStored: (event) => renamed(event, fromStoredName),
  validateCreate: validateNewEvent,
  selectableFields: {
    'regarding.kind': ({ involvedObject }) => involvedObject.kind ?? '',
    'regarding.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
    'regarding.name': ({ involvedObject }) => involvedObject.name ?? '',
    'regarding.uid': ({ involvedObject }) => involvedObject.uid ?? '',
    'regarding.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
    'regarding.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
    'regarding.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingController: ({ reportingComponent }) => reportingComponent ?? '',
    type: ({ type }) => type ?? '',
  },
};

const TEXT_LIMIT = 128;
const NOTE_LIMIT_BYTES = 1024;

function validateNewEvent(event: Readonly<Event>): Errors {
  const { eventTime, type, reportingComponent = '', message = '', series } = event;
  const errors: FieldError[] = [];
  if (eventTime === undefined) errors.push(required('eventTime'));
  if (reportingComponent === '') errors.push(required('reportingController'));
  else {
    const problems = qualifiedNameProblems(reportingComponent);
    errors.push(...invalidBecause('reportingController', reportingComponent, problems));
  }
  for (const field of ['reportingInstance', 'action', 'reason'] as const) {
    errors.push(...validateText(field, event[field] ?? ''));
  }
  if (Buffer.byteLength(message) > NOTE_LIMIT_BYTES) {
    errors.push(invalid('message', '', `can have at most ${NOTE_LIMIT_BYTES} bytes`));
  }
  if (type !== 'Normal' && type !== 'Warning') {
    errors.push(invalid('type', '', `has invalid value: ${type ?? ''}`));
  }
  for (const field of ['firstTimestamp', 'lastTimestamp', 'count', 'source'] as const) {
    if (event[field] !== undefined) errors.push(invalid(field, '', 'needs to be unset'));
  }
  if (series !== undefined && (series.count ?? 0) < 2) {
    errors.push(invalid('series.count', '', 'should be at least 2'));
  }
  return errors;
}

function validateText(field: string, text: string): Errors {
  if (text === '') return [required(field)];
  if (text.length <= TEXT_LIMIT) return [];
  return [invalid(field, '', `can have at most ${TEXT_LIMIT} characters`)];
}
