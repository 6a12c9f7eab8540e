// GET of one object.

import { decodeObject } from '../../objects/object-codec.ts';
import { storeKey } from '../../objects/object-keys.ts';
import type { KindName, KubernetesObject } from '../../objects/kinds.ts';
import type { Exchange } from '../exchange.ts';
import { answerObject, namesOf } from '../exchange.ts';
import type { ApiResponse } from '../request/api-request.ts';
import { versionBound } from '../request/parameters.ts';
import { notFound } from '../status.ts';
import { awaitFreshness } from './revisions.ts';

/** The object as this peer has it, read from the store where the parsed view is behind. */
export function lookUp(
  { gateway }: Pick<Exchange, 'gateway'>,
  kind: KindName,
  namespace: string,
  name: string,
  atLeast: number,
): KubernetesObject | undefined {
  const { view } = gateway.objects;
  if (view.revision() >= atLeast) return view.get(kind, namespace, name);
  const kv = gateway.store.view.get(storeKey({ kind, namespace, name }));
  return kv && decodeObject(kv);
}

/** The most recent state of the object that is asked for; notes when this peer cannot be sure. Throws 404. */
export async function readNewest(exchange: Exchange): Promise<KubernetesObject> {
  const { gateway, route, definition, request } = exchange;
  const bound =
    route.verb === 'get' ? versionBound(request.query) : { revision: undefined, exact: false };
  const fresh = await awaitFreshness(gateway.store, gateway.clock, bound);
  if (fresh.warning !== undefined) exchange.warnings.push(fresh.warning);
  const { kind } = definition.names;
  const found = lookUp(exchange, kind, route.namespace, route.name, fresh.atLeast);
  if (found === undefined) throw notFound(namesOf(exchange), route.name);
  return found;
}

/** Answers a get. */
export const get = async (exchange: Exchange): Promise<ApiResponse> =>
  answerObject(exchange, await readNewest(exchange));
