// The paths of a resource and what can be done at each, before any dialect of OpenAPI.

import type { ServedResource, ServedSubresource } from '../discovery/catalog.ts';
import { SKEIN_GROUP } from '../extra-resources.ts';
import { PATCH_TYPES } from '../patch/apply-patch.ts';
import type { GroupVersionKind } from './definition-names.ts';
import { definitionOf } from './definition-names.ts';
import type { Parameter } from './parameters.ts';
import { parametersOf, pathParameter, streamParametersOf } from './parameters.ts';

type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';

export interface Operation {
  readonly method: Method;
  readonly operationId: string;
  readonly tag: string;
  /** As Kubernetes calls what is done: get, list, post, put, patch, delete, deletecollection, connect. */
  readonly action: string;
  readonly kind: GroupVersionKind;
  readonly parameters: readonly Parameter[];
  /** The definition of what is sent; undefined for nothing. */
  readonly body: string | undefined;
  readonly consumes: readonly string[];
  readonly produces: readonly string[];
  /** The definition of the answer; undefined for text. */
  readonly answer: string | undefined;
  readonly codes: readonly number[];
}

export interface Path {
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

const STATUS = 'meta.v1.Status';
const JSON_ONLY = ['application/json'] as const;
const WATCHED = ['application/json', 'application/json;stream=watch'] as const;
const TEXT = ['text/plain'] as const;

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** `RbacAuthorizationV1`. */
const camelGroup = ({ group, version }: GroupVersionKind): string =>
  (group === '' ? 'core' : group.replace(/\.k8s\.io$/, '')).split('.').map(capital).join('') +
  capital(version);

const tagOf = ({ group, version }: GroupVersionKind): string => {
  const camel = camelGroup({ group, version, kind: '' });
  return `${camel.charAt(0).toLowerCase()}${camel.slice(1, -version.length)}_${version}`;
};

/** What a verb of discovery is in OpenAPI: method, action, the word that begins the operation's id, codes. */
const DEEDS: Readonly<Record<string, readonly [Method, string, string, readonly number[]]>> = {
  get: ['get', 'get', 'read', [200]],
  list: ['get', 'list', 'list', [200]],
  create: ['post', 'post', 'create', [200, 201, 202]],
  update: ['put', 'put', 'replace', [200, 201]],
  patch: ['patch', 'patch', 'patch', [200, 201]],
  delete: ['delete', 'delete', 'delete', [200, 202]],
  deletecollection: ['delete', 'deletecollection', 'delete', [200]],
};

/** Subresources of their own kinds drop unknown fields, and Skein's own resources take no options. */
function promised({ group, kind }: GroupVersionKind, action: string): readonly Parameter[] {
  if (group === SKEIN_GROUP) return [];
  const parameters = parametersOf(action);
  return kind === 'Scale' || kind === 'Eviction'
    ? parameters.filter(({ name }) => name !== 'fieldValidation')
    : parameters;
}

interface Place {
  readonly resource: ServedResource;
  readonly kind: GroupVersionKind;
  readonly definition: string;
  /** What the operation's id says of the place. */
  readonly words: string;
}

function operation(verb: string, { resource, kind, definition, words }: Place): Operation {
  const [method, action, begin, codes] = DEEDS[verb]!;
  const isDelete = method === 'delete';
  const bodyOf = isDelete
    ? 'meta.v1.DeleteOptions'
    : action === 'patch'
      ? 'meta.v1.Patch'
      : definition;
  const answer = action === 'list' ? `${definition}List` : isDelete ? STATUS : definition;
  const collection = action === 'deletecollection' ? 'Collection' : '';
  return {
    method,
    operationId: `${begin}${camelGroup(resource)}${collection}${words}`,
    tag: tagOf(resource),
    action,
    kind,
    parameters: promised(kind, action),
    body: method === 'get' ? undefined : bodyOf,
    consumes: action === 'patch' ? PATCH_TYPES : ['*/*'],
    produces: action === 'list' ? WATCHED : JSON_ONLY,
    answer,
    codes,
  };
}

/** The operations of those verbs that the resource has. */
const served = (place: Place, verbs: readonly string[], wanted: readonly string[]): Operation[] =>
  wanted.filter((verb) => verbs.includes(verb)).map((verb) => operation(verb, place));

function subresourcePath(base: string, place: Place, sub: ServedSubresource): Path {
  const { resource } = place;
  const kind = {
    group: sub.group ?? resource.group,
    version: sub.version ?? resource.version,
    kind: sub.kind,
  };
  const isText = sub.name === 'log';
  const isConnect = kind.kind.endsWith('Options');
  const inner: Place = {
    resource,
    kind,
    definition: definitionOf(kind),
    words: place.words + capital(sub.name),
  };
  const operations = served(inner, sub.verbs, Object.keys(DEEDS)).map((made) =>
    isText || isConnect ? asText(made, sub.name, isConnect) : made,
  );
  return { path: `${base}/${sub.name}`, parameters: [pathParameter('name')], operations };
}

/** Logs and streams are answered with bytes. */
function asText(made: Operation, name: string, isConnect: boolean): Operation {
  const operationId = made.operationId.replace(/^(read|create)/, (word) =>
    isConnect ? `connect${word === 'read' ? 'Get' : 'Post'}` : word,
  );
  return {
    ...made,
    body: undefined,
    operationId,
    action: isConnect ? 'connect' : made.action,
    parameters: streamParametersOf(name),
    produces: isConnect ? ['*/*'] : TEXT,
    answer: undefined,
    codes: [200],
  };
}

/** Every path of a resource. */
export function pathsOf(resource: ServedResource): readonly Path[] {
  const { group, version, plural, namespaced, verbs, kind: name } = resource;
  const kind = { group, version, kind: name };
  const definition = definitionOf(kind);
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const scope = namespaced ? `${root}/namespaces/{namespace}` : root;
  const place: Place = {
    resource,
    kind,
    definition,
    words: (namespaced ? 'Namespaced' : '') + name,
  };
  const everywhere: Place = { ...place, words: `${name}ForAllNamespaces` };
  const inNamespace = (path: Path): Path =>
    namespaced ? { ...path, parameters: [...path.parameters, pathParameter('namespace')] } : path;
  const base = `${scope}/${plural}/{name}`;
  const paths = [
    inNamespace({
      path: `${scope}/${plural}`,
      parameters: [],
      operations: served(place, verbs, ['list', 'create', 'deletecollection']),
    }),
    inNamespace({
      path: base,
      parameters: [pathParameter('name')],
      operations: served(place, verbs, ['get', 'update', 'patch', 'delete']),
    }),
    ...resource.subresources.map((sub) => inNamespace(subresourcePath(base, place, sub))),
    ...(namespaced
      ? [
          {
            path: `${root}/${plural}`,
            parameters: [],
            operations: served(everywhere, verbs, ['list']),
          },
        ]
      : []),
  ];
  return paths.filter(({ operations }) => operations.length > 0);
}
