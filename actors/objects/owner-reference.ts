// How a controller marks what it made as its own.

import type { OwnerReference } from 'kubernetes-types/meta/v1.d.ts';
import { apiVersionOf, kindDefinition } from './kind-table.ts';
import type { KindName, KubernetesObject } from './kinds.ts';

/** The reference that makes `owner` the controller of what carries it. */
export function controllerReference(kind: KindName, owner: KubernetesObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(kindDefinition(kind).names),
    kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}
