// GET of a collection: all of it, or page by page at one revision.

import type { KeyValue } from '../../../consensus/index.ts';
import { prefixEnd } from '../../../consensus/index.ts';
import { SkeinError } from '../../../runtime/index.ts';
import { decodeObject, objectText } from '../../objects/object-codec.ts';
import { storePrefix } from '../../objects/object-keys.ts';
import type { Exchange } from '../exchange.ts';
import { presentationOf, warningHeaders } from '../exchange.ts';
import { createPace } from '../pace.ts';
import type { ApiResponse } from '../request/api-request.ts';
import { versionBound, wholeNumber } from '../request/parameters.ts';
import { badRequest, expired } from '../status.ts';
import { parseContinuation, printContinuation } from './continue-token.ts';
import { awaitFreshness } from './revisions.ts';
import type { Selection } from './selection.ts';
import { selectionOf } from './selection.ts';
import { listShape } from './shapes.ts';

/** Objects read from the store in one go. */
const CHUNK = 500;

interface Page {
  readonly texts: readonly KeyValue[];
  readonly revision: number;
  /** Set when there is more: the store key of the last object. */
  readonly last?: string;
  readonly remaining?: number;
}

/** The newest state, from the view. */
async function pageOfView(exchange: Exchange, selection: Selection, limit: number): Promise<Page> {
  const { objects, clock } = exchange.gateway;
  const { view } = objects;
  const revision = view.revision();
  const all = view.texts(exchange.definition.names.kind, exchange.route.namespace);
  if (selection.selectsAll) {
    if (all.length <= limit) return { texts: all, revision };
    const texts = all.slice(0, limit);
    return { texts, revision, last: lastKey(texts), remaining: all.length - limit };
  }
  const pace = createPace(clock);
  const texts: KeyValue[] = [];
  for (const text of all) {
    const rest = pace.rest();
    if (rest !== undefined) await rest;
    if (!selection.matches(view.parsed(text))) continue;
    if (texts.length === limit) return { texts, revision, last: lastKey(texts) };
    texts.push(text);
  }
  return { texts, revision };
}

/** A kept revision, from the store; begins behind the key `after`. */
async function pageOfStore(
  exchange: Exchange,
  selection: Selection,
  limit: number,
  at: { readonly revision: number; readonly after: string },
): Promise<Page> {
  const { store, clock } = exchange.gateway;
  const end = prefixEnd(storePrefix(exchange.definition.names.kind, exchange.route.namespace));
  const pace = createPace(clock);
  const texts: KeyValue[] = [];
  let last = at.after;
  for (;;) {
    // The first key behind `last`.
    const { kvs, more } = store.view.range(`${last}\0`, end, {
      revision: at.revision,
      limit: CHUNK,
    });
    for (const kv of kvs) {
      const isMeant = selection.selectsAll || selection.matches(decodeObject(kv));
      if (isMeant && texts.length === limit) return { texts, revision: at.revision, last };
      if (isMeant) texts.push(kv);
      if (isMeant || texts.length < limit) last = kv.key;
    }
    if (!more || kvs.length === 0) return { texts, revision: at.revision };
    last = lastKey(kvs);
    const rest = pace.rest();
    if (rest !== undefined) await rest;
  }
}

const lastKey = (kvs: readonly KeyValue[]): string => kvs.at(-1)!.key;

const TOO_OLD =
  'the revision that this list showed is no longer kept: start it again without the continue token';

async function keptPage(read: () => Promise<Page>): Promise<Page> {
  try {
    return await read();
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
  const { definition, gateway } = exchange;
  const { texts, revision, last, remaining } = await readPage(exchange, selectionOf(exchange));
  const metadata = {
    resourceVersion: String(revision),
    ...(last === undefined ? {} : { continue: printContinuation({ revision, after: last }) }),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  };
  const { kind } = definition.names;
  const { head, field, item } = listShape(definition, metadata, presentation);
  const isAsStored = presentation.shape === 'object' && definition.form === undefined;
  const textOf = (text: KeyValue): string =>
    isAsStored ? objectText(kind, text) : JSON.stringify(item(gateway.objects.view.parsed(text)));
  return {
    type: 'list',
    status: 200,
    headers: { 'content-type': 'application/json', ...warningHeaders(exchange) },
    head,
    field,
    texts: mapped(texts, textOf),
  };
}

function* mapped<T>(all: readonly T[], textOf: (one: T) => string): Generator<string> {
  for (const one of all) yield textOf(one);
}
