// What a path and a method ask for.

import { badRequest, methodNotAllowed, noSuchPath } from '../status.ts';

export type Verb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection';

/** A request for objects of one kind. */
export interface ResourceRoute {
  readonly type: 'resource';
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  /** '' when the path names none. */
  readonly namespace: string;
  /** '' for the collection. */
  readonly name: string;
  /** '' for the object itself. */
  readonly subresource: string;
  readonly verb: Verb;
  /** Of the proxy subresource: what follows it in the path, as it was sent; '' for nothing. */
  readonly proxyPath?: string;
}

export type Route =
  | ResourceRoute
  /** /version, /healthz, /api, /apis/G/V and other paths that name no resource; no trailing slash. */
  | { readonly type: 'path'; readonly path: string };

/** Longest path; a name has at most 253 characters. */
const MAX_PATH_LENGTH = 2_048;

/** Subresources of a namespace share the place where the plurals of its content are named. */
const NAMESPACE_SUBRESOURCES: ReadonlySet<string> = new Set(['status', 'finalize']);

function decode(segment: string): string {
  let name: string;
  try {
    name = decodeURIComponent(segment);
  } catch {
    throw badRequest(`the path segment ${JSON.stringify(segment)} is not valid percent-encoding`);
  }
  if (name === '.' || name === '..' || /[/%\0]/.test(name)) {
    throw badRequest(`the path segment ${JSON.stringify(name)} is not a valid name`);
  }
  return name;
}

function verbOf(method: string, named: boolean, watches: boolean): Verb {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (watches) return 'watch';
      return named ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      throw methodNotAllowed(`the API has no meaning for the method ${JSON.stringify(method)}`);
  }
}

/** Splits what follows the version into namespace, plural, name and subresource. */
function place(rest: readonly string[]): {
  namespace: string;
  plural: string;
  name: string;
  subresource: string;
} {
  const [first = '', second = '', third = ''] = rest;
  const inNamespace =
    first === 'namespaces' && rest.length > 2 && !NAMESPACE_SUBRESOURCES.has(third);
  const namespace = inNamespace ? second : '';
  const [plural = '', name = '', subresource = '', ...more] = inNamespace ? rest.slice(2) : rest;
  if (more.length > 0) throw noSuchPath();
  return { namespace, plural, name, subresource };
}

/** A path with its proxy subresource, and what is behind it, which is not of this API. */
const PROXY = /^(\/api\/v1\/(?:namespaces\/[^/]+\/)?(?:pods|services|nodes)\/[^/]+\/proxy)(\/.*)?$/;

/** Reads method and path. Throws a StatusError for what cannot be a request of the API. */
export function parseRoute(method: string, path: string, query: URLSearchParams): Route {
  const [, proxy, proxyPath = ''] = PROXY.exec(path) ?? [];
  if (proxy === undefined) return parseOwn(method, path, query);
  // The query is not of this API either.
  const route = parseOwn(method === 'OPTIONS' ? 'GET' : method, proxy, new URLSearchParams());
  return route.type === 'resource' ? { ...route, proxyPath } : route;
}

function parseOwn(method: string, path: string, query: URLSearchParams): Route {
  if (path.length > MAX_PATH_LENGTH) {
    throw badRequest(`the path has ${path.length} characters; ${MAX_PATH_LENGTH} are allowed`);
  }
  const segments = path.split('/').filter((segment) => segment !== '');
  const [root, ...tail] = segments;
  const isResource = (root === 'api' && tail.length >= 2) || (root === 'apis' && tail.length >= 3);
  if (!isResource) return { type: 'path', path: `/${segments.join('/')}` };
  const names = tail.map(decode);
  const [group, version, rest] =
    root === 'api' ? ['', names[0]!, names.slice(1)] : [names[0]!, names[1]!, names.slice(2)];
  const { namespace, plural, name, subresource } = place(rest);
  // A HEAD has no body that events could be in.
  const watches = method === 'GET' && ['1', 'true'].includes(query.get('watch') ?? '');
  const verb = verbOf(method, name !== '', watches && subresource === '');
  return { type: 'resource', group, version, plural, namespace, name, subresource, verb };
}
