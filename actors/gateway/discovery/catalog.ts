// Everything that is served, as discovery tells it: one row for each resource and subresource.

import type { KindDefinition, SubresourceName } from '../../objects/kind-definition.ts';
import type { KindName } from '../../objects/kinds.ts';
import type { ExtraResources } from '../extra-resources.ts';
import { SKEIN_GROUP, SKEIN_VERSION } from '../extra-resources.ts';

export interface ServedSubresource {
  readonly name: string;
  readonly verbs: readonly string[];
  /** The kind of what is read and written there; its own when it differs from the resource's. */
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
}

export interface ServedResource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly ServedSubresource[];
}

export interface GroupVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly ServedResource[];
}

const OBJECT_VERBS: readonly string[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

const READ_WRITE: readonly string[] = ['get', 'patch', 'update'];

type SubresourceRow = Omit<ServedSubresource, 'name'> | undefined;

/** The rows of subresources that are answered here; undefined for those that come later. */
function subresourceRow(name: SubresourceName, kind: string): SubresourceRow {
  switch (name) {
    case 'ephemeralcontainers':
    case 'resize':
    case 'status':
    case 'approval':
      return { kind, verbs: READ_WRITE };
    case 'scale':
      return { kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: READ_WRITE };
    case 'finalize':
      return { kind, verbs: ['update'] };
    case 'log':
      return { kind, verbs: ['get'] };
    case 'attach':
      return { kind: 'PodAttachOptions', verbs: ['create', 'get'] };
    case 'proxy':
      // A node has no API of its own here.
      if (kind === 'Node') return undefined;
      return {
        kind: `${kind}ProxyOptions`,
        verbs: ['create', 'delete', 'get', 'patch', 'update'],
      };
    case 'portforward':
      return { kind: 'PodPortForwardOptions', verbs: ['create', 'get'] };
    case 'exec':
      return { kind: 'PodExecOptions', verbs: ['create', 'get'] };
    case 'token':
      return {
        kind: 'TokenRequest',
        group: 'authentication.k8s.io',
        version: 'v1',
        verbs: ['create'],
      };
    case 'eviction':
      return { kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] };
    default:
      return undefined;
  }
}

function servedKind(definition: KindDefinition<KindName>): ServedResource {
  const { names, subresources } = definition;
  return {
    ...names,
    verbs: OBJECT_VERBS,
    subresources: subresources.flatMap((name) => {
      const row = subresourceRow(name, names.kind);
      return row === undefined ? [] : [{ name, ...row }];
    }),
  };
}

/** Groups in the order in which clients look for a resource: core first, Skein's own last. */
export function buildCatalog(
  definitions: readonly KindDefinition<KindName>[],
  reviews: readonly ServedResource[],
  extras: ExtraResources,
): readonly GroupVersion[] {
  const resources: ServedResource[] = [
    ...definitions.map(servedKind),
    ...reviews,
    ...extras.map((extra) => ({
      group: SKEIN_GROUP,
      version: SKEIN_VERSION,
      plural: extra.plural,
      singular: extra.singular,
      kind: extra.kind,
      shortNames: extra.shortNames ?? [],
      categories: [],
      namespaced: false,
      verbs: extra.verbs,
      subresources: [],
    })),
  ];
  const groups = new Map<string, ServedResource[]>();
  for (const resource of resources) {
    const key = `${resource.group}/${resource.version}`;
    groups.set(key, [...(groups.get(key) ?? []), resource]);
  }
  return [...groups.values()]
    .map(([first, ...rest]) => ({
      group: first!.group,
      version: first!.version,
      resources: [first!, ...rest].sort((a, b) => (a.plural < b.plural ? -1 : 1)),
    }))
    .sort((a, b) => (a.group === '' ? -1 : b.group === '' ? 1 : 0));
}

export const groupVersionName = (group: string, version: string): string =>
  group === '' ? version : `${group}/${version}`;
