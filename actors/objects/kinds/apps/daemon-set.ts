// DaemonSet: one pod on each node.

import type { DaemonSet, DaemonSetSpec, DaemonSetStatus } from 'kubernetes-types/apps/v1.d.ts';
import { sameValue } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import {
  ageColumn,
  containerColumns,
  column,
  labelsText,
  nameColumn,
  selectorText,
  wideColumn,
} from '../columns.ts';
import { setPodSpecDefaults } from '../pod-spec-defaults.ts';
import { validateSelectorUnchanged } from '../workload-validation.ts';
import { validateDaemonSet, validateDaemonSetStatus } from './daemon-set-validation.ts';

export const daemonSetKind: KindDefinition<'DaemonSet'> = {
  names: {
    kind: 'DaemonSet',
    group: 'apps',
    version: 'v1',
    plural: 'daemonsets',
    singular: 'daemonset',
    shortNames: ['ds'],
    categories: ['all'],
    namespaced: true,
  },
  schema: 'apps.v1.DaemonSet',
  subresources: ['status'],
  columns: [
    nameColumn(),
    ...(
      [
        ['Desired', 'Nodes that should run its pod.', 'desiredNumberScheduled'],
        ['Current', 'Nodes that run its pod and should.', 'currentNumberScheduled'],
        ['Ready', 'Nodes with a ready pod.', 'numberReady'],
        ['Up-to-date', 'Nodes with a pod of the newest template.', 'updatedNumberScheduled'],
        ['Available', 'Nodes with a pod ready for long enough.', 'numberAvailable'],
      ] as const
    ).map(([name, description, field]) =>
      column<'DaemonSet'>(name, description, ({ status }) => status?.[field] ?? 0, 'integer'),
    ),
    column('Node Selector', 'Labels of the nodes it is for.', ({ spec }) =>
      labelsText(spec?.template.spec?.nodeSelector),
    ),
    ageColumn(),
    ...containerColumns<'DaemonSet'>(({ spec }) => spec?.template.spec),
    wideColumn('Selector', 'Labels of its pods.', ({ spec }) => selectorText(spec?.selector)),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: ({ spec }) => {
      if (spec !== undefined) setDefaults(spec);
    },
    validate: validateDaemonSet,
    validateUpdate: validateSelectorUnchanged,
    validateStatus: validateDaemonSetStatus,
    hasStatus: true,
    countsGenerations: true,
    prepareCreate: (set) => {
      const status: DaemonSetStatus = {
        currentNumberScheduled: 0,
        desiredNumberScheduled: 0,
        numberMisscheduled: 0,
        numberReady: 0,
      };
      Object.assign(set, { status });
      setTemplateGeneration(set, 1);
    },
    prepareUpdate: (next, old) => {
      const was = Number(old.metadata?.annotations?.[TEMPLATE_GENERATION] ?? 0);
      const same = sameValue(next.spec?.template, old.spec?.template);
      setTemplateGeneration(next, same ? was : was + 1);
    },
  },
};

/** Counts changes of the template, where clients from before apps/v1 look for it. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

function setTemplateGeneration({ metadata }: DaemonSet, generation: number): void {
  if (metadata === undefined) return;
  metadata.annotations = { ...metadata.annotations, [TEMPLATE_GENERATION]: String(generation) };
}

function setDefaults(spec: DaemonSetSpec): void {
  spec.revisionHistoryLimit ??= 10;
  spec.updateStrategy ??= {};
  spec.updateStrategy.type ||= 'RollingUpdate';
  if (spec.updateStrategy.type === 'RollingUpdate') {
    const rolling = (spec.updateStrategy.rollingUpdate ??= {});
    rolling.maxUnavailable ??= 1;
    rolling.maxSurge ??= 0;
  }
  if (spec.template?.spec !== undefined) setPodSpecDefaults(spec.template.spec);
}
