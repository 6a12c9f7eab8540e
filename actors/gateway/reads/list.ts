// GET of a collection: all of it, or page by page at one revision.

import type { KeyValue } from '../../../consensus/index.ts';
import { prefixEnd } from '../../../consensus/index.ts';
import { SkeinError } from '../../../runtime/index.ts';
import type { KubernetesObject } from '../../objects/kinds.ts';
import { decodeObject } from '../../objects/object-codec.ts';
import { objectKey, storeKey, storePrefix } from '../../objects/object-keys.ts';
import type { Exchange } from '../exchange.ts';
import { answer, presentationOf } from '../exchange.ts';
import type { ApiResponse } from '../request/api-request.ts';
import { versionBound, wholeNumber } from '../request/parameters.ts';
import { badRequest, expired } from '../status.ts';
import { parseContinuation, printContinuation } from './continue-token.ts';
import { awaitFreshness } from './revisions.ts';
import type { Selection } from './selection.ts';
import { selectionOf } from './selection.ts';
import { presentList } from './shapes.ts';

/** Objects read from the store in one go. */
const CHUNK = 500;

interface Page {
  readonly objects: readonly KubernetesObject[];
  readonly revision: number;
  /** Set when there is more: the store key of the last object. */
  readonly last?: string;
  readonly remaining?: number;
}

/** The newest state, from the parsed view. */
function pageOfView(exchange: Exchange, selection: Selection, limit: number): Page {
  const { view } = exchange.gateway.objects;
  const { kind } = exchange.definition.names;
  const revision = view.revision();
  const all = view.list(kind, exchange.route.namespace) as readonly KubernetesObject[];
  const objects: KubernetesObject[] = [];
  for (const [index, object] of all.entries()) {
    if (!selection.matches(object)) continue;
    if (objects.length === limit) {
      const last = storeKey(objectKey(kind, objects.at(-1)!));
      const remaining = selection.selectsAll ? { remaining: all.length - index } : {};
      return { objects, revision, last, ...remaining };
    }
    objects.push(object);
  }
  return { objects, revision };
}

/** A kept revision, from the store; begins behind the key `after`. */
function pageOfStore(
  exchange: Exchange,
  selection: Selection,
  limit: number,
  at: { readonly revision: number; readonly after: string },
): Page {
  const { view } = exchange.gateway.store;
  const end = prefixEnd(storePrefix(exchange.definition.names.kind, exchange.route.namespace));
  const objects: KubernetesObject[] = [];
  let last = at.after;
  for (;;) {
    // The first key behind `last`.
    const { kvs, more } = view.range(`${last}\0`, end, { revision: at.revision, limit: CHUNK });
    for (const kv of kvs) {
      const object = decodeObject(kv) as KubernetesObject;
      if (selection.matches(object)) {
        if (objects.length === limit) return { objects, revision: at.revision, last };
        objects.push(object);
        last = kv.key;
      } else if (objects.length < limit) last = kv.key;
    }
    if (!more || kvs.length === 0) return { objects, revision: at.revision };
    last = lastKey(kvs);
  }
}

const lastKey = (kvs: readonly KeyValue[]): string => kvs.at(-1)!.key;

const TOO_OLD =
  'the revision that this list showed is no longer kept: start it again without the continue token';

function keptPage(read: () => Page): Page {
  try {
    return read();
  } catch (error) {
    if (error instanceof SkeinError && error.code === 'compacted') throw expired(TOO_OLD);
    throw error;
  }
}

async function readPage(exchange: Exchange, selection: Selection): Promise<Page> {
  const { gateway, request, route, definition } = exchange;
  const limit = wholeNumber(request.query, 'limit') || Infinity;
  const token = request.query.get('continue') ?? '';
  const bound = versionBound(request.query);
  const prefix = storePrefix(definition.names.kind, route.namespace);
  if (token !== '') {
    if (bound.revision !== undefined && bound.revision !== 0) {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    const at = parseContinuation(token, prefix);
    await awaitFreshness(gateway.store, gateway.clock, { revision: at.revision, exact: true });
    return keptPage(() => pageOfStore(exchange, selection, limit, at));
  }
  const fresh = await awaitFreshness(gateway.store, gateway.clock, bound);
  if (fresh.warning !== undefined) exchange.warnings.push(fresh.warning);
  if (bound.exact) {
    const at = { revision: bound.revision!, after: prefix };
    return keptPage(() => pageOfStore(exchange, selection, limit, at));
  }
  if (gateway.objects.view.revision() >= fresh.atLeast) {
    return pageOfView(exchange, selection, limit);
  }
  const at = { revision: gateway.store.view.revision(), after: prefix };
  return keptPage(() => pageOfStore(exchange, selection, limit, at));
}

/** Answers a list. */
export async function list(exchange: Exchange): Promise<ApiResponse> {
  const presentation = presentationOf(exchange);
  const { objects, revision, last, remaining } = await readPage(exchange, selectionOf(exchange));
  const metadata = {
    resourceVersion: String(revision),
    ...(last === undefined ? {} : { continue: printContinuation({ revision, after: last }) }),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  };
  return answer(exchange, presentList(exchange.definition, objects, metadata, presentation));
}
