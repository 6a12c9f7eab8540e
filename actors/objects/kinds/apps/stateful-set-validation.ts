// What is wrong with a StatefulSet.

import type { StatefulSet, StatefulSetSpec } from 'kubernetes-types/apps/v1.d.ts';
import { forbidden, invalid } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { notNegative, oneOf, optionalName, sameValue } from '../../field-rules.ts';
import { labelProblems } from '../../name-rules.ts';
import { isZeroShare, validateShare } from '../share-validation.ts';
import { notMoreThan, validateCounts } from '../status-counts.ts';
import { validateWorkload } from '../workload-validation.ts';

type Errors = readonly FieldError[];

export function validateStatefulSet({ spec }: Readonly<StatefulSet>): Errors {
  const claims = (spec?.volumeClaimTemplates ?? []).map(({ metadata }) => metadata?.name ?? '');
  const { podManagementPolicy, persistentVolumeClaimRetentionPolicy: retention } = spec ?? {};
  const errors = [
    ...validateWorkload(spec, 'StatefulSet', claims),
    ...optionalName('spec.serviceName', spec?.serviceName, labelProblems),
    ...notNegative('spec.ordinals.start', spec?.ordinals?.start),
    ...validateUpdateStrategy(spec?.updateStrategy),
  ];
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const path = `spec.persistentVolumeClaimRetentionPolicy.${field}`;
    errors.push(...oneOf(path, retention?.[field], ['Delete', 'Retain']));
  }
  if (!['OrderedReady', 'Parallel'].includes(podManagementPolicy ?? 'OrderedReady')) {
    const detail = "must be 'OrderedReady' or 'Parallel'";
    errors.push(invalid('spec.podManagementPolicy', podManagementPolicy, detail));
  }
  return errors;
}

function validateUpdateStrategy(strategy: StatefulSetSpec['updateStrategy']): Errors {
  const path = 'spec.updateStrategy';
  const rolling = strategy?.rollingUpdate;
  switch (strategy?.type) {
    case 'OnDelete':
      if (rolling === undefined) return [];
      return [
        invalid(
          `${path}.rollingUpdate`,
          rolling,
          "only allowed for updateStrategy 'RollingUpdate'",
        ),
      ];
    case 'RollingUpdate': {
      const { partition, maxUnavailable } = rolling ?? {};
      const errors = [
        ...notNegative(`${path}.rollingUpdate.partition`, partition),
        ...validateShare(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable, 100),
      ];
      if (errors.length === 0 && maxUnavailable !== undefined && isZeroShare(maxUnavailable)) {
        errors.push(invalid(`${path}.rollingUpdate.maxUnavailable`, maxUnavailable, 'cannot be 0'));
      }
      return errors;
    }
    default:
      return [invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")];
  }
}

const MUTABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

export function validateStatefulSetUpdate(
  next: Readonly<StatefulSet>,
  old: Readonly<StatefulSet>,
): Errors {
  if (sameValue(fixedPart(next.spec), fixedPart(old.spec))) return [];
  const named = MUTABLE.map((field) => `'${field}'`);
  const detail = `updates to statefulset spec for fields other than ${named.slice(0, -1).join(', ')} and ${named.at(-1)} are forbidden`;
  return [forbidden('spec', detail)];
}

function fixedPart(spec: StatefulSetSpec | undefined): Partial<StatefulSetSpec> {
  const fixed: Partial<StatefulSetSpec> = { ...spec };
  for (const field of MUTABLE) delete fixed[field];
  return fixed;
}

export function validateStatefulSetStatus(
  { status }: Readonly<StatefulSet>,
  old: Readonly<StatefulSet>,
): Errors {
  const parts = [
    'readyReplicas',
    'currentReplicas',
    'updatedReplicas',
    'availableReplicas',
  ] as const;
  const counted = ['replicas', ...parts, 'observedGeneration', 'collisionCount'] as const;
  const errors = [
    ...validateCounts(status, counted, old.status?.collisionCount),
    ...parts.flatMap((part) => notMoreThan(status, part, 'replicas')),
  ];
  const { availableReplicas = 0, readyReplicas = 0 } = status ?? {};
  if (availableReplicas <= readyReplicas) return errors;
  return [...errors, ...notMoreThan(status, 'availableReplicas', 'readyReplicas')];
}
