// A request to watch: from where, what first, for how long.

import { apiVersionOf } from '../../objects/kind-table.ts';
import type { KubernetesObject } from '../../objects/kinds.ts';
import { storePrefix } from '../../objects/object-keys.ts';
import type { Exchange } from '../exchange.ts';
import { presentationOf, warningHeaders } from '../exchange.ts';
import { awaitFreshness } from '../reads/revisions.ts';
import { selectionOf } from '../reads/selection.ts';
import { presentObject } from '../reads/shapes.ts';
import type { ApiResponse } from '../request/api-request.ts';
import { flag, versionBound, wholeNumber } from '../request/parameters.ts';
import { StatusError } from '../status.ts';
import type { WatchCount } from './watch-count.ts';
import type { WatchPlan } from './watch-stream.ts';
import { startWatch } from './watch-stream.ts';

/** A watch without timeoutSeconds lives between one and two of these, so that not all come back together. */
const USUAL_LIFE_MS = 30 * 60_000;
const LONGEST_LIFE_MS = 24 * 3_600_000;

function lifeMs({ request, gateway }: Exchange): number {
  const seconds = wholeNumber(request.query, 'timeoutSeconds') ?? 0;
  if (seconds > 0) return Math.min(seconds * 1_000, LONGEST_LIFE_MS);
  return USUAL_LIFE_MS + gateway.random.integer(USUAL_LIFE_MS);
}

function refuseInitialEvents(why: string): StatusError {
  return new StatusError(422, 'Invalid', `sendInitialEvents: Forbidden: ${why}`, {
    causes: [{ reason: 'FieldValueForbidden', message: why, field: 'sendInitialEvents' }],
  });
}

/** Kubernetes' rules for sendInitialEvents. Undefined when it is not given. */
function initialEvents({ request }: Exchange): boolean | undefined {
  const { query } = request;
  const match = query.get('resourceVersionMatch') ?? '';
  if ((query.get('sendInitialEvents') ?? '') === '') {
    if (match === '') return undefined;
    throw refuseInitialEvents(
      'resourceVersionMatch is forbidden for watch without sendInitialEvents',
    );
  }
  const asked = flag(query, 'sendInitialEvents');
  if (match !== 'NotOlderThan') {
    throw refuseInitialEvents('sendInitialEvents requires resourceVersionMatch NotOlderThan');
  }
  return asked;
}

/** Answers a watch: waits until this peer is as fresh as asked, then streams. */
export async function watch(exchange: Exchange, count: WatchCount): Promise<ApiResponse> {
  const { gateway, definition, route, request } = exchange;
  const presentation = presentationOf(exchange);
  const { matches } = selectionOf(exchange);
  const asked = initialEvents(exchange);
  const bound = versionBound(request.query);
  count.check(exchange.user.name);
  const life = lifeMs(exchange);
  const fresh = await awaitFreshness(gateway.store, gateway.clock, bound);
  if (fresh.warning !== undefined) exchange.warnings.push(fresh.warning);

  const { kind, names } = { kind: definition.names.kind, names: definition.names };
  const resumes = bound.revision !== undefined && bound.revision !== 0;
  const sendsInitial = asked ?? !resumes;
  const bookmarks = flag(request.query, 'allowWatchBookmarks');

  const plan = (): WatchPlan => {
    const { view } = gateway.objects;
    const all = sendsInitial
      ? (view.list(kind, route.namespace) as readonly KubernetesObject[])
      : [];
    return {
      prefix: storePrefix(kind, route.namespace),
      after: resumes && !sendsInitial ? bound.revision : view.revision(),
      initial: all.filter(matches),
      marksInitialEnd: asked === true && bookmarks,
      bookmarks,
      lifeMs: life,
      matches,
      present: (object) => presentObject(definition, object, presentation),
      bookmark: (metadata) => ({ kind, apiVersion: apiVersionOf(names), metadata }),
    };
  };
  return {
    type: 'watch',
    status: 200,
    headers: { 'content-type': 'application/json', ...warningHeaders(exchange) },
    start: (sink) => {
      const leave = count.enter(exchange.user.name);
      return startWatch(gateway.store, gateway.clock, plan(), {
        ...sink,
        end: () => {
          leave();
          sink.end();
        },
      });
    },
  };
}
