// RuntimeClass: a name for how containers are run.

import type { RuntimeClass } from 'kubernetes-types/node/v1.d.ts';
import { invalid } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { invalidBecause, requiredName, unchanged, validateLabels } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import { labelProblems, qualifiedNameProblems, subdomainProblems } from '../../name-rules.ts';
import { parseQuantity } from '../../quantity.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';
import { validateToleration } from '../pod-spec-validation.ts';

export const runtimeClassKind: KindDefinition<'RuntimeClass'> = {
  names: {
    kind: 'RuntimeClass',
    group: 'node.k8s.io',
    version: 'v1',
    plural: 'runtimeclasses',
    singular: 'runtimeclass',
    shortNames: [],
    categories: [],
    namespaced: false,
  },
  schema: 'node.v1.RuntimeClass',
  subresources: [],
  columns: [
    nameColumn(),
    column('Handler', 'What runs the containers.', ({ handler }) => handler ?? ''),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: () => undefined,
    validate: validateRuntimeClass,
    validateUpdate: (next, old) => unchanged('handler', next.handler, old.handler),
    hasStatus: false,
    countsGenerations: false,
  },
};

function validateRuntimeClass({
  handler,
  overhead,
  scheduling,
}: Readonly<RuntimeClass>): readonly FieldError[] {
  const { nodeSelector, tolerations = [] } = scheduling ?? {};
  return [
    ...requiredName('handler', handler, labelProblems),
    ...Object.entries(overhead?.podFixed ?? {}).flatMap(([name, amount]) => {
      const path = `overhead.podFixed[${name}]`;
      const isNegative = (parseQuantity(amount)?.nanos ?? 0n) < 0n;
      return [
        ...invalidBecause(path, name, qualifiedNameProblems(name)),
        ...(isNegative ? [invalid(path, amount, 'must be greater than or equal to 0')] : []),
      ];
    }),
    ...validateLabels('scheduling.nodeSelector', nodeSelector),
    ...tolerations.flatMap((one, i) => validateToleration(one, `scheduling.tolerations[${i}]`)),
  ];
}
