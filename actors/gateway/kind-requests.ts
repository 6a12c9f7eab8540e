// What is asked of objects of a kind: which verb of which collection, object or subresource.

import { unreachable } from '../../runtime/index.ts';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import { requestToken } from './accounts/token-request.ts';
import type { Exchange } from './exchange.ts';
import { warningHeaders } from './exchange.ts';
import { get, readNewest } from './reads/get.ts';
import { list } from './reads/list.ts';
import type { ApiResponse } from './request/api-request.ts';
import { badRequest, methodNotAllowed, noSuchPath } from './status.ts';
import { logOptions, podTarget } from './streams/pod-log.ts';
import { streamRefusal } from './streams/pod-connection.ts';
import type { WatchCount } from './watch/watch-count.ts';
import { watch } from './watch/watch.ts';
import { create } from './writes/create.ts';
import { deleteCollection, deleteObject, evict } from './writes/delete.ts';
import { patch } from './writes/patch.ts';
import { getScale, writeScale } from './writes/scale.ts';
import { update } from './writes/update.ts';

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

const isRead = (verb: string): boolean => verb === 'get';
const isWrite = (verb: string): boolean => verb === 'update' || verb === 'patch';

async function answerSubresource(exchange: Exchange): Promise<ApiResponse> {
  const { route, definition } = exchange;
  const { verb, subresource } = route;
  if (!(definition.subresources as readonly string[]).includes(subresource)) throw noSuchPath();
  switch (subresource) {
    case 'status':
    case 'ephemeralcontainers':
    case 'resize':
    case 'approval':
      if (isRead(verb)) return get(exchange);
      if (verb === 'update') return update(exchange, subresource);
      if (verb === 'patch') return patch(exchange, subresource);
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
    case 'token':
      if (verb === 'create') return requestToken(exchange);
      break;
    case 'attach':
    case 'exec':
    case 'portforward':
      throw badRequest(
        'Upgrade request required: ask with "Upgrade: websocket" or "Upgrade: SPDY/3.1"',
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

/** Answers a request for objects of a kind, or for a part of one. Throws what refuses it. */
export async function answerKind(exchange: Exchange, count: WatchCount): Promise<ApiResponse> {
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
