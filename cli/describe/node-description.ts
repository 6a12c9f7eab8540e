// A node: what it can give, what it gives, and to which pods.

import type { Client } from '../client.ts';
import type { Resources } from '../resources.ts';
import { pathOf } from '../resources.ts';
import type { ApiList, ApiObject } from '../watch.ts';
import { withQuery } from '../watch.ts';
import { conditionsText } from './conditions.ts';
import type { Description, Line } from './outline.ts';
import { formatSection, mapText, orNone } from './outline.ts';

interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

const taintText = ({ key, value, effect }: Taint): string =>
  `${key}${value === undefined || value === '' ? '' : `=${value}`}:${effect}`;

interface Requesting {
  readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
}

const requestsOf = (pod: ApiObject, resource: string): string => {
  const containers = (pod.spec?.['containers'] ?? []) as readonly Requesting[];
  const requests = containers.flatMap(({ resources }) => resources?.requests?.[resource] ?? []);
  return requests.length === 0 ? '0' : requests.join('+');
};

/** Without metadata and events. */
export async function nodeDescription(
  client: Client,
  resources: Resources,
  node: ApiObject,
): Promise<Description> {
  const { metadata, spec = {}, status = {} } = node;
  const fieldSelector = `spec.nodeName=${metadata?.name ?? ''}`;
  const path = withQuery(pathOf(resources.named('pods'), ''), { fieldSelector });
  const { items } = await client.json<ApiList>({ path });
  const taints = ((spec['taints'] ?? []) as readonly Taint[]).map(taintText);
  const addresses = (status['addresses'] ?? []) as readonly { type: string; address: string }[];
  const map = (field: string): string =>
    mapText(status[field] as Readonly<Record<string, string>> | undefined);
  const facts: readonly Line[] = [
    ['Taints', taints.length === 0 ? '<none>' : taints.join('\n')],
    ['Unschedulable', String(spec['unschedulable'] === true)],
    [
      'Addresses',
      addresses.map(({ type, address }) => `${type} ${address}`).join('\n') || '<none>',
    ],
    ['Capacity', map('capacity')],
    ['Allocatable', map('allocatable')],
    ['System', map('nodeInfo')],
  ];
  const rows = items.map((pod) => [
    orNone(pod.metadata?.namespace),
    orNone(pod.metadata?.name),
    orNone(pod.status?.['phase']),
    requestsOf(pod, 'cpu'),
    requestsOf(pod, 'memory'),
  ]);
  const header = ['NAMESPACE', 'NAME', 'STATUS', 'CPU REQUESTS', 'MEMORY REQUESTS'];
  const pods = formatSection(`Pods (${items.length})`, rows.length === 0 ? [] : [header, ...rows]);
  return { facts, sections: [conditionsText(node), pods] };
}
