// Can this node run the pod? Nothing when it can, else the first reason why not, in Kubernetes' words.

import { tolerates } from '../objects/tolerations.ts';
import type { NodeTraits } from './cluster-view.ts';
import { EMBEDDED_DRIVER } from './cluster-view.ts';
import type { Demand } from './demand.ts';
import { matchesNodeSelector } from './node-affinity.ts';
import type { Seat } from './seat.ts';

/** What the zone as a whole means for a filter. */
export interface ZoneTraits {
  /** Some node of the zone offers more than the embedded driver. */
  readonly offersOtherDrivers: boolean;
}

type TraitFilter = (demand: Demand, node: NodeTraits, zone: ZoneTraits) => string | undefined;

const notCordoned: TraitFilter = (_demand, node) =>
  node.isCordoned ? 'node(s) were unschedulable' : undefined;

const toleratesTaints: TraitFilter = ({ tolerations }, { taints }) => {
  const taint = taints.find(
    (taint) =>
      taint.effect !== 'PreferNoSchedule' &&
      !tolerations.some((toleration) => tolerates(toleration, taint)),
  );
  return taint && `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`;
};

const isReady: TraitFilter = (_demand, node) =>
  node.isReady ? undefined : 'node(s) were not ready';

const matchesSelectors: TraitFilter = ({ nodeSelector, required }, node) => {
  const matches =
    Object.entries(nodeSelector).every(([key, value]) => node.labels[key] === value) &&
    matchesNodeSelector(required, node);
  return matches ? undefined : "node(s) didn't match Pod's node affinity/selector";
};

const hasDriver: TraitFilter = ({ driver }, { drivers }, zone) => {
  if (driver !== undefined) {
    return drivers.has(driver) ? undefined : `node(s) didn't offer the driver ${driver}`;
  }
  // A pod that names no driver expects images; only a zone without any other driver runs it as a process.
  const hasOther = [...drivers].some((name) => name !== EMBEDDED_DRIVER);
  return hasOther || !zone.offersOtherDrivers
    ? undefined
    : `node(s) only offered the driver ${EMBEDDED_DRIVER}`;
};

const TRAIT_FILTERS = [notCordoned, toleratesTaints, isReady, matchesSelectors, hasDriver];

/** Why a node can never run the pod as the log has it now: the same before and after other placements. */
export function refusedByTraits(
  demand: Demand,
  node: NodeTraits,
  zone: ZoneTraits,
): string | undefined {
  for (const filter of TRAIT_FILTERS) {
    const reason = filter(demand, node, zone);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Why what is left of a node is not enough; a pod that asks for nothing of a resource never lacks it. */
export function refusedByRoom({ allocation }: Demand, seat: Seat): string | undefined {
  const { cpuMillis, memoryBytes, hostPorts } = allocation;
  if (seat.pods < 1) return 'Too many pods';
  if (cpuMillis > 0 && cpuMillis > seat.cpuMillis) return 'Insufficient cpu';
  if (memoryBytes > 0 && memoryBytes > seat.memoryBytes) return 'Insufficient memory';
  if (!hostPorts.every(seat.isPortFree)) {
    return "node(s) didn't have free ports for the requested pod ports";
  }
  return undefined;
}
