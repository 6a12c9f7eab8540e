// What is asked of an authorizer: who wants to do what to what.

import type { User } from '../request/api-request.ts';
import type { Route } from '../request/route.ts';

/** A deed on a resource. `*` in a field asks for all there is, as reviews may. */
export interface ResourceAttributes {
  readonly type: 'resource';
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** '' for the object itself. */
  readonly subresource: string;
  /** '' for the scope of the cluster, or all namespaces. */
  readonly namespace: string;
  /** '' for all of them. */
  readonly name: string;
  /** As asked with, for reads of many; '' for none. */
  readonly fieldSelector?: string;
}

/** A deed on a path that names no resource. */
export interface PathAttributes {
  readonly type: 'path';
  readonly verb: string;
  readonly path: string;
}

export type Attributes = ResourceAttributes | PathAttributes;

export interface Decision {
  readonly allowed: boolean;
  /** Why, for people; '' when there is nothing to say. */
  readonly reason: string;
}

/** Says who may do what. Synchronous: asked for every request. */
export type Authorizer = (user: User, attributes: Attributes) => Decision;

/** The namespace of a Namespace is itself: who may read one may be somebody of that namespace only. */
const NAMESPACES = 'namespaces';

/** Started by whoever may create them, whether the transport says GET or POST. */
const STARTED: ReadonlySet<string> = new Set(['attach', 'exec', 'portforward']);

/** What a request asks for. `method` matters for paths only. */
export function attributesOf(route: Route, method: string, query: URLSearchParams): Attributes {
  if (route.type === 'path') {
    const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
    return { type: 'path', verb, path: route.path };
  }
  const { verb, group, plural, subresource, namespace, name } = route;
  const isNamespace = group === '' && plural === NAMESPACES;
  return {
    type: 'resource',
    verb: STARTED.has(subresource) && verb === 'get' ? 'create' : verb,
    group,
    resource: plural,
    subresource,
    namespace: isNamespace ? name : namespace,
    name,
    fieldSelector: query.get('fieldSelector') ?? '',
  };
}
