// One request for objects of a kind on its way through the stages.

import type { KubernetesObject } from '../objects/kinds.ts';
import type { ServedKind } from '../objects/served-kinds.ts';
import type { Authorization } from './authorization/authorizer.ts';
import type { GatewayOptions } from './options.ts';
import { shapeOf } from './request/accept.ts';
import type { ApiRequest, ApiResponse, User } from './request/api-request.ts';
import { json } from './request/api-request.ts';
import type { ResourceRoute } from './request/route.ts';
import type { Presentation } from './reads/shapes.ts';
import { includeObject, presentObject } from './reads/shapes.ts';
import { warningHeader } from './reads/revisions.ts';
import type { Named } from './status.ts';

/** A kind of the table, as the place that was asked serves it. */
export type AnyDefinition = ServedKind;

export interface Exchange {
  readonly gateway: GatewayOptions;
  readonly request: ApiRequest;
  readonly route: ResourceRoute;
  readonly definition: AnyDefinition;
  readonly user: User;
  readonly authorization: Authorization;
  /** Words for Warning headers, collected on the way. */
  readonly warnings: string[];
}

/** Warnings told in one answer at most. */
const MAX_WARNINGS = 32;

export const namesOf = ({ definition }: Exchange): Named => definition.names;

/** The shape in which the client wants objects. Throws 406. */
export const presentationOf = ({ request, gateway }: Exchange): Presentation => ({
  shape: shapeOf(request.headers['accept']),
  include: includeObject(request.query),
  nowMs: gateway.clock.wallMs(),
});

/** Headers that tell the warnings. */
export const warningHeaders = ({ warnings }: Exchange): Record<string, readonly string[]> =>
  warnings.length === 0
    ? {}
    : { warning: [...new Set(warnings)].slice(0, MAX_WARNINGS).map(warningHeader) };

/** An answer with the exchange's warnings. */
export const answer = (exchange: Exchange, body: unknown, status = 200): ApiResponse =>
  json(body, status, warningHeaders(exchange));

/** An answer with one object in the shape the client wants. */
export const answerObject = (
  exchange: Exchange,
  object: KubernetesObject,
  status = 200,
): ApiResponse =>
  answer(exchange, presentObject(exchange.definition, object, presentationOf(exchange)), status);
