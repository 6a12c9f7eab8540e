// Requests for resources of Skein's own group, handed to whoever answers them.

import type { GatewayOptions } from './options.ts';
import type { ExtraColumn, ExtraResource, ExtraVerb } from './extra-resources.ts';
import { SKEIN_GROUP } from './extra-resources.ts';
import { shapeOf } from './request/accept.ts';
import type { ApiRequest, ApiResponse, User } from './request/api-request.ts';
import { json } from './request/api-request.ts';
import type { JsonObject } from './request/body.ts';
import { decodeObject, isObject } from './request/body.ts';
import type { ResourceRoute } from './request/route.ts';
import { fromSkeinError, methodNotAllowed, noSuchPath } from './status.ts';

const isExtraVerb = (verb: string, verbs: readonly ExtraVerb[]): verb is ExtraVerb =>
  (verbs as readonly string[]).includes(verb);

const isList = (body: unknown): body is { items: readonly unknown[]; metadata?: unknown } =>
  isObject(body) && Array.isArray(body['items']);

/** The answer as kubectl prints it. */
function table(body: unknown, columns: readonly ExtraColumn[]): unknown {
  const objects = (isList(body) ? body.items : [body]).filter(isObject);
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: isList(body) ? (body.metadata ?? {}) : {},
    columnDefinitions: columns.map(({ name, type }) => ({
      name,
      type,
      format: name.toLowerCase() === 'name' ? 'name' : '',
      description: '',
      priority: 0,
    })),
    rows: objects.map((object: JsonObject) => ({
      cells: columns.map((column) => column.cell(object)),
      object: {
        kind: 'PartialObjectMetadata',
        apiVersion: 'meta.k8s.io/v1',
        metadata: object['metadata'] ?? {},
      },
    })),
  };
}

/** Answers with what the resource's handler says. Throws 404, 405 and what the handler refuses. */
export async function answerExtra(
  { extras }: GatewayOptions,
  request: ApiRequest,
  route: ResourceRoute,
  user: User,
): Promise<ApiResponse> {
  const extra: ExtraResource | undefined = extras.find(({ plural }) => plural === route.plural);
  if (extra === undefined || route.subresource !== '' || route.namespace !== '') throw noSuchPath();
  if (!isExtraVerb(route.verb, extra.verbs)) throw methodNotAllowed();
  const shape = shapeOf(request.headers['accept']);
  const hasBody = request.body.length > 0;
  const body = hasBody ? decodeObject(request.body, request.headers['content-type']) : {};
  const { verb, name } = route;
  const reply = await extra.handler({ verb, name, query: request.query, body, user });
  const named = { group: SKEIN_GROUP, plural: extra.plural, kind: extra.kind };
  if (!reply.ok) throw fromSkeinError(reply.error, named, name);
  const status = reply.value.status ?? (verb === 'create' ? 201 : 200);
  const isTable =
    shape === 'table' && extra.columns !== undefined && (verb === 'get' || verb === 'list');
  return json(isTable ? table(reply.value.body, extra.columns) : reply.value.body, status);
}
