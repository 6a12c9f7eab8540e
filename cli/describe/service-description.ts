// A service: its addresses, and the endpoints behind them.

import type { Client } from '../client.ts';
import type { Resources } from '../resources.ts';
import { pathOf } from '../resources.ts';
import type { ApiList, ApiObject } from '../watch.ts';
import { withQuery } from '../watch.ts';
import type { Description, Line } from './outline.ts';
import { mapText, orNone } from './outline.ts';

interface ServicePort {
  readonly name?: string;
  readonly port: number;
  readonly targetPort?: string | number;
  readonly nodePort?: number;
  readonly protocol?: string;
}

interface Slice extends ApiObject {
  readonly endpoints?: readonly {
    readonly addresses?: readonly string[];
    readonly conditions?: { readonly ready?: boolean };
    readonly nodeName?: string;
    readonly targetRef?: { readonly name?: string };
  }[];
  readonly ports?: readonly { readonly port?: number }[] | null;
}

function portText({ name, port, targetPort, nodePort, protocol }: ServicePort): string {
  const label = name === undefined ? '' : `${name} `;
  const node = nodePort === undefined ? '' : `, node port ${nodePort}`;
  return `${label}${port}/${protocol ?? 'TCP'} to ${orNone(targetPort)}${node}`;
}

function endpointLines(slices: readonly Slice[]): readonly string[] {
  return slices.flatMap(({ endpoints, ports }) =>
    (endpoints ?? []).flatMap(({ addresses = [], conditions, nodeName, targetRef }) =>
      addresses.map((address) => {
        const all = (ports ?? []).map(({ port }) => port).join(',');
        const state = conditions?.ready === false ? ', not ready' : '';
        return `${address}:${all} (${orNone(targetRef?.name)} on ${orNone(nodeName)}${state})`;
      }),
    ),
  );
}

/** Without metadata and events. */
export async function serviceDescription(
  client: Client,
  resources: Resources,
  service: ApiObject,
): Promise<Description> {
  const { metadata, spec = {} } = service;
  const path = withQuery(pathOf(resources.named('endpointslices'), metadata?.namespace ?? ''), {
    labelSelector: `kubernetes.io/service-name=${metadata?.name ?? ''}`,
  });
  const { items } = await client.json<ApiList<Slice>>({ path });
  const endpoints = endpointLines(items);
  const facts: readonly Line[] = [
    ['Selector', mapText(spec['selector'] as Readonly<Record<string, string>> | undefined)],
    ['Type', orNone(spec['type'])],
    ['Cluster IP', orNone(spec['clusterIP'])],
    ['Ports', ((spec['ports'] ?? []) as readonly ServicePort[]).map(portText).join('\n')],
    ['Session affinity', orNone(spec['sessionAffinity'])],
    ['Endpoints', endpoints.length === 0 ? '<none>' : endpoints.join('\n')],
  ];
  return { facts, sections: [] };
}
