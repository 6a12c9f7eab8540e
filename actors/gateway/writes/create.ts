// POST of a new object.

import type { Service } from 'kubernetes-types/core/v1.d.ts';
import { storeKey } from '../../objects/object-keys.ts';
import type { KindName, KubernetesObject, ObjectTypes } from '../../objects/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { answerObject, namesOf } from '../exchange.ts';
import { lookUp } from '../reads/get.ts';
import type { ApiResponse } from '../request/api-request.ts';
import type { JsonObject } from '../request/body.ts';
import { decodeObject, isObject } from '../request/body.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  forbidden,
  generatedNameTaken,
  notFound,
  StatusError,
} from '../status.ts';
import { at, dryRunOf } from './change.ts';
import type { Also } from './commit.ts';
import { catchUp, commit, MAX_ATTEMPTS, NOTHING_ELSE } from './commit.ts';
import { tracked } from './managed-fields.ts';
import { checkDuplicateFields, prepareNew } from './preparation.ts';
import { addressChanges } from './service-writes.ts';
import { checkWriteOptions } from './writer.ts';

const NAMESPACES = { group: '', plural: 'namespaces', kind: 'Namespace' } as const;

/** The body's metadata with the namespace of the path; 400 when they disagree. */
function placed(exchange: Exchange, body: JsonObject): JsonObject {
  const { route, definition } = exchange;
  const metadata = body['metadata'] ?? {};
  if (!isObject(metadata)) throw badRequest('metadata must be an object');
  if (!definition.names.namespaced) return { ...body, metadata };
  const given = metadata['namespace'] ?? '';
  if (given !== '' && given !== route.namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
  return { ...body, metadata: { ...metadata, namespace: route.namespace } };
}

/** The namespace must be there, and stay as it is until the object is. Throws 404, or 403 while it ends. */
function inNamespace(exchange: Exchange, caughtUp: number | undefined): Also | undefined {
  const { route, definition } = exchange;
  if (!definition.names.namespaced) return NOTHING_ELSE;
  const namespace = lookUp(exchange, 'Namespace', '', route.namespace, caughtUp ?? 0);
  if (namespace === undefined) {
    if (caughtUp === undefined) return undefined;
    throw notFound(NAMESPACES, route.namespace);
  }
  if (namespace.metadata?.deletionTimestamp !== undefined) {
    const why =
      `unable to create new content in namespace ${route.namespace} ` +
      'because it is being terminated';
    throw forbidden(namesOf(exchange), '', why);
  }
  const key = storeKey({ kind: 'Namespace', namespace: '', name: route.namespace });
  const to = Number(namespace.metadata?.resourceVersion);
  return { compare: [{ target: 'mod', key, is: '=', to }], success: [] };
}

/** Makes the object that is to be there, anew for each try. May throw a StatusError. */
export type Make = () => KubernetesObject;

/** One try. Undefined when it was decided from an old state. */
async function tryCreate(
  exchange: Exchange,
  make: Make,
  caughtUp: number | undefined,
): Promise<KubernetesObject | undefined> {
  const { kind } = exchange.definition.names;
  const there = inNamespace(exchange, caughtUp);
  if (there === undefined) return undefined;
  const prepared = make();
  const { object, also } =
    kind === 'Service'
      ? addressChanges(exchange, prepared as Service, undefined)
      : { object: prepared, also: NOTHING_ELSE };
  if (dryRunOf(exchange)) {
    const { namespace = '', name = '' } = object.metadata ?? {};
    const atLeast = caughtUp ?? (await catchUp(exchange));
    const taken = lookUp(exchange, kind, namespace, name, atLeast);
    if (taken !== undefined) throw alreadyExists(namesOf(exchange), name);
    return object;
  }
  const write = { type: 'create', kind, object: object as ObjectTypes[KindName] } as const;
  const revision = await commit(exchange, [write], {
    compare: [...there.compare, ...also.compare],
    success: [...there.success, ...also.success],
  });
  return revision === undefined ? undefined : at(object, revision);
}

const isForbidden = (error: unknown): boolean =>
  error instanceof StatusError && error.status.code === 403;

/** Creates what `make` makes. Throws 404 or 403 for its namespace, 409 when it is there, 503, and what `make` throws. */
export async function createObject(
  exchange: Exchange,
  make: Make,
  mayRename: boolean,
): Promise<KubernetesObject> {
  let caughtUp: number | undefined;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    try {
      const created = await tryCreate(exchange, make, caughtUp);
      if (created !== undefined) return created;
    } catch (error) {
      // Which roles there are may be old knowledge too.
      if (caughtUp === undefined && isForbidden(error)) {
        caughtUp = await catchUp(exchange);
        continue;
      }
      const isTaken = error instanceof StatusError && error.status.reason === 'AlreadyExists';
      if (!isTaken || !mayRename) throw error;
      if (attempt === MAX_ATTEMPTS - 1) throw generatedNameTaken(namesOf(exchange), error.status);
    }
    caughtUp = await catchUp(exchange);
  }
  throw conflict(namesOf(exchange), exchange.route.name);
}

/** Answers a create. */
export async function create(exchange: Exchange): Promise<ApiResponse> {
  const { request } = exchange;
  checkWriteOptions(exchange, false);
  const body = placed(exchange, decodeObject(request.body, request.headers['content-type']));
  checkDuplicateFields(exchange);
  const metadata = body['metadata'] as JsonObject;
  if ((metadata['resourceVersion'] ?? '') !== '') {
    throw badRequest('resourceVersion should not be set on objects to be created');
  }
  const isGenerated = (metadata['name'] ?? '') === '';
  const make: Make = () => tracked(exchange, prepareNew(exchange, body), undefined, '');
  return answerObject(exchange, await createObject(exchange, make, isGenerated), 201);
}
