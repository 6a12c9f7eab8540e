// How far a rolling update may leave the desired count, above and below.

import type { Deployment } from 'kubernetes-types/apps/v1.d.ts';

/** In pods. */
export interface Budget {
  readonly desired: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

const QUARTER = '25%';

/** A number of pods, or a percentage of `total` rounded by `round`. */
function resolve(
  value: number | string,
  total: number,
  round: (fraction: number) => number,
): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value);
  return percent === null ? 0 : round((Number(percent[1]) * total) / 100);
}

/**
 * The budget of a Deployment. Surge rounds up and unavailable down; were both zero, nothing could ever
 * move, so then one pod may be unavailable. Recreate has no surge.
 */
export function rolloutBudget(deployment: Deployment): Budget {
  const desired = deployment.spec?.replicas ?? 1;
  if (deployment.spec?.strategy?.type === 'Recreate') {
    return { desired, maxSurge: 0, maxUnavailable: desired };
  }
  const rolling = deployment.spec?.strategy?.rollingUpdate;
  const maxSurge = resolve(rolling?.maxSurge ?? QUARTER, desired, Math.ceil);
  const unavailable = resolve(rolling?.maxUnavailable ?? QUARTER, desired, Math.floor);
  const maxUnavailable = maxSurge === 0 && unavailable === 0 ? 1 : Math.min(unavailable, desired);
  return { desired, maxSurge, maxUnavailable };
}
