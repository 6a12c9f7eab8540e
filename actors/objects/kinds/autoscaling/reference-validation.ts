// What is wrong with the name of an object that may be of any kind.

import type { CrossVersionObjectReference } from 'kubernetes-types/autoscaling/v2.d.ts';
import { invalid } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { requiredName } from '../../field-rules.ts';
import { pathSegmentProblems } from '../../name-rules.ts';

type Errors = readonly FieldError[];

export const validateReference = (
  reference: CrossVersionObjectReference | undefined,
  path: string,
): Errors => [
  ...requiredName(`${path}.kind`, reference?.kind, pathSegmentProblems),
  ...requiredName(`${path}.name`, reference?.name, pathSegmentProblems),
  ...((reference?.apiVersion ?? '').split('/').length > 2
    ? [
        invalid(
          `${path}.apiVersion`,
          reference?.apiVersion,
          `unexpected GroupVersion string: ${reference?.apiVersion}`,
        ),
      ]
    : []),
];
