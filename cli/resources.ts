// The kinds a cluster serves, found by any of their names: po, pod, pods, Pod, deployments.apps.

import type { Client } from './client.ts';
import { refused, wrongUsage } from './failure.ts';

export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

export interface Resources {
  readonly all: readonly Resource[];
  /** By plural, singular, short name or kind, with `.group` or `.version.group` if wanted. Refuses unknown ones. */
  readonly named: (name: string) => Resource;
  /** By what a manifest says. Undefined when it is not served. */
  readonly ofKind: (apiVersion: string, kind: string) => Resource | undefined;
}

/** One object, or all of a kind when the name is ''. */
export interface Target {
  readonly resource: Resource;
  readonly name: string;
}

const AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';

interface DiscoveryList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly versions?: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind?: { readonly kind?: string };
        readonly scope?: string;
        readonly singularResource?: string;
        readonly shortNames?: readonly string[];
        readonly categories?: readonly string[];
        readonly verbs?: readonly string[];
      }[];
    }[];
  }[];
}

const resourcesOf = (list: DiscoveryList): Resource[] =>
  (list.items ?? []).flatMap(({ metadata, versions = [] }) =>
    versions.flatMap(({ version, resources = [] }) =>
      resources.map((one) => ({
        group: metadata?.name ?? '',
        version,
        plural: one.resource,
        singular: one.singularResource ?? '',
        kind: one.responseKind?.kind ?? '',
        shortNames: one.shortNames ?? [],
        categories: one.categories ?? [],
        namespaced: one.scope === 'Namespaced',
        verbs: one.verbs ?? [],
      })),
    ),
  );

/** Asks for the aggregated discovery documents. */
export async function discoverResources(client: Client): Promise<Resources> {
  const lists = await Promise.all(
    ['/api', '/apis'].map((path) => client.json<DiscoveryList>({ path, accept: AGGREGATED })),
  );
  return indexResources(lists.flatMap(resourcesOf));
}

const namesOf = ({ plural, singular, kind, shortNames }: Resource): readonly string[] => [
  plural,
  singular,
  kind.toLowerCase(),
  ...shortNames,
];

/** Earlier resources go before later ones of the same name: core first. */
export function indexResources(all: readonly Resource[]): Resources {
  const find = (name: string): Resource | undefined => {
    const [short = '', ...qualifier] = name.toLowerCase().split('.');
    const wanted = qualifier.join('.');
    return all.find(
      (one) =>
        namesOf(one).includes(short) &&
        (wanted === '' || wanted === one.group || wanted === `${one.version}.${one.group}`),
    );
  };
  return {
    all,
    named: (name) => {
      const found = find(name);
      if (found !== undefined) return found;
      const known = all.map(({ plural }) => plural).join(', ');
      throw refused(`No kind is called ${JSON.stringify(name)} here. Known kinds: ${known}.`);
    },
    ofKind: (apiVersion, kind) =>
      all.find((one) => groupVersion(one) === apiVersion && one.kind === kind),
  };
}

/** `v1`, `apps/v1`. */
export const groupVersion = ({ group, version }: Resource): string =>
  group === '' ? version : `${group}/${version}`;

/** `pod/web`, `deployment.apps/web`: how -o name and messages call an object. */
export const fullName = ({ singular, group }: Resource, name: string): string =>
  `${singular}${group === '' ? '' : `.${group}`}/${name}`;

/** The path of a collection, or of an object in it. An empty namespace means all of them. */
export function pathOf(resource: Resource, namespace: string, name = '', subresource = ''): string {
  const root = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  const inside =
    resource.namespaced && namespace !== '' ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  const object = name === '' ? '' : `/${encodeURIComponent(name)}`;
  const below = subresource === '' ? '' : `/${subresource}`;
  return `${root}/${resource.version}${inside}/${resource.plural}${object}${below}`;
}

/** Expands `all` and `pods,services`. */
function kindsOf(resources: Resources, words: string): readonly Resource[] {
  const found = words.split(',').flatMap((word) => {
    const inCategory = resources.all.filter(({ categories }) => categories.includes(word));
    return inCategory.length > 0 ? inCategory : [resources.named(word)];
  });
  return [...new Set(found)];
}

/** Understands `KIND`, `KIND NAME…`, `KIND/NAME…` and `KIND,KIND`. Throws wrong usage for a mixture. */
export function targetsOf(
  resources: Resources,
  words: readonly string[],
  command: string,
): readonly Target[] {
  const [first, ...names] = words;
  if (first === undefined) throw wrongUsage('Say which kind: for example pods.', command);
  if (!words.some((word) => word.includes('/'))) {
    const kinds = kindsOf(resources, first);
    if (names.length === 0) return kinds.map((resource) => ({ resource, name: '' }));
    return kinds.flatMap((resource) => names.map((name) => ({ resource, name })));
  }
  return words.map((word) => {
    const [kind, name, ...more] = word.split('/');
    if (kind === undefined || name === undefined || kind === '' || name === '' || more.length > 0) {
      throw wrongUsage(
        `${JSON.stringify(word)} is not KIND/NAME; names and KIND/NAME cannot be mixed.`,
        command,
      );
    }
    return { resource: resources.named(kind), name };
  });
}
