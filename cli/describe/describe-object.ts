// Describes an object of any kind: its metadata, what its kind has to tell, and its events.

import type { Client } from '../client.ts';
import { formatValue } from '../output/object-output.ts';
import type { Resource, Resources } from '../resources.ts';
import { pathOf } from '../resources.ts';
import type { ApiList, ApiObject } from '../watch.ts';
import { withQuery } from '../watch.ts';
import { nodeDescription } from './node-description.ts';
import type { Description, Line } from './outline.ts';
import { ageText, formatOutline, formatSection, mapText, orNone } from './outline.ts';
import { podDescription } from './pod-description.ts';
import { serviceDescription } from './service-description.ts';
import { workloadDescription } from './workload-description.ts';

interface EventObject extends ApiObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly lastTimestamp?: string;
  readonly eventTime?: string;
  readonly source?: { readonly component?: string };
  readonly reportingComponent?: string;
}

/** Events shown; the newest are kept. */
const MAX_EVENTS = 50;
/** What apply remembers is for apply. */
const HIDDEN_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

function metadataLines({ metadata }: ApiObject): readonly Line[] {
  const { [HIDDEN_ANNOTATION]: _, ...annotations } = metadata?.annotations ?? {};
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller === true);
  return [
    ['Name', orNone(metadata?.name)],
    ...(metadata?.namespace === undefined ? [] : [['Namespace', metadata.namespace] as const]),
    ['Labels', mapText(metadata?.labels)],
    ['Annotations', mapText(annotations)],
    ['Created', orNone(metadata?.creationTimestamp)],
    ...(metadata?.deletionTimestamp === undefined
      ? []
      : [['Ends by', metadata.deletionTimestamp] as const]),
    ...(owner === undefined ? [] : [['Controlled by', `${owner.kind}/${owner.name}`] as const]),
  ];
}

const timeOf = ({ lastTimestamp, eventTime, metadata }: EventObject): string =>
  lastTimestamp ?? eventTime ?? metadata?.creationTimestamp ?? '';

async function eventsText(
  client: Client,
  resources: Resources,
  { metadata, kind }: ApiObject,
): Promise<string> {
  const uid = metadata?.uid;
  const fieldSelector = `involvedObject.kind=${kind ?? ''},involvedObject.uid=${uid ?? ''}`;
  const path = withQuery(pathOf(resources.named('events'), metadata?.namespace ?? ''), {
    fieldSelector,
  });
  const { items } = await client.json<ApiList<EventObject>>({ path });
  if (items.length === 0) return 'Events:  <none>\n';
  const now = Date.now();
  const newest = [...items].sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1)).slice(-MAX_EVENTS);
  return formatSection('Events', [
    ['TYPE', 'REASON', 'AGE', 'FROM', 'MESSAGE'],
    ...newest.map((event) => [
      orNone(event.type),
      orNone(event.reason),
      ageText(timeOf(event), now) + ((event.count ?? 1) > 1 ? ` (x${event.count})` : ''),
      orNone(event.source?.component || event.reportingComponent),
      orNone(event.message).trim(),
    ]),
  ]);
}

/** Of a kind without a description of its own: everything below metadata. */
function anyText(object: ApiObject): string {
  const { apiVersion: _, kind: __, metadata: ___, ...rest } = object;
  return Object.keys(rest).length === 0 ? '' : formatValue(rest, 'yaml');
}

async function describeKind(
  client: Client,
  resources: Resources,
  object: ApiObject,
): Promise<Description> {
  switch (object.kind) {
    case 'Pod':
      return podDescription(object);
    case 'Deployment':
    case 'ReplicaSet':
      return workloadDescription(object);
    case 'Service':
      return serviceDescription(client, resources, object);
    case 'Node':
      return nodeDescription(client, resources, object);
    default:
      return { facts: [], sections: [anyText(object)] };
  }
}

/** The whole description. */
export async function describeObject(
  client: Client,
  resources: Resources,
  resource: Resource,
  read: ApiObject,
): Promise<string> {
  const object: ApiObject = { ...read, kind: resource.kind };
  const { facts, sections } = await describeKind(client, resources, object);
  const events = resource.kind === 'Event' ? '' : await eventsText(client, resources, object);
  return [formatOutline([...metadataLines(object), ...facts]), ...sections, events]
    .filter((text) => text !== '')
    .join('\n');
}
