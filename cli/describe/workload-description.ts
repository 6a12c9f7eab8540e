// A deployment or replica set: how many there shall be, how many there are.

import { selectorText } from '../pod-choice.ts';
import type { ApiObject } from '../watch.ts';
import { conditionsText } from './conditions.ts';
import type { Description, Line } from './outline.ts';
import { mapText, orNone } from './outline.ts';

interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly containers?: readonly {
      readonly name: string;
      readonly image?: string;
      readonly command?: readonly string[];
    }[];
  };
}

const count = (status: Readonly<Record<string, unknown>>, field: string): string =>
  String(Number(status[field] ?? 0));

function templateLines(template: Template | undefined): readonly Line[] {
  const containers = template?.spec?.containers ?? [];
  return [
    ['Labels', mapText(template?.metadata?.labels)],
    ...containers.map(({ name, image, command }): Line => [
      `Container ${name}`,
      [image ?? '', ...(command ?? [])].filter((word) => word !== '').join(' '),
    ]),
  ];
}

function strategyText(strategy: unknown): string {
  const { type, rollingUpdate } = (strategy ?? {}) as {
    readonly type?: string;
    readonly rollingUpdate?: Readonly<Record<string, unknown>>;
  };
  if (rollingUpdate === undefined) return orNone(type);
  const { maxUnavailable, maxSurge } = rollingUpdate;
  return `${orNone(type)}, ${orNone(maxUnavailable)} max unavailable, ${orNone(maxSurge)} max surge`;
}

/** Without metadata and events. */
export function workloadDescription(object: ApiObject): Description {
  const { spec = {}, status = {} } = object;
  const isDeployment = object.kind === 'Deployment';
  const replicas = isDeployment
    ? `${orNone(spec['replicas'])} desired, ${count(status, 'updatedReplicas')} updated, ` +
      `${count(status, 'replicas')} total, ${count(status, 'availableReplicas')} available, ` +
      `${count(status, 'unavailableReplicas')} unavailable`
    : `${orNone(spec['replicas'])} desired, ${count(status, 'replicas')} current, ` +
      `${count(status, 'readyReplicas')} ready`;
  const facts: readonly Line[] = [
    ['Selector', selectorText(spec['selector'] ?? {})],
    ['Replicas', replicas],
    ...(isDeployment ? [['Strategy', strategyText(spec['strategy'])] as const] : []),
    ['Pod template', templateLines(spec['template'] as Template | undefined)],
  ];
  return { facts, sections: [conditionsText(object)] };
}
