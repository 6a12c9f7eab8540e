// HorizontalPodAutoscaler: as many replicas as the load asks for.

import type {
  HPAScalingPolicy,
  HPAScalingRules,
  HorizontalPodAutoscaler,
} from 'kubernetes-types/autoscaling/v2.d.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { subdomainProblems } from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import { autoscalerForm } from './autoscaler-form.ts';
import { metricsText } from './metrics-text.ts';
import { validateAutoscaler, validateAutoscalerStatus } from './autoscaler-validation.ts';

export const horizontalPodAutoscalerKind: KindDefinition<'HorizontalPodAutoscaler'> = {
  names: {
    kind: 'HorizontalPodAutoscaler',
    group: 'autoscaling',
    version: 'v2',
    plural: 'horizontalpodautoscalers',
    singular: 'horizontalpodautoscaler',
    shortNames: ['hpa'],
    categories: ['all'],
    namespaced: true,
  },
  schema: 'autoscaling.v2.HorizontalPodAutoscaler',
  otherForms: [autoscalerForm],
  subresources: ['status'],
  columns: [
    nameColumn(),
    column('Reference', 'What it scales.', ({ spec }) =>
      spec === undefined ? '' : `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`,
    ),
    column('Targets', 'Load as it is, and as it should be.', metricsText),
    column('MinPods', 'Fewest replicas.', ({ spec }) => String(spec?.minReplicas ?? '<unset>')),
    column('MaxPods', 'Most replicas.', ({ spec }) => spec?.maxReplicas ?? 0, 'integer'),
    column('Replicas', 'Replicas there.', ({ status }) => status?.currentReplicas ?? 0, 'integer'),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults,
    validate: validateAutoscaler,
    validateUpdate: () => [],
    validateStatus: validateAutoscalerStatus,
    hasStatus: true,
    countsGenerations: false,
    prepareCreate: (autoscaler) => {
      autoscaler.status = { desiredReplicas: 0, currentMetrics: [] };
    },
  },
};

const CPU_PERCENT = 80;
const PERIOD_SECONDS = 15;

function setDefaults({ spec }: HorizontalPodAutoscaler): void {
  if (spec === undefined) return;
  spec.minReplicas ??= 1;
  if ((spec.metrics ?? []).length === 0) {
    const target = { type: 'Utilization', averageUtilization: CPU_PERCENT };
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  }
  if (spec.behavior === undefined) return;
  const { behavior } = spec;
  const byPercent: HPAScalingPolicy = {
    type: 'Percent',
    value: 100,
    periodSeconds: PERIOD_SECONDS,
  };
  const byPods: HPAScalingPolicy = { type: 'Pods', value: 4, periodSeconds: PERIOD_SECONDS };
  behavior.scaleUp = completed(behavior.scaleUp, [byPods, byPercent]);
  behavior.scaleUp.stabilizationWindowSeconds ??= 0;
  behavior.scaleDown = completed(behavior.scaleDown, [byPercent]);
}

const completed = (
  rules: HPAScalingRules | undefined,
  policies: HPAScalingPolicy[],
): HPAScalingRules => ({
  ...rules,
  selectPolicy: rules?.selectPolicy ?? 'Max',
  policies: rules?.policies ?? policies,
});
