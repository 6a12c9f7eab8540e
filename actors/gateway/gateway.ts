// The Kubernetes API as a function from requests to answers; sockets are somebody else's.
//
//   request --> who? --> which route? --> may they? --> discovery | Skein's own | one of the kinds --> answer
//                 any stage may throw a StatusError, which becomes the answer

import { asSkeinError, SkeinError, unreachable } from '../../runtime/index.ts';
import { kindDefinition, kindNames, kindOfResource } from '../objects/kind-table.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { ExecSession } from '../objects/pod-streams.ts';
import { authenticate } from './authentication.ts';
import { authorize } from './authorization.ts';
import type { GroupVersion } from './discovery/catalog.ts';
import { buildCatalog } from './discovery/catalog.ts';
import { answerPath } from './discovery/discovery.ts';
import type { AnyDefinition, Exchange } from './exchange.ts';
import { namesOf, warningHeaders } from './exchange.ts';
import { answerExtra } from './extra-requests.ts';
import { createFlowControl } from './flow/flow-control.ts';
import { placeOf } from './flow/flow-levels.ts';
import { SKEIN_GROUP, SKEIN_VERSION } from './extra-resources.ts';
import { createPublication } from './openapi/publication.ts';
import type { GatewayOptions } from './options.ts';
import { get, readNewest } from './reads/get.ts';
import { list } from './reads/list.ts';
import type { ApiRequest, ApiResponse, User } from './request/api-request.ts';
import { refusal } from './request/api-request.ts';
import { isPretty } from './request/parameters.ts';
import type { ResourceRoute, Route } from './request/route.ts';
import { parseRoute } from './request/route.ts';
import { badRequest, fromSkeinError, methodNotAllowed, noSuchPath, StatusError } from './status.ts';
import type { ExecStreams } from './streams/pod-exec.ts';
import { execOptions } from './streams/pod-exec.ts';
import { logOptions, podTarget } from './streams/pod-log.ts';
import type { WatchCount } from './watch/watch-count.ts';
import { createWatchCount } from './watch/watch-count.ts';
import { watch } from './watch/watch.ts';
import { create } from './writes/create.ts';
import { deleteCollection, deleteObject, evict } from './writes/delete.ts';
import { patch } from './writes/patch.ts';
import { getScale, writeScale } from './writes/scale.ts';
import { update } from './writes/update.ts';

export type ExecOutcome =
  | { readonly type: 'session'; readonly session: ExecSession; readonly streams: ExecStreams }
  | { readonly type: 'refused'; readonly response: ApiResponse };

export interface Gateway {
  /** Never rejects: what cannot be answered is answered with a Status. */
  readonly handle: (request: ApiRequest) => Promise<ApiResponse>;
  /** Starts the command of a pods/exec request; `checkTransport` may refuse by throwing a StatusError first. */
  readonly openExec: (request: ApiRequest, checkTransport: () => void) => Promise<ExecOutcome>;
  /** Open watches; requests being answered (a costly one counts as several) and waiting for their turn. */
  readonly counters: () => {
    readonly watches: number;
    readonly seated: number;
    readonly waiting: number;
  };
}

/** Status code 500 is a bug: it is logged with its cause, the client learns no more than that. */
function refuse(options: GatewayOptions, request: ApiRequest, error: unknown): ApiResponse {
  if (error instanceof StatusError) return refusal(error.status);
  if (error instanceof SkeinError) {
    return refusal(fromSkeinError(error, { group: '', plural: '', kind: '' }, '').status);
  }
  const { message } = asSkeinError(error);
  options.log.error('request failed', {
    method: request.method,
    path: request.path,
    error: message,
    stack: error instanceof Error ? (error.stack ?? '') : '',
  });
  return refusal(
    new StatusError(500, 'InternalError', `Internal error occurred: ${message}`).status,
  );
}

async function answerLog(exchange: Exchange): Promise<ApiResponse> {
  const { gateway, request, route } = exchange;
  const pod = (await readNewest(exchange)) as Pod;
  const options = logOptions(pod, request.query, gateway.clock.wallMs());
  const opened = await gateway.streams.logs(podTarget(pod), options);
  if (!opened.ok) throw streamRefusal(opened.error, exchange, route.name);
  return {
    type: 'stream',
    status: 200,
    headers: { 'content-type': 'text/plain', ...warningHeaders(exchange) },
    stream: opened.value,
  };
}

/** A container that has not run has no log yet: that is the client's to wait for, not a missing pod. */
function streamRefusal(error: SkeinError, exchange: Exchange, name: string): StatusError {
  if (error.code === 'not-found') return badRequest(error.message);
  return fromSkeinError(error, namesOf(exchange), name);
}

const isRead = (verb: string): boolean => verb === 'get';
const isWrite = (verb: string): boolean => verb === 'update' || verb === 'patch';

async function answerSubresource(exchange: Exchange): Promise<ApiResponse> {
  const { route, definition } = exchange;
  const { verb, subresource } = route;
  if (!(definition.subresources as readonly string[]).includes(subresource)) throw noSuchPath();
  switch (subresource) {
    case 'status':
      if (isRead(verb)) return get(exchange);
      if (verb === 'update') return update(exchange, 'status');
      if (verb === 'patch') return patch(exchange, 'status');
      break;
    case 'scale':
      if (isRead(verb)) return getScale(exchange);
      if (isWrite(verb)) return writeScale(exchange);
      break;
    case 'finalize':
      if (verb === 'update') return update(exchange, 'finalize');
      break;
    case 'log':
      if (isRead(verb)) return answerLog(exchange);
      break;
    case 'eviction':
      if (verb === 'create') return evict(exchange);
      break;
    case 'exec':
      throw badRequest(
        'exec needs a WebSocket: ask with "Upgrade: websocket" and v5.channel.k8s.io or v4.channel.k8s.io',
      );
    case 'binding':
      throw methodNotAllowed(
        'pods are bound by the schedulers of the zone, in one transaction with the allocation record ' +
          'of the node: leave spec.nodeName empty and wait',
      );
    default:
      throw methodNotAllowed(`the subresource ${subresource} is not served yet`);
  }
  throw methodNotAllowed();
}

