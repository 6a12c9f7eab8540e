// Conflicts of an apply, in Kubernetes' words.

import { StatusError } from '../../status.ts';
import { pathsOf, pathText } from './field-set.ts';
import type { Manager } from './managers.ts';
import type { Conflict } from './tracking.ts';

/** Causes told in one answer at most. */
const MAX_CAUSES = 1_000;

function describe({ name, operation, apiVersion, subresource }: Manager): string {
  const below = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  const using = operation === 'Update' ? ` using ${apiVersion}` : '';
  return `${JSON.stringify(name)}${below}${using}`;
}

/** 409 that names every field in conflict and who manages it. */
export function applyConflict(conflicts: readonly Conflict[]): StatusError {
  const told = conflicts
    .map(({ manager, fields }) => ({
      by: describe(manager),
      paths: pathsOf(fields).map(pathText),
    }))
    .sort((left, right) => (left.by < right.by ? -1 : 1));
  const causes = told.flatMap(({ by, paths }) =>
    paths.map((field) => ({
      reason: 'FieldManagerConflict',
      message: `conflict with ${by}`,
      field,
    })),
  );
  const lines = told.flatMap(({ by, paths }) => [
    `conflicts with ${by}:`,
    ...paths.map((path) => `- ${path}`),
  ]);
  const [only] = causes;
  const message =
    causes.length === 1
      ? `Apply failed with 1 conflict: ${only!.message}: ${only!.field}`
      : `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`;
  return new StatusError(409, 'Conflict', message, { causes: causes.slice(0, MAX_CAUSES) });
}
