// The Kubernetes API as a function from requests to answers; sockets are somebody else's.
//
//   request --> who? --> which route? --> may they? --> discovery | Skein's own | one of the kinds --> answer
//                 any stage may throw a StatusError, which becomes the answer

import { asSkeinError, SkeinError } from '../../runtime/index.ts';
import { servedKindAt, servedKinds } from '../objects/served-kinds.ts';
import { createTokenReview } from './accounts/token-review.ts';
import type { AuditEntry } from './audit/audit-log.ts';
import { createAuditLog } from './audit/audit-log.ts';
import { authenticate, isAnonymous } from './authentication.ts';
import { attributesOf } from './authorization/attributes.ts';
import { createAuthorization } from './authorization/authorizer.ts';
import { impersonated } from './authorization/impersonation.ts';
import { mayNot } from './authorization/refusal.ts';
import type { GroupVersion } from './discovery/catalog.ts';
import { buildCatalog } from './discovery/catalog.ts';
import { answerPath } from './discovery/discovery.ts';
import type { AnyDefinition, Exchange } from './exchange.ts';
import { warningHeaders } from './exchange.ts';
import { answerExtra } from './extra-requests.ts';
import { answerKind } from './kind-requests.ts';
import { createFlowControl } from './flow/flow-control.ts';
import { placeOf } from './flow/flow-levels.ts';
import { SKEIN_GROUP, SKEIN_VERSION } from './extra-resources.ts';
import { createPublication } from './openapi/publication.ts';
import type { GatewayOptions } from './options.ts';
import type { ApiRequest, ApiResponse, User } from './request/api-request.ts';
import { refusal } from './request/api-request.ts';
import { isPretty } from './request/parameters.ts';
import type { ResourceRoute, Route } from './request/route.ts';
import { parseRoute } from './request/route.ts';
import { badRequest, fromSkeinError, noSuchPath, StatusError, unauthorized } from './status.ts';
import { REVIEWS, reviewOf } from './reviews/review-table.ts';
import { answerReview } from './reviews/reviews.ts';
import type { PodConnection } from './streams/pod-connection.ts';
import { connectPod } from './streams/pod-connection.ts';
import type { ProxyTarget } from './streams/proxy-target.ts';
import { answerProxy, proxyTarget } from './streams/proxy-target.ts';
import { createWatchCount } from './watch/watch-count.ts';

export type UpgradeOutcome =
  | PodConnection
  | { readonly type: 'proxy'; readonly target: ProxyTarget }
  | { readonly type: 'refused'; readonly response: ApiResponse };

export interface Gateway {
  /** Never rejects: what cannot be answered is answered with a Status. */
  readonly handle: (request: ApiRequest) => Promise<ApiResponse>;
  /** Opens what a request with an Upgrade header asks for: exec, attach or portforward of a pod, or a proxy. Never rejects. */
  readonly upgrade: (request: ApiRequest) => Promise<UpgradeOutcome>;
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

function definitionOf(route: ResourceRoute): AnyDefinition {
  const served = servedKindAt(route.group, route.version, route.plural);
  if (served === undefined) throw noSuchPath();
  return served;
}

/** The request engine of one peer. */
export function createGateway(options: GatewayOptions): Gateway {
  const count = createWatchCount();
  const flow = createFlowControl(options.clock);
  const catalog: readonly GroupVersion[] = buildCatalog(servedKinds, REVIEWS, options.extras);
  const { publicKey } = options.accountTokens;
  const discovery = { ...options, catalog, publicKey };
  const authorization = createAuthorization(options.objects.view);
  const tokens = createTokenReview(options);
  const reviewing = { authorization, reviewToken: tokens };

  const audit = createAuditLog(options.clock, options.log);
  const publication = createPublication({
    catalog,
    version: options.version,
    clock: options.clock,
  });

  const admit = async (
    request: ApiRequest,
    entry: AuditEntry,
  ): Promise<{ readonly user: User; readonly route: Route }> => {
    const route = parseRoute(request.method, request.path, request.query);
    const asked = attributesOf(route, request.method, request.query);
    entry.asked = asked;
    const proven = await authenticate(request, tokens);
    entry.user = proven;
    const user = impersonated(request, proven, authorization.authorize);
    if (user !== proven) Object.assign(entry, { user, impersonator: proven });
    const { allowed, reason } = authorization.authorize(user, asked);
    if (!allowed && isAnonymous(proven)) {
      throw unauthorized(
        'Unauthorized: send a client certificate or a bearer token of this cluster',
      );
    }
    if (!allowed) throw mayNot(user, asked, reason);
    return { user, route };
  };

  const exchangeOf = (request: ApiRequest, route: ResourceRoute, user: User): Exchange => {
    const definition = definitionOf(route);
    return { gateway: options, request, route, definition, user, authorization, warnings: [] };
  };

  /** Open watches and logs hold no seat: only their beginning does. */
  const answer = async (request: ApiRequest, entry: AuditEntry): Promise<ApiResponse> => {
    const { user, route } = await admit(request, entry);
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
    if (route.type === 'resource' && route.proxyPath !== undefined) {
      // Its body goes on as it comes.
      return answerProxy(exchangeOf(arrived, route, user));
    }
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
    const review = reviewOf(route);
    if (review !== undefined) return answerReview(reviewing, review, request, route, user);
    const exchange = exchangeOf(request, route, user);
    return answerKind(exchange, count).catch((error: unknown) => {
      // "Not found" of a peer that is cut off may be old as well: the client must be told.
      if (error instanceof StatusError) return refusal(error.status, warningHeaders(exchange));
      throw error;
    });
  };

  const upgrade = async (request: ApiRequest, entry: AuditEntry): Promise<UpgradeOutcome> => {
    const { user, route } = await admit(request, entry);
    if (route.type !== 'resource' || route.group === SKEIN_GROUP) throw noSuchPath();
    const exchange = exchangeOf(request, route, user);
    if (!exchange.definition.subresources.some((name) => name === route.subresource)) {
      throw badRequest(
        'only exec, attach, portforward and proxy of a pod, and proxy of a service, can be upgraded',
      );
    }
    if (route.proxyPath === undefined) return connectPod(exchange);
    return { type: 'proxy', target: await proxyTarget(exchange) };
  };

  return {
    handle: async (request) => {
      const entry: AuditEntry = {};
      const beganMs = options.clock.monotonicMs();
      const response = await answer(request, entry).catch((error: unknown) =>
        refuse(options, request, error),
      );
      audit.record(entry, response.status, beganMs);
      const { query, headers } = request;
      const isJson = response.type === 'json' || response.type === 'list';
      return isJson && isPretty(query, headers['user-agent'])
        ? { ...response, pretty: true }
        : response;
    },
    upgrade: async (request) => {
      const entry: AuditEntry = {};
      const beganMs = options.clock.monotonicMs();
      const outcome = await upgrade(request, entry).catch((error: unknown): UpgradeOutcome => ({
        type: 'refused',
        response: refuse(options, request, error),
      }));
      audit.record(entry, outcome.type === 'refused' ? outcome.response.status : 101, beganMs);
      return outcome;
    },
    counters: () => ({ watches: count.open(), ...flow.counters() }),
  };
}
