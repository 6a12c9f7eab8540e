// DELETE of one object or of all that a selector finds, and eviction.

import type { KubernetesObject } from '../../objects/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { answer, answerObject, namesOf, presentationOf } from '../exchange.ts';
import type { ApiResponse } from '../request/api-request.ts';
import { decodeObject, isObject } from '../request/body.ts';
import { presentList } from '../reads/shapes.ts';
import { selectionOf } from '../reads/selection.ts';
import { badRequest, conflict, forbidden, StatusError, success } from '../status.ts';
import type { Changed, Decide } from './change.ts';
import { change } from './change.ts';
import { catchUp } from './commit.ts';
import type { DeleteOptions } from './deletion.ts';
import { markDeleted } from './deletion.ts';
import { deleteOptionsOf, parseDeleteOptions } from './delete-options.ts';

/** Deletes of one deletecollection that are under way at once. */
const CONCURRENT_DELETES = 16;

/** Namespaces that a zone cannot be without. */
const PROTECTED_NAMESPACES: ReadonlySet<string> = new Set(['default', 'kube-system']);

function checkPreconditions(
  exchange: Exchange,
  object: KubernetesObject,
  options: DeleteOptions,
): void {
  const { metadata } = object;
  const name = metadata?.name ?? '';
  if (options.uid !== undefined && options.uid !== metadata?.uid) {
    throw conflict(
      namesOf(exchange),
      name,
      `the UID in the precondition (${options.uid}) does not match the UID in record (${metadata?.uid}). ` +
        'The object might have been deleted and then recreated',
    );
  }
  const wanted = options.resourceVersion;
  if (wanted !== undefined && wanted !== metadata?.resourceVersion) {
    throw conflict(
      namesOf(exchange),
      name,
      `the ResourceVersion in the precondition (${wanted}) does not match the ResourceVersion in record ` +
        `(${metadata?.resourceVersion}). The object might have been modified`,
    );
  }
}

/** Deletes the object that the exchange names. */
async function remove(exchange: Exchange, options: DeleteOptions): Promise<Changed> {
  const { gateway, definition, route } = exchange;
  const { kind } = definition.names;
  if (kind === 'Namespace' && PROTECTED_NAMESPACES.has(route.name)) {
    throw forbidden(namesOf(exchange), route.name, 'this namespace may not be deleted');
  }
  const decide: Decide = (old) => {
    checkPreconditions(exchange, old, options);
    return markDeleted(kind, old, options, gateway.clock.wallMs());
  };
  const retries = options.resourceVersion === undefined;
  return change(exchange, decide, { retries, dryRun: options.dryRun });
}

/** Answers a delete: the object while it is kept (and for pods), else that it is done. */
export async function deleteObject(exchange: Exchange): Promise<ApiResponse> {
  const { object, removed } = await remove(exchange, parseDeleteOptions(exchange.request));
  const { kind } = exchange.definition.names;
  if (!removed || kind === 'Pod' || kind === 'Service') return answerObject(exchange, object);
  const { name = '', uid } = object.metadata ?? {};
  return answer(exchange, success(namesOf(exchange), name, uid));
}

/** Answers a deletecollection with what was deleted. */
export async function deleteCollection(exchange: Exchange): Promise<ApiResponse> {
  const { gateway, definition, route, request } = exchange;
  const options = parseDeleteOptions(request);
  const presentation = presentationOf(exchange);
  const { matches } = selectionOf(exchange);
  await catchUp(exchange);
  const { kind } = definition.names;
  const all = gateway.objects.view.list(kind, route.namespace) as readonly KubernetesObject[];
  const waiting = all.filter(matches);
  const deleted: KubernetesObject[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { name = '', namespace = '', uid = '' } = next.metadata ?? {};
      const one = { ...exchange, route: { ...route, name, namespace } };
      const gone = await removeIfThere(one, { ...options, uid });
      if (gone !== undefined) deleted.push(gone);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_DELETES }, work));
  const metadata = { resourceVersion: String(gateway.objects.view.revision()) };
  return answer(exchange, presentList(definition, deleted, metadata, presentation));
}

/** Undefined when somebody else deleted it first. */
async function removeIfThere(
  exchange: Exchange,
  options: DeleteOptions,
): Promise<KubernetesObject | undefined> {
  try {
    return (await remove(exchange, options)).object;
  } catch (error) {
    const isGone = error instanceof StatusError && [404, 409].includes(error.status.code);
    if (isGone) return undefined;
    throw error;
  }
}

/** Answers pods/eviction: for now a delete with the eviction's options. */
export async function evict(exchange: Exchange): Promise<ApiResponse> {
  const { request, route } = exchange;
  const body = decodeObject(request.body, request.headers['content-type']);
  if (body['kind'] !== undefined && body['kind'] !== 'Eviction') {
    throw badRequest(
      `the body of an eviction must be an Eviction, not ${JSON.stringify(body['kind'])}`,
    );
  }
  const metadata = body['metadata'];
  const name = isObject(metadata) ? metadata['name'] : undefined;
  if (name !== undefined && name !== route.name) {
    throw badRequest(
      `the name in the URL (${route.name}) does not match the Eviction's (${JSON.stringify(name)})`,
    );
  }
  const given = body['deleteOptions'] ?? {};
  if (!isObject(given)) throw badRequest('deleteOptions must be an object');
  await remove(exchange, deleteOptionsOf(request.query, given));
  return answer(
    exchange,
    { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
    201,
  );
}
