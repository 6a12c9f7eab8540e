// PUT of an object, of its status, or of a namespace's finalizers.

import type { KubernetesObject } from '../../objects/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { answerObject, namesOf } from '../exchange.ts';
import type { ApiResponse } from '../request/api-request.ts';
import type { JsonObject } from '../request/body.ts';
import { decodeObject, isObject } from '../request/body.ts';
import { badRequest, conflict } from '../status.ts';
import { change } from './change.ts';
import { tracked } from './managed-fields.ts';
import type { Part } from './preparation.ts';
import { checkDuplicateFields, prepareChanged, writtenOf } from './preparation.ts';
import { checkWriteOptions } from './writer.ts';

/** Refuses a state that was made from another one than `old`. Throws 409. */
export function checkDecidedFrom(
  exchange: Exchange,
  next: JsonObject,
  old: KubernetesObject,
): void {
  const metadata = next['metadata'];
  if (!isObject(metadata)) return;
  const { resourceVersion, uid } = metadata;
  const { name } = exchange.route;
  if ((uid ?? '') !== '' && uid !== old.metadata?.uid) {
    throw conflict(
      namesOf(exchange),
      name,
      `Precondition failed: UID in precondition: ${JSON.stringify(uid)}, UID in object meta: ${old.metadata?.uid}`,
    );
  }
  if ((resourceVersion ?? '') !== '' && resourceVersion !== old.metadata?.resourceVersion) {
    throw conflict(namesOf(exchange), name);
  }
}

/** Refuses a body that names another object than the path. Throws 400. */
export function checkNames({ route, definition }: Exchange, body: JsonObject): void {
  const metadata = body['metadata'] ?? {};
  if (!isObject(metadata)) throw badRequest('metadata must be an object');
  const name = metadata['name'] ?? '';
  if (name !== '' && name !== route.name) {
    throw badRequest(
      `the name of the object (${JSON.stringify(name)}) does not match the name on the URL (${route.name})`,
    );
  }
  const namespace = metadata['namespace'] ?? '';
  if (definition.names.namespaced && namespace !== '' && namespace !== route.namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
}

/** The body with the path's names, which it may leave out. */
export function withNames({ route, definition }: Exchange, body: JsonObject): JsonObject {
  const metadata = (body['metadata'] ?? {}) as JsonObject;
  const namespace = definition.names.namespaced ? { namespace: route.namespace } : {};
  return { ...body, metadata: { ...metadata, name: route.name, ...namespace } };
}

/** Answers an update. Without a resourceVersion it replaces whatever is there. */
export async function update(exchange: Exchange, part: Part): Promise<ApiResponse> {
  const { request } = exchange;
  checkWriteOptions(exchange, false);
  const body = decodeObject(request.body, request.headers['content-type']);
  checkDuplicateFields(exchange);
  checkNames(exchange, body);
  const named = withNames(exchange, body);
  const isConditional = ((named['metadata'] as JsonObject)['resourceVersion'] ?? '') !== '';
  const { object } = await change(
    exchange,
    (old) => {
      checkDecidedFrom(exchange, named, old);
      const next = prepareChanged(exchange, named, old, part);
      return part === 'finalize' ? next : tracked(exchange, next, old, writtenOf(part));
    },
    { retries: !isConditional },
  );
  return answerObject(exchange, object);
}
