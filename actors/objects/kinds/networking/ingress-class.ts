// IngressClass: who serves the Ingresses that name it.

import type {
  IngressClass,
  IngressClassParametersReference,
} from 'kubernetes-types/networking/v1.d.ts';
import { forbidden, required, tooLong } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { oneOf, optionalName, requiredName, unchanged } from '../../field-rules.ts';
import type { KindDefinition } from '../../kind-definition.ts';
import {
  domainPathProblems,
  labelProblems,
  pathSegmentProblems,
  subdomainProblems,
} from '../../name-rules.ts';
import { ageColumn, column, nameColumn } from '../columns.ts';

export const ingressClassKind: KindDefinition<'IngressClass'> = {
  names: {
    kind: 'IngressClass',
    group: 'networking.k8s.io',
    version: 'v1',
    plural: 'ingressclasses',
    singular: 'ingressclass',
    shortNames: [],
    categories: [],
    namespaced: false,
  },
  schema: 'networking.v1.IngressClass',
  subresources: [],
  columns: [
    nameColumn(),
    column('Controller', 'Who serves it.', ({ spec }) => spec?.controller ?? ''),
    column('Parameters', 'The object with its settings.', ({ spec }) => {
      const parameters = spec?.parameters;
      if (parameters === undefined) return '<none>';
      const { apiGroup = '', kind, name } = parameters;
      return `${apiGroup === '' ? kind : `${kind}.${apiGroup}`}/${name}`;
    }),
    ageColumn(),
  ],
  selectableFields: {},
  strategy: {
    nameProblems: subdomainProblems,
    setDefaults: ({ spec }) => {
      if (spec?.parameters !== undefined) spec.parameters.scope ??= 'Cluster';
    },
    validate: validateIngressClass,
    validateUpdate: (next, old) =>
      unchanged('spec.controller', next.spec?.controller, old.spec?.controller),
    hasStatus: false,
    countsGenerations: true,
  },
};

const CONTROLLER_LENGTH = 250;

function validateIngressClass({ spec }: Readonly<IngressClass>): readonly FieldError[] {
  const { controller = '', parameters } = spec ?? {};
  return [
    ...(controller.length > CONTROLLER_LENGTH
      ? [tooLong('spec.controller', CONTROLLER_LENGTH)]
      : []),
    ...requiredName('spec.controller', controller, domainPathProblems),
    ...(parameters === undefined ? [] : validateParameters(parameters, 'spec.parameters')),
  ];
}

function validateParameters(
  { apiGroup, kind, name, scope, namespace }: Readonly<IngressClassParametersReference>,
  path: string,
): readonly FieldError[] {
  const errors = [
    ...optionalName(`${path}.apiGroup`, apiGroup, subdomainProblems),
    ...requiredName(`${path}.kind`, kind, pathSegmentProblems),
    ...requiredName(`${path}.name`, name, pathSegmentProblems),
    ...oneOf(`${path}.scope`, scope, ['Cluster', 'Namespace']),
  ];
  const at = `${path}.namespace`;
  if (scope === 'Namespace') {
    if ((namespace ?? '') === '') {
      errors.push(required(at, "`parameters.scope` is set to 'Namespace'"));
    } else errors.push(...optionalName(at, namespace, labelProblems));
  }
  if (scope === 'Cluster' && namespace !== undefined) {
    errors.push(forbidden(at, "`parameters.scope` is set to 'Cluster'"));
  }
  return errors;
}