async function answerKind(exchange: Exchange, count: WatchCount): Promise<ApiResponse> {
  const { route, definition } = exchange;
  const { namespaced } = definition.names;
  if (!namespaced && route.namespace !== '') throw noSuchPath();
  if (namespaced && route.name !== '' && route.namespace === '' && route.verb !== 'watch') {
    throw noSuchPath();
  }
  if (route.subresource !== '') return answerSubresource(exchange);
  switch (route.verb) {
    case 'get':
      return get(exchange);
    case 'list':
      return list(exchange);
    case 'watch':
      return watch(exchange, count);
    case 'create':
      if (route.name !== '' || (namespaced && route.namespace === '')) throw methodNotAllowed();
      return create(exchange);
    case 'update':
      if (route.name === '') throw methodNotAllowed();
      return update(exchange, 'object');
    case 'patch':
      if (route.name === '') throw methodNotAllowed();
      return patch(exchange, 'object');
    case 'delete':
      return deleteObject(exchange);
    case 'deletecollection':
      if (namespaced && route.namespace === '') throw methodNotAllowed();
      if (definition.names.kind === 'Namespace') throw methodNotAllowed();
      return deleteCollection(exchange);
    default:
      return unreachable(route.verb);
  }
}

function definitionOf(route: ResourceRoute): AnyDefinition {
  const kind = kindOfResource(route.group, route.version, route.plural);
  if (kind === undefined) throw noSuchPath();
  return kindDefinition(kind);
}

/** The request engine of one peer. */
export function createGateway(options: GatewayOptions): Gateway {
  const count = createWatchCount();
  const flow = createFlowControl(options.clock);
  const definitions = kindNames.map((kind) => kindDefinition(kind));
  const catalog: readonly GroupVersion[] = buildCatalog(definitions, options.extras);
  const discovery = { ...options, catalog };
  const publication = createPublication({
    catalog,
    version: options.version,
    clock: options.clock,
  });

  const admit = async (
    request: ApiRequest,
  ): Promise<{ readonly user: User; readonly route: Route }> => {
    const route = parseRoute(request.method, request.path, request.query);
    const user = await authenticate(request, options.reviewToken);
    authorize(user, route);
    return { user, route };
  };

  /** Open watches and logs hold no seat: only their beginning does. */
  const answer = async (request: ApiRequest): Promise<ApiResponse> => {
    const { user, route } = await admit(request);
    const place = placeOf(user, route, request.query.get('limit') ?? '');
    if (place === undefined) return answerAdmitted(request, user, route);
    const leave = await flow.enter(place);
    return answerAdmitted(request, user, route).finally(leave);
  };

  const answerAdmitted = async (
    arrived: ApiRequest,
    user: User,
    route: Route,
  ): Promise<ApiResponse> => {
    const { readBody } = arrived;
    const request = readBody === undefined ? arrived : { ...arrived, body: await readBody() };
    if (route.type === 'path') {
      return /^\/openapi(\/|$)/.test(route.path)
        ? publication.answer(request, route.path)
        : answerPath(discovery, request, route.path);
    }
    if (route.group === SKEIN_GROUP && route.version === SKEIN_VERSION) {
      return answerExtra(options, request, route, user);
    }
    const definition = definitionOf(route);
    const exchange = { gateway: options, request, route, definition, user, warnings: [] };
    return answerKind(exchange, count).catch((error: unknown) => {
      // "Not found" of a peer that is cut off may be old as well: the client must be told.
      if (error instanceof StatusError) return refusal(error.status, warningHeaders(exchange));
      throw error;
    });
  };

  const startExec = async (
    request: ApiRequest,
    checkTransport: () => void,
  ): Promise<ExecOutcome> => {
    const { user, route } = await admit(request);
    const isExec = route.type === 'resource' && route.subresource === 'exec' && route.name !== '';
    if (!isExec) throw badRequest('only pods/exec can be upgraded');
    const definition = definitionOf(route);
    if (!definition.subresources.includes('exec')) throw noSuchPath();
    checkTransport();
    const exchange = { gateway: options, request, route, definition, user, warnings: [] };
    const pod = (await readNewest(exchange)) as Pod;
    const { options: asked, streams } = execOptions(pod, request.query);
    const opened = await options.streams.exec(podTarget(pod), asked);
    if (!opened.ok) throw streamRefusal(opened.error, exchange, route.name);
    return { type: 'session', session: opened.value, streams };
  };

  return {
    handle: async (request) => {
      const response = await answer(request).catch((error: unknown) =>
        refuse(options, request, error),
      );
      const { query, headers } = request;
      const isJson = response.type === 'json' || response.type === 'list';
      return isJson && isPretty(query, headers['user-agent'])
        ? { ...response, pretty: true }
        : response;
    },
    openExec: (request, checkTransport) =>
      startExec(request, checkTransport).catch((error: unknown) => ({
        type: 'refused',
        response: refuse(options, request, error),
      })),
    counters: () => ({ watches: count.open(), ...flow.counters() }),
  };
}
