// How well does a node suit the pod? Points, more is better; a filter has said yes already.

import { tolerates } from '../objects/tolerations.ts';
import type { NodeView } from './cluster-view.ts';
import type { Demand } from './demand.ts';
import { matchesTerm } from './node-affinity.ts';
import type { Seat } from './seat.ts';

/** A neighbour of the same group costs this in the same failure domain, which outweighs full nodes there. */
export const DOMAIN_POINTS = 300;
/** A neighbour of the same group costs this besides on the same node. */
export const NODE_POINTS = 100;
const FREE_POINTS = 100;
const SKEW_POINTS = 50;
const LOAD_POINTS = 50;
/** What is asked for outweighs one neighbour more. */
const PREFERENCE_POINTS = 500;
const TAINT_POINTS = 100;

/** Points for what never changes during a batch: preferences, soft taints, load. */
export function traitPoints(demand: Demand, { traits, load }: NodeView): number {
  const total = demand.preferred.reduce((sum, { weight }) => sum + weight, 0);
  const won = demand.preferred
    .filter(({ preference }) => matchesTerm(preference, traits))
    .reduce((sum, { weight }) => sum + weight, 0);
  const unwelcome = traits.taints.filter(
    (taint) =>
      taint.effect === 'PreferNoSchedule' &&
      !demand.tolerations.some((toleration) => tolerates(toleration, taint)),
  ).length;
  const busy = load === undefined ? 0 : Math.max(load.cpu, load.memory);
  return (
    (total === 0 ? 0 : (PREFERENCE_POINTS * won) / total) -
    TAINT_POINTS * unwelcome -
    LOAD_POINTS * Math.min(1, Math.max(0, busy))
  );
}

const fraction = (left: number, total: number): number => (total <= 0 ? 0 : left / total);

/** Points for what would be left: much of everything, and about as much of each. */
export function roomPoints({ allocation }: Demand, seat: Seat): number {
  const { allocatable } = seat.node.traits;
  const cpu = fraction(seat.cpuMillis - allocation.cpuMillis, allocatable.cpuMillis);
  const memory = fraction(seat.memoryBytes - allocation.memoryBytes, allocatable.memoryBytes);
  const pods = fraction(seat.pods - 1, allocatable.pods);
  return (FREE_POINTS * (cpu + memory + pods)) / 3 - SKEW_POINTS * Math.abs(cpu - memory);
}
