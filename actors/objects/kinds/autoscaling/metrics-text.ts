// The targets of an autoscaler as `kubectl get` shows them: `cpu: 10%/80%`.

import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from 'kubernetes-types/autoscaling/v2.d.ts';

/** Metrics named in the cell; the rest is counted. */
const SHOWN = 2;
const UNKNOWN = '<unknown>';

export function metricsText({ spec, status }: Readonly<HorizontalPodAutoscaler>): string {
  const texts = (spec?.metrics ?? []).map((metric, i) =>
    metricText(metric, status?.currentMetrics?.[i]),
  );
  if (texts.length === 0) return '<none>';
  const more = texts.length - SHOWN;
  return texts.slice(0, SHOWN).join(', ') + (more > 0 ? ` + ${more} more...` : '');
}

function metricText(metric: MetricSpec, current: MetricStatus | undefined): string {
  switch (metric.type) {
    case 'Resource':
      return `${metric.resource?.name}: ${loadText(metric.resource?.target, current?.resource?.current)}`;
    case 'ContainerResource': {
      const { name, target } = metric.containerResource ?? {};
      return `${name}: ${loadText(target, current?.containerResource?.current)}`;
    }
    case 'Pods':
      return `${current?.pods?.current.averageValue ?? UNKNOWN}/${metric.pods?.target.averageValue}`;
    case 'Object':
      return valueText(metric.object?.target, current?.object?.current);
    case 'External':
      return valueText(metric.external?.target, current?.external?.current);
    default:
      return '<unknown type>';
  }
}

function loadText(
  target: MetricTarget | undefined,
  current: MetricValueStatus | undefined,
): string {
  if (target?.averageValue !== undefined) {
    return `${current?.averageValue ?? UNKNOWN}/${target.averageValue}`;
  }
  const percent = current?.averageUtilization;
  const wanted = target?.averageUtilization;
  return `${percent === undefined ? UNKNOWN : `${percent}%`}/${wanted === undefined ? '<auto>' : `${wanted}%`}`;
}

const valueText = (
  target: MetricTarget | undefined,
  current: MetricValueStatus | undefined,
): string =>
  target?.averageValue === undefined
    ? `${current?.value ?? UNKNOWN}/${target?.value}`
    : `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`;
