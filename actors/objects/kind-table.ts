// The kinds that are served, one entry each. To add a kind, write its file in kinds/ and name it here.

import type { KindDefinition } from './kind-definition.ts';
import type { KindName, KindNames } from './kinds.ts';
import { configMapKind } from './kinds/core/config-map.ts';
import { endpointsKind } from './kinds/core/endpoints.ts';
import { limitRangeKind } from './kinds/core/limit-range.ts';
import { persistentVolumeClaimKind } from './kinds/core/persistent-volume-claim.ts';
import { persistentVolumeKind } from './kinds/core/persistent-volume.ts';
import { podTemplateKind } from './kinds/core/pod-template.ts';
import { replicationControllerKind } from './kinds/core/replication-controller.ts';
import { resourceQuotaKind } from './kinds/core/resource-quota.ts';
import { secretKind } from './kinds/core/secret.ts';
import { controllerRevisionKind } from './kinds/apps/controller-revision.ts';
import { daemonSetKind } from './kinds/apps/daemon-set.ts';
import { statefulSetKind } from './kinds/apps/stateful-set.ts';
import { horizontalPodAutoscalerKind } from './kinds/autoscaling/horizontal-pod-autoscaler.ts';
import { cronJobKind } from './kinds/batch/cron-job.ts';
import { jobKind } from './kinds/batch/job.ts';
import { certificateSigningRequestKind } from './kinds/certificates/certificate-signing-request.ts';
import { leaseKind } from './kinds/coordination/lease.ts';
import { ingressKind } from './kinds/networking/ingress.ts';
import { ingressClassKind } from './kinds/networking/ingress-class.ts';
import { ipAddressKind } from './kinds/networking/ip-address.ts';
import { networkPolicyKind } from './kinds/networking/network-policy.ts';
import { serviceCidrKind } from './kinds/networking/service-cidr.ts';
import { runtimeClassKind } from './kinds/node/runtime-class.ts';
import { podDisruptionBudgetKind } from './kinds/policy/pod-disruption-budget.ts';
import { priorityClassKind } from './kinds/scheduling/priority-class.ts';
import { csiDriverKind } from './kinds/storage/csi-driver.ts';
import { csiNodeKind } from './kinds/storage/csi-node.ts';
import { csiStorageCapacityKind } from './kinds/storage/csi-storage-capacity.ts';
import { storageClassKind } from './kinds/storage/storage-class.ts';
import { volumeAttachmentKind } from './kinds/storage/volume-attachment.ts';
import { volumeAttributesClassKind } from './kinds/storage/volume-attributes-class.ts';
import { serviceAccountKind } from './kinds/core/service-account.ts';
import { deploymentKind } from './kinds/deployment.ts';
import { endpointSliceKind } from './kinds/endpoint-slice.ts';
import { eventKind } from './kinds/event.ts';
import { namespaceKind } from './kinds/namespace.ts';
import { nodeKind } from './kinds/node.ts';
import { podKind } from './kinds/pod.ts';
import { clusterRoleBindingKind, roleBindingKind } from './kinds/rbac/role-binding.ts';
import { clusterRoleKind, roleKind } from './kinds/rbac/role.ts';
import { replicaSetKind } from './kinds/replica-set.ts';
import { serviceKind } from './kinds/service.ts';

const KINDS: { readonly [K in KindName]: KindDefinition<K> } = {
  Namespace: namespaceKind,
  Node: nodeKind,
  Pod: podKind,
  ReplicaSet: replicaSetKind,
  Deployment: deploymentKind,
  Service: serviceKind,
  EndpointSlice: endpointSliceKind,
  Event: eventKind,
  ConfigMap: configMapKind,
  Secret: secretKind,
  Endpoints: endpointsKind,
  PersistentVolume: persistentVolumeKind,
  PersistentVolumeClaim: persistentVolumeClaimKind,
  LimitRange: limitRangeKind,
  ResourceQuota: resourceQuotaKind,
  PodTemplate: podTemplateKind,
  ReplicationController: replicationControllerKind,
  StatefulSet: statefulSetKind,
  DaemonSet: daemonSetKind,
  ControllerRevision: controllerRevisionKind,
  Job: jobKind,
  CronJob: cronJobKind,
  HorizontalPodAutoscaler: horizontalPodAutoscalerKind,
  PodDisruptionBudget: podDisruptionBudgetKind,
  Ingress: ingressKind,
  IngressClass: ingressClassKind,
  NetworkPolicy: networkPolicyKind,
  IPAddress: ipAddressKind,
  ServiceCIDR: serviceCidrKind,
  StorageClass: storageClassKind,
  CSIDriver: csiDriverKind,
  CSINode: csiNodeKind,
  CSIStorageCapacity: csiStorageCapacityKind,
  VolumeAttachment: volumeAttachmentKind,
  VolumeAttributesClass: volumeAttributesClassKind,
  PriorityClass: priorityClassKind,
  Lease: leaseKind,
  RuntimeClass: runtimeClassKind,
  CertificateSigningRequest: certificateSigningRequestKind,
  ServiceAccount: serviceAccountKind,
  Role: roleKind,
  RoleBinding: roleBindingKind,
  ClusterRole: clusterRoleKind,
  ClusterRoleBinding: clusterRoleBindingKind,
};

/** The names of all kinds, in the order of the table. */
export const kindNames: readonly KindName[] = Object.keys(KINDS) as KindName[];

const byPlural = new Map(kindNames.map((kind) => [KINDS[kind].names.plural, kind] as const));

export const kindDefinition = <K extends KindName>(kind: K): KindDefinition<K> => KINDS[kind];

/** The kind stored under this plural; undefined for one that is not served. */
export const kindOfPlural = (plural: string): KindName | undefined => byPlural.get(plural);

/** `apps/v1`; `v1` for the core group. */
export const apiVersionOf = ({ group, version }: Pick<KindNames, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

/** The kind that an object's apiVersion and kind name; undefined when it is not served. */
export const kindOfObject = (
  apiVersion: string | undefined,
  kind: string | undefined,
): KindName | undefined =>
  kindNames.find((name) => name === kind && apiVersionOf(KINDS[name].names) === apiVersion);

/** What a person may call a kind: `po`, `pods`, `pod`, `Pod`, `deployments.apps`. */
export function kindOfAlias(alias: string): KindName | undefined {
  const [name, ...group] = alias.toLowerCase().split('.');
  return kindNames.find((kind) => {
    const { names } = KINDS[kind];
    if (group.length > 0 && group.join('.') !== names.group) return false;
    const known = [names.plural, names.singular, kind.toLowerCase(), ...names.shortNames];
    return known.includes(name!);
  });
}
