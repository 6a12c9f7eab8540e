// Namespace: a room for names.

import type { KindDefinition } from '../kind-definition.ts';
import { labelProblems } from '../name-rules.ts';
import { ageColumn, column, nameColumn } from './columns.ts';

/** The label by which selectors find a namespace by its name. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

export const namespaceKind: KindDefinition<'Namespace'> = {
  names: {
    kind: 'Namespace',
    group: '',
    version: 'v1',
    plural: 'namespaces',
    singular: 'namespace',
    shortNames: ['ns'],
    categories: [],
    namespaced: false,
  },
  schema: 'core.v1.Namespace',
  subresources: ['finalize', 'status'],
  columns: [
    nameColumn(),
    column('Status', 'Active, or Terminating.', ({ status }) => status?.phase ?? 'Active'),
    ageColumn(),
  ],
  selectableFields: { 'status.phase': ({ status }) => status?.phase ?? '' },
  strategy: {
    nameProblems: labelProblems,
    setDefaults: (namespace) => {
      const { metadata } = namespace;
      if (metadata?.name === undefined) return;
      metadata.labels = { ...metadata.labels, [NAME_LABEL]: metadata.name };
    },
    validate: () => [],
    validateUpdate: () => [],
    hasStatus: true,
    countsGenerations: false,
    prepareCreate: (namespace) => {
      const finalizers = namespace.spec?.finalizers ?? [];
      namespace.spec = { finalizers: [...new Set([...finalizers, 'kubernetes'])] };
      namespace.status = { phase: 'Active' };
    },
    prepareUpdate: (next, old) => {
      // Finalizers go by the finalize subresource only.
      if (old.spec !== undefined) next.spec = structuredClone(old.spec);
    },
  },
};
