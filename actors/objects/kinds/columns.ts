// Pieces that the printed columns of several kinds share.

import type { Container, PodSpec } from 'kubernetes-types/core/v1.d.ts';
import type { LabelSelector } from 'kubernetes-types/meta/v1.d.ts';
import type { Cell, Column } from '../kind-definition.ts';
import type { KindName, ObjectTypes } from '../kinds.ts';
import { formatSelector, selectorOf } from '../label-selectors.ts';
import { parseTimestamp } from '../meta.ts';

type CellOf<K extends KindName> = (object: Readonly<ObjectTypes[K]>, nowMs: number) => Cell;

/** A column that is always shown. */
export const column = <K extends KindName>(
  name: string,
  description: string,
  cell: CellOf<K>,
  type: Column<K>['type'] = 'string',
): Column<K> => ({ name, type, priority: 0, description, cell });

/** A column that is shown with `-o wide`. */
export const wideColumn = <K extends KindName>(
  name: string,
  description: string,
  cell: CellOf<K>,
  type: Column<K>['type'] = 'string',
): Column<K> => ({ name, type, priority: 1, description, cell });

export const nameColumn = <K extends KindName>(): Column<K> => ({
  name: 'Name',
  type: 'string',
  format: 'name',
  priority: 0,
  description: 'Unique within its namespace.',
  cell: (object) => object.metadata?.name ?? '',
});

export const ageColumn = <K extends KindName>(): Column<K> =>
  column('Age', 'Time since it was created.', (object, nowMs) =>
    ageSince(object.metadata?.creationTimestamp, nowMs),
  );

/** The age of a timestamp, or `<unknown>`. */
export function ageSince(time: string | undefined, nowMs: number): string {
  const since = parseTimestamp(time);
  return since === undefined ? '<unknown>' : formatAge(nowMs - since);
}

/** A duration in at most two units, coarser as it gets longer: 45s, 3m20s, 5h, 6d4h, 3y. */
export function formatAge(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1_000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 120) return `${Math.max(seconds, 0)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return twoUnits(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return twoUnits(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return twoUnits(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.floor(days / 365);
  return years < 8 ? twoUnits(years, 'y', days % 365, 'd') : `${years}y`;
}

const twoUnits = (major: number, unit: string, minor: number, minorUnit: string): string =>
  minor === 0 ? `${major}${unit}` : `${major}${unit}${minor}${minorUnit}`;

export const containerNames = (containers: readonly Container[] | undefined): string =>
  (containers ?? []).map(({ name }) => name).join(',');

export const containerImages = (containers: readonly Container[] | undefined): string =>
  (containers ?? []).map(({ image }) => image ?? '').join(',');

/** With `-o wide`: what runs in the pods that a workload makes. */
export const containerColumns = <K extends KindName>(
  podOf: (object: Readonly<ObjectTypes[K]>) => PodSpec | undefined,
): readonly Column<K>[] => [
  wideColumn('Containers', 'Names of the containers.', (object) =>
    containerNames(podOf(object)?.containers),
  ),
  wideColumn('Images', 'Images of the containers.', (object) =>
    containerImages(podOf(object)?.containers),
  ),
];

/** The selector's text; `<none>` for an empty one. */
export function selectorText(selector: LabelSelector | undefined): string {
  const text = formatSelector(selectorOf(selector) ?? []);
  return text === '' ? '<none>' : text;
}

/** Labels as a selector would say them; `<none>` without any. */
export const labelsText = (labels: Readonly<Record<string, string>> | undefined): string =>
  selectorText({ matchLabels: labels ?? {} });
