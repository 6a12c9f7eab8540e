// Where a request to pods/NAME/proxy or services/NAME/proxy goes: which pod, which port, whether through TLS.

import type { Pod, Service } from 'kubernetes-types/core/v1.d.ts';
import type { PodTarget } from '../../objects/pod-streams.ts';
import type { Exchange } from '../exchange.ts';
import { readNewest } from '../reads/get.ts';
import type { ApiResponse } from '../request/api-request.ts';
import type { ResourceRoute } from '../request/route.ts';
import { badRequest, methodNotAllowed, noSuchPath, unavailable } from '../status.ts';
import { podTarget } from './pod-log.ts';
import type { PortDialer } from './port-forward.ts';
import { portNumber } from './port-forward.ts';

const SERVICE_LABEL = 'kubernetes.io/service-name';

/** Asked for without a port, of a pod that declares none. */
const HTTP_PORT = 80;

/** Something of the cluster that answers HTTP. */
export interface ProxyTarget {
  readonly dial: () => ReturnType<PortDialer>;
  readonly isSecure: boolean;
  /** As it was sent, without the query: what follows `proxy`. */
  readonly path: string;
  /** What comes before it, for redirects. */
  readonly base: string;
}

/** `[SCHEME:]NAME[:PORT]` of a path. Throws 400. */
export function proxiedName(text: string): {
  readonly name: string;
  readonly port: string;
  readonly isSecure: boolean;
} {
  const parts = text.split(':');
  const [scheme, name, port] =
    parts.length === 3 ? parts : parts.length === 2 ? ['', ...parts] : ['', text, ''];
  const isScheme = scheme === '' || scheme === 'http' || scheme === 'https';
  if (parts.length > 3 || !isScheme || name === undefined || name === '') {
    throw badRequest(
      `invalid proxy request ${JSON.stringify(text)}: [SCHEME:]NAME[:PORT] is needed`,
    );
  }
  return { name, port: port ?? '', isSecure: scheme === 'https' };
}

/** The port of a pod's path, or the first that it declares. Throws 400. */
function podPort(pod: Readonly<Pod>, text: string): number {
  if (text === '') {
    const declared = (pod.spec?.containers ?? []).flatMap(({ ports }) => ports ?? []);
    return declared[0]?.containerPort ?? HTTP_PORT;
  }
  const port = portNumber(text);
  if (port === undefined) throw badRequest(`invalid port ${JSON.stringify(text)} of a pod`);
  return port;
}

/** One of the pods that serve a port of the Service. Throws 503 where there is none. */
function servicePod(
  { gateway }: Exchange,
  service: Readonly<Service>,
  text: string,
): { readonly target: PodTarget; readonly port: number } {
  const name = service.metadata?.name ?? '';
  const number = portNumber(text);
  const ports = service.spec?.ports ?? [];
  const named = number === undefined ? text : ports.find(({ port }) => port === number)?.name;
  if (number !== undefined && !ports.some(({ port }) => port === number)) {
    throw unavailable(`no service port ${number} found for service ${JSON.stringify(name)}`);
  }
  const slices = gateway.objects.view
    .list('EndpointSlice', service.metadata?.namespace ?? '')
    .filter(({ metadata }) => metadata?.labels?.[SERVICE_LABEL] === name);
  const ready = slices.flatMap((slice) => {
    const port = slice.ports?.find((known) => (known.name ?? '') === (named ?? ''))?.port;
    if (port === undefined) return [];
    return slice.endpoints.flatMap(({ conditions, nodeName, targetRef }) =>
      conditions?.ready === false || nodeName === undefined || targetRef?.uid === undefined
        ? []
        : [{ target: { node: nodeName, uid: targetRef.uid }, port }],
    );
  });
  const chosen = ready[gateway.random.integer(Math.max(1, ready.length))];
  if (chosen !== undefined) return chosen;
  throw unavailable(`no endpoints available for service ${JSON.stringify(name)}`);
}

/** Throws a StatusError for what cannot be reached, a node among it. */
export async function proxyTarget(exchange: Exchange): Promise<ProxyTarget> {
  const { gateway, route, definition, request } = exchange;
  const { kind } = definition.names;
  if (kind === 'Node') {
    throw methodNotAllowed(
      "nodes have no API of their own to proxy to: ask for a pod's log, exec, portforward or proxy",
    );
  }
  if (kind !== 'Pod' && kind !== 'Service') throw noSuchPath();
  const { name, port, isSecure } = proxiedName(route.name);
  // Its query belongs to what is proxied to: as of a write, nothing of it is read here.
  const named: ResourceRoute = { ...route, name, verb: 'create' };
  const object = await readNewest({ ...exchange, route: named });
  const found =
    kind === 'Pod'
      ? { target: podTarget(object as Pod), port: podPort(object as Pod, port) }
      : servicePod(exchange, object as Service, port);
  const path = route.proxyPath ?? '';
  return {
    dial: () => gateway.streams.connect(found.target, found.port),
    isSecure,
    path: path === '' ? '/' : path,
    base: request.path.slice(0, request.path.length - path.length),
  };
}

/** Answers a request that upgrades nothing; a path that ends at `proxy` is sent to the one with a slash. */
export async function answerProxy(exchange: Exchange): Promise<ApiResponse> {
  const { request, route } = exchange;
  const target = await proxyTarget(exchange);
  if ((route.proxyPath ?? '') === '' && (request.method === 'GET' || request.method === 'HEAD')) {
    const query = request.query.toString();
    const location = `${request.path}/${query === '' ? '' : `?${query}`}`;
    return { type: 'text', status: 301, headers: { location }, text: '' };
  }
  return { type: 'proxy', status: 200, headers: {}, target };
}
