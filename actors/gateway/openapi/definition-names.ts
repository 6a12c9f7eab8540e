// What definitions are called: `apps.v1.Deployment` here, `io.k8s.api.apps.v1.Deployment` in published documents.

import { SKEIN_GROUP } from '../extra-resources.ts';

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** The scalars that Kubernetes publishes as definitions of their own. */
const SCALAR_NAMES: Readonly<Record<string, string>> = {
  time: 'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  microtime: 'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  'int-or-string': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
};

/** The published name of a definition or scalar; undefined for scalars that are spelled out. */
export function publishedName(type: string): string | undefined {
  if (SCALAR_NAMES[type] !== undefined) return SCALAR_NAMES[type];
  if (!type.includes('.')) return undefined;
  if (type.startsWith('meta.')) return `io.k8s.apimachinery.pkg.apis.${type}`;
  return type.startsWith(`${SKEIN_GROUP}/`)
    ? `dev.skein.${type.slice(SKEIN_GROUP.length + 1)}`
    : `io.k8s.api.${type}`;
}

/** The definition of a kind, whether or not its shape is known. */
export function definitionOf({ group, version, kind }: GroupVersionKind): string {
  if (group === SKEIN_GROUP) return `${SKEIN_GROUP}/${version}.${kind}`;
  return `${group === '' ? 'core' : group.split('.', 1)[0]}.${version}.${kind}`;
}
