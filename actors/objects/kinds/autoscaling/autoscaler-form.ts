// Autoscalers as autoscaling/v1 has them: a share of CPU in the spec, all else that v2 can say in annotations.

import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HorizontalPodAutoscalerStatus,
  MetricSpec,
} from 'kubernetes-types/autoscaling/v2.d.ts';
import type { OtherForm } from '../../kind-definition.ts';

type Fields = Readonly<Record<string, unknown>>;

const PREFIX = 'autoscaling.alpha.kubernetes.io/';
const METRICS = `${PREFIX}metrics`;
const BEHAVIOR = `${PREFIX}behavior`;
const CURRENT_METRICS = `${PREFIX}current-metrics`;
const CONDITIONS = `${PREFIX}conditions`;

export const autoscalerForm: OtherForm<'HorizontalPodAutoscaler'> = {
  group: 'autoscaling',
  version: 'v1',
  schema: 'autoscaling.v1.HorizontalPodAutoscaler',
  toStored,
  fromStored,
  selectableFields: {},
};

const isCpuShare = ({ type, resource }: Readonly<MetricSpec>): boolean =>
  type === 'Resource' &&
  resource?.name === 'cpu' &&
  resource.target.averageUtilization !== undefined;

function fromStored(autoscaler: Readonly<HorizontalPodAutoscaler>): Fields {
  const said: Record<string, string> = {};
  const note = (name: string, value: readonly unknown[] | object | undefined): void => {
    const isEmpty = value === undefined || (Array.isArray(value) && value.length === 0);
    if (!isEmpty) said[name] = JSON.stringify(value);
  };
  const shown: Record<string, unknown> = { ...autoscaler };
  if (autoscaler.spec !== undefined) {
    const { metrics = [], behavior, ...spec } = autoscaler.spec;
    const cpu = metrics.findIndex(isCpuShare);
    const targetCPUUtilizationPercentage = metrics[cpu]?.resource?.target.averageUtilization;
    shown['spec'] = { ...spec, ...present({ targetCPUUtilizationPercentage }) };
    note(METRICS, metrics.toSpliced(cpu, cpu < 0 ? 0 : 1));
    note(BEHAVIOR, behavior);
  }
  if (autoscaler.status !== undefined) {
    const { currentMetrics = [], conditions, ...status } = autoscaler.status;
    const current = currentMetrics.find(({ resource }) => resource?.name === 'cpu');
    const currentCPUUtilizationPercentage = current?.resource?.current.averageUtilization;
    shown['status'] = { ...status, ...present({ currentCPUUtilizationPercentage }) };
    note(CURRENT_METRICS, currentMetrics);
    note(CONDITIONS, conditions);
  }
  if (Object.keys(said).length === 0) return shown;
  const { metadata } = autoscaler;
  return {
    ...shown,
    metadata: { ...metadata, annotations: { ...metadata?.annotations, ...said } },
  };
}

const present = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

function toStored(object: Fields): HorizontalPodAutoscaler {
  const { metadata, spec, status, ...rest } = object as Omit<HorizontalPodAutoscaler, 'kind'> & {
    readonly spec?: HorizontalPodAutoscalerSpec & { targetCPUUtilizationPercentage?: number };
    readonly status?: HorizontalPodAutoscalerStatus & { currentCPUUtilizationPercentage?: number };
  };
  const notes = metadata?.annotations ?? {};
  const stored: Record<string, unknown> = { ...rest };
  if (metadata !== undefined) stored['metadata'] = withoutNotes(metadata);
  if (spec !== undefined) {
    const { targetCPUUtilizationPercentage: share, ...others } = spec;
    const target = { type: 'Utilization', averageUtilization: share };
    const cpu = { type: 'Resource', resource: { name: 'cpu', target } };
    const metrics = [...(share === undefined ? [] : [cpu]), ...listIn(notes[METRICS])];
    const behavior = valueIn(notes[BEHAVIOR]);
    stored['spec'] = {
      ...others,
      ...present({ behavior }),
      ...(metrics.length > 0 && { metrics }),
    };
  }
  if (status !== undefined) {
    const { currentCPUUtilizationPercentage: _share, ...others } = status;
    const currentMetrics = valueIn(notes[CURRENT_METRICS]);
    const conditions = valueIn(notes[CONDITIONS]);
    stored['status'] = { ...others, ...present({ currentMetrics, conditions }) };
  }
  return stored;
}

function withoutNotes(metadata: NonNullable<HorizontalPodAutoscaler['metadata']>): object {
  const { annotations, ...rest } = metadata;
  if (annotations === undefined) return rest;
  const left = Object.entries(annotations).filter(
    ([name]) => ![METRICS, BEHAVIOR, CURRENT_METRICS, CONDITIONS].includes(name),
  );
  return left.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(left) };
}

/** What an annotation says; undefined for none and for what is no JSON. */
function valueIn(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function listIn(text: string | undefined): readonly unknown[] {
  const value = valueIn(text);
  return Array.isArray(value) ? value : [];
}
