// Pod: containers that run together on one node.

import type { PodSpec } from 'kubernetes-types/core/v1.d.ts';
import type { KindDefinition } from '../kind-definition.ts';
import { subdomainProblems } from '../name-rules.ts';
import { qosClassOf } from '../pod-status.ts';
import { ephemeralContainersPart, refuseEphemeralContainers } from './ephemeral-containers.ts';
import { podColumns } from './pod-columns.ts';
import { resizePart } from './pod-resize.ts';
import { setPodSpecDefaults } from './pod-spec-defaults.ts';
import { validatePodSpec } from './pod-spec-validation.ts';
import { validatePodUpdate } from './pod-update-validation.ts';

export const podKind: KindDefinition<'Pod'> = {
  names: {
    kind: 'Pod',
    group: '',
    version: 'v1',
    plural: 'pods',
    singular: 'pod',
    shortNames: ['po'],
    categories: ['all'],
    namespaced: true,
  },
  schema: 'core.v1.Pod',
  subresources: [
    'attach',
    'binding',
    'ephemeralcontainers',
    'eviction',
    'exec',
    'log',
    'portforward',
    'proxy',
    'resize',
    'status',
  ],
  columns: podColumns,
  selectableFields: {
    'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec?.restartPolicy ?? '',
    'spec.schedulerName': ({ spec }) => spec?.schedulerName ?? '',
    'spec.serviceAccountName': ({ spec }) => spec?.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec?.hostNetwork ?? false),
    'status.phase': ({ status }) => status?.phase ?? '',
    'status.podIP': ({ status }) => status?.podIP ?? '',
    'status.nominatedNodeName': ({ status }) => status?.nominatedNodeName ?? '',
  },
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: (pod) => {
      if (pod.spec === undefined) return;
      pod.spec.enableServiceLinks ??= true;
      setRequestsFromLimits(pod.spec);
      setPodSpecDefaults(pod.spec);
    },
    validate: (pod) => validatePodSpec(pod.spec, 'spec'),
    validateCreate: refuseEphemeralContainers,
    validateUpdate: validatePodUpdate,
    parts: { ephemeralcontainers: ephemeralContainersPart, resize: resizePart },
    hasStatus: true,
    countsGenerations: true,
    prepareCreate: (pod) => {
      Object.assign(pod, { status: { phase: 'Pending', qosClass: qosClassOf(pod) } });
    },
  },
};

/** Who limits a resource and requests none of it, requests as much as the limit. */
function setRequestsFromLimits(spec: PodSpec): void {
  for (const { resources } of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    if (resources?.limits === undefined) continue;
    resources.requests = { ...resources.limits, ...resources.requests };
  }
}
