// The kinds of the first flight and their types, from the published Kubernetes declarations.

import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import type {
  ConfigMap,
  Endpoints,
  Event,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
} from 'kubernetes-types/core/v1.d.ts';
import type { EndpointSlice } from 'kubernetes-types/discovery/v1.d.ts';
import type { ObjectMeta } from 'kubernetes-types/meta/v1.d.ts';

export interface ObjectTypes {
  Namespace: Namespace;
  Node: Node;
  Pod: Pod;
  ReplicaSet: ReplicaSet;
  Deployment: Deployment;
  Service: Service;
  EndpointSlice: EndpointSlice;
  Event: Event;
  ConfigMap: ConfigMap;
  Secret: Secret;
  Endpoints: Endpoints;
  PersistentVolume: PersistentVolume;
  PersistentVolumeClaim: PersistentVolumeClaim;
  LimitRange: LimitRange;
  ResourceQuota: ResourceQuota;
  PodTemplate: PodTemplate;
  ReplicationController: ReplicationController;
}

export type KindName = keyof ObjectTypes;

/** Any object: what the machinery that is the same for all kinds may touch. */
export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** Where a kind lives in the API and in the store. */
export interface KindNames {
  readonly kind: KindName;
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
}
