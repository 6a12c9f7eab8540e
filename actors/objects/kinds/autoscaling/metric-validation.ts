// What is wrong with the metrics of a HorizontalPodAutoscaler.

import type {
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from 'kubernetes-types/autoscaling/v2.d.ts';
import { forbidden, invalid, notSupported, required } from '../../field-errors.ts';
import type { FieldError } from '../../field-errors.ts';
import { invalidBecause, validateLabelSelector } from '../../field-rules.ts';
import { pathSegmentProblems } from '../../name-rules.ts';
import { parseQuantity } from '../../quantity.ts';
import { validateReference } from './reference-validation.ts';

type Errors = readonly FieldError[];

/** Where the source of a type of metric is written. */
const SOURCES = {
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
  External: 'external',
  ContainerResource: 'containerResource',
} as const;

export const validateMetrics = (metrics: readonly MetricSpec[] | undefined, path: string): Errors =>
  (metrics ?? []).flatMap((metric, i) => validateMetric(metric, `${path}[${i}]`));

function validateMetric(metric: Readonly<MetricSpec>, path: string): Errors {
  if (metric.type === '') return [required(`${path}.type`, 'must specify a metric source type')];
  const own = Object.hasOwn(SOURCES, metric.type)
    ? SOURCES[metric.type as keyof typeof SOURCES]
    : undefined;
  if (own === undefined) return [notSupported(`${path}.type`, metric.type, Object.keys(SOURCES))];
  const errors = Object.values(SOURCES)
    .filter((source) => source !== own && metric[source] !== undefined)
    .map((source) => forbidden(`${path}.${source}`, 'must populate the given metric source only'));
  const at = `${path}.${own}`;
  if (metric[own] === undefined) {
    return [...errors, required(at, 'must populate information for the given metric source')];
  }
  return [...errors, ...validateSource(metric, own, at)];
}

function validateSource(
  metric: Readonly<MetricSpec>,
  own: (typeof SOURCES)[keyof typeof SOURCES],
  path: string,
): Errors {
  switch (own) {
    case 'object': {
      const { describedObject, metric: asked, target } = metric.object!;
      return [
        ...validateReference(describedObject, `${path}.describedObject`),
        ...validateIdentifier(asked, `${path}.metric`),
        ...validateTarget(target, `${path}.target`),
        ...eitherValue(target, `${path}.target`, 'must set either a target value or averageValue'),
      ];
    }
    case 'external': {
      const { metric: asked, target } = metric.external!;
      const words = 'must set either a target value for metric or a per-pod target';
      return [
        ...validateIdentifier(asked, `${path}.metric`),
        ...validateTarget(target, `${path}.target`),
        ...eitherValue(target, `${path}.target`, words),
        ...(target?.value !== undefined && target.averageValue !== undefined
          ? [
              forbidden(
                `${path}.target.value`,
                'may not set both a target value for metric and a per-pod target',
              ),
            ]
          : []),
      ];
    }
    case 'pods': {
      const { metric: asked, target } = metric.pods!;
      const needs = 'must specify a positive target averageValue';
      return [
        ...validateIdentifier(asked, `${path}.metric`),
        ...validateTarget(target, `${path}.target`),
        ...(isPositive(target?.averageValue)
          ? []
          : [required(`${path}.target.averageValue`, needs)]),
      ];
    }
    case 'resource':
      return validateResource(metric.resource!, path);
    case 'containerResource': {
      const source = metric.containerResource!;
      const needs =
        source.container === '' ? [required(`${path}.container`, 'must specify a container')] : [];
      return [...needs, ...validateResource(source, path)];
    }
  }
}

function validateResource(
  { name, target }: { readonly name: string; readonly target: MetricTarget },
  path: string,
): Errors {
  const errors = [
    ...(name === '' ? [required(`${path}.name`, 'must specify a resource name')] : []),
    ...validateTarget(target, `${path}.target`),
  ];
  const [share, value] = [target?.averageUtilization, target?.averageValue];
  if (share === undefined && value === undefined) {
    const detail = 'must set either a target raw value or a target utilization';
    errors.push(required(`${path}.target.averageUtilization`, detail));
  }
  if (share !== undefined && value !== undefined) {
    const detail = 'may not set both a target raw value and a target utilization';
    errors.push(forbidden(`${path}.target.averageValue`, detail));
  }
  return errors;
}

const isPositive = (quantity: string | undefined): boolean =>
  quantity !== undefined && (parseQuantity(quantity)?.nanos ?? 0n) > 0n;

function validateTarget(target: MetricTarget | undefined, path: string): Errors {
  if (target === undefined) return [required(path)];
  const { type, value, averageValue, averageUtilization } = target;
  const errors: FieldError[] = [];
  if (type === '') errors.push(required(`${path}.type`, 'must specify a metric target type'));
  else if (!['Utilization', 'Value', 'AverageValue'].includes(type)) {
    const detail = 'must be either Utilization, Value, or AverageValue';
    errors.push(invalid(`${path}.type`, type, detail));
  }
  for (const [field, amount] of Object.entries({ value, averageValue })) {
    if (amount !== undefined && !isPositive(amount)) {
      errors.push(invalid(`${path}.${field}`, amount, 'must be positive'));
    }
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    const detail = 'must be greater than 0';
    errors.push(invalid(`${path}.averageUtilization`, averageUtilization, detail));
  }
  return errors;
}

const eitherValue = (target: MetricTarget | undefined, path: string, detail: string): Errors =>
  target?.value === undefined && target?.averageValue === undefined
    ? [required(`${path}.averageValue`, detail)]
    : [];

function validateIdentifier(metric: MetricIdentifier | undefined, path: string): Errors {
  const { name = '', selector } = metric ?? {};
  return [
    ...(name === ''
      ? [required(`${path}.name`, 'must specify a metric name')]
      : invalidBecause(`${path}.name`, name, pathSegmentProblems(name))),
    ...(selector === undefined ? [] : validateLabelSelector(`${path}.selector`, selector)),
  ];
}
