// NetworkPolicy: who may speak with which pods.

import type { NetworkPolicy } from 'kubernetes-types/networking/v1.d.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn, selectorText } from '../columns.ts';
import { validateNetworkPolicy } from './network-policy-validation.ts';

export const networkPolicyKind: KindDefinition<'NetworkPolicy'> = {
  names: {
    kind: 'NetworkPolicy',
    group: 'networking.k8s.io',
    version: 'v1',
    plural: 'networkpolicies',
    singular: 'networkpolicy',
    shortNames: ['netpol'],
    categories: [],
    namespaced: true,
  },
  schema: 'networking.v1.NetworkPolicy',
  subresources: [],
  columns: [
    nameColumn(),
    column('Pod-Selector', 'Labels of the pods it is about.', ({ spec }) =>
      selectorText(spec?.podSelector),
    ),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults,
    validate: validateNetworkPolicy,
    validateUpdate: () => [],
    hasStatus: false,
    countsGenerations: true,
  },
};

function setDefaults({ spec }: NetworkPolicy): void {
  if (spec === undefined) return;
  spec.podSelector ??= {};
  if ((spec.policyTypes ?? []).length === 0) {
    spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  }
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
  }
}
