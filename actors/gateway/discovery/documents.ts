// The discovery documents, classic (APIResourceList) and aggregated (APIGroupDiscoveryList).

import type { GroupVersion, ServedResource } from './catalog.ts';
import { groupVersionName } from './catalog.ts';

/** The Kubernetes release whose API this is, for clients that look at versions. */
const KUBERNETES_VERSION = { major: '1', minor: '35', gitVersion: 'v1.35.0' } as const;

/** GET /version. */
export function versionDocument(skeinVersion: string, platform: string): unknown {
  return {
    ...KUBERNETES_VERSION,
    gitVersion: `${KUBERNETES_VERSION.gitVersion}+skein.${skeinVersion}`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform,
  };
}

/** GET /api. */
export function apiVersionsDocument(serverAddress: string): unknown {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** One group, as /apis and /apis/G list it. */
export function groupDocument(group: string, versions: readonly string[]): Record<string, unknown> {
  const entries = versions.map((version) => ({
    groupVersion: groupVersionName(group, version),
    version,
  }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

/** Versions by group, without the core group. */
export function namedGroups(catalog: readonly GroupVersion[]): ReadonlyMap<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { group, version } of catalog) {
    if (group !== '') groups.set(group, [...(groups.get(group) ?? []), version]);
  }
  return groups;
}

/** GET /apis. */
export const groupListDocument = (catalog: readonly GroupVersion[]): unknown => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: [...namedGroups(catalog)].map(([group, versions]) => groupDocument(group, versions)),
});

function classicRows(resource: ServedResource): unknown[] {
  const { plural, singular, namespaced, kind, verbs, shortNames, categories } = resource;
  return [
    {
      name: plural,
      singularName: singular,
      namespaced,
      kind,
      verbs,
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(categories.length === 0 ? {} : { categories }),
    },
    ...resource.subresources.map(({ name, ...row }) => ({
      name: `${plural}/${name}`,
      singularName: '',
      namespaced,
      ...row,
    })),
  ];
}

/** GET /api/v1 and /apis/G/V. */
export const resourceListDocument = ({ group, version, resources }: GroupVersion): unknown => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: groupVersionName(group, version),
  resources: resources.flatMap(classicRows),
});

function aggregatedResource(resource: ServedResource): unknown {
  const { group, version, plural, singular, kind, namespaced, shortNames, categories } = resource;
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: resource.verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    subresources: resource.subresources.map((sub) => ({
      subresource: sub.name,
      responseKind: {
        group: sub.group ?? group,
        version: sub.version ?? version,
        kind: sub.kind,
      },
      verbs: sub.verbs,
    })),
  };
}

/** GET /api (core) or /apis (all others), aggregated. */
export function aggregatedDocument(
  catalog: readonly GroupVersion[],
  core: boolean,
  discoveryVersion: string,
): unknown {
  const groups = new Map<string, GroupVersion[]>();
  for (const entry of catalog) {
    if ((entry.group === '') !== core) continue;
    groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
  }
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${discoveryVersion}`,
    metadata: {},
    items: [...groups].map(([name, versions]) => ({
      metadata: name === '' ? { creationTimestamp: null } : { name, creationTimestamp: null },
      versions: versions.map(({ version, resources }) => ({
        version,
        resources: resources.map(aggregatedResource),
        freshness: 'Current',
      })),
    })),
  };
}
