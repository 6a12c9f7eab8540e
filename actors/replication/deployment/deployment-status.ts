// What a Deployment reports: counts, and whether it is available and progressing.
//
//   Progressing:  NewReplicaSetCreated -> ReplicaSetUpdated* -> NewReplicaSetAvailable   (True)
//                          \________________\__ no progress in time --> ProgressDeadlineExceeded (False)

import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from 'kubernetes-types/apps/v1.d.ts';
import { timestamp } from '../../objects/meta.ts';
import { withCondition } from '../../objects/conditions.ts';
import type { Budget } from './budget.ts';

/** The value with which a Deployment says that it has no deadline. */
const NO_DEADLINE_SECONDS = 2_147_483_647;
const DEFAULT_DEADLINE_SECONDS = 600;

export interface StatusInput {
  readonly deployment: Deployment;
  readonly budget: Budget;
  /** The set of the present template; undefined before it exists. */
  readonly current: ReplicaSet | undefined;
  /** All sets, the current one included. */
  readonly sets: readonly ReplicaSet[];
  /** The current set is created by this very plan. */
  readonly isCreating: boolean;
  readonly nowMs: number;
}

type Counts = Required<
  Pick<
    DeploymentStatus,
    'replicas' | 'updatedReplicas' | 'readyReplicas' | 'availableReplicas' | 'unavailableReplicas'
  >
>;

function countsOf({ sets, current }: StatusInput): Counts {
  const sum = (count: (set: ReplicaSet) => number | undefined): number =>
    sets.reduce((total, set) => total + (count(set) ?? 0), 0);
  const availableReplicas = sum(({ status }) => status?.availableReplicas);
  const wanted = sum(({ spec }) => spec?.replicas);
  return {
    replicas: sum(({ status }) => status?.replicas),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: sum(({ status }) => status?.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, wanted - availableReplicas),
  };
}

/** Every replica is of the present template and available, and no other is left. */
const isComplete = ({ budget }: StatusInput, counts: Counts): boolean =>
  counts.updatedReplicas === budget.desired &&
  counts.replicas === budget.desired &&
  counts.availableReplicas >= budget.desired;

function hasProgressed(before: DeploymentStatus | undefined, counts: Counts): boolean {
  const old = (status: Partial<Counts> | undefined): number =>
    (status?.replicas ?? 0) - (status?.updatedReplicas ?? 0);
  return (
    counts.updatedReplicas > (before?.updatedReplicas ?? 0) ||
    counts.readyReplicas > (before?.readyReplicas ?? 0) ||
    counts.availableReplicas > (before?.availableReplicas ?? 0) ||
    old(counts) < old(before)
  );
}

function deadlineMs({ spec }: Deployment): number | undefined {
  const seconds = spec?.progressDeadlineSeconds ?? DEFAULT_DEADLINE_SECONDS;
  return seconds >= NO_DEADLINE_SECONDS ? undefined : seconds * 1_000;
}

type Progress = Pick<DeploymentCondition, 'status' | 'reason' | 'message'> & {
  /** Counts as progress: moves the time from which the deadline runs. */
  readonly moves: boolean;
};

function progressOf(
  input: StatusInput,
  counts: Counts,
  known: DeploymentCondition | undefined,
): Progress | undefined {
  const { deployment, current } = input;
  const name = `ReplicaSet "${current?.metadata?.name}"`;
  if (deployment.spec?.paused === true) {
    const message = 'Deployment is paused';
    return { status: 'Unknown', reason: 'DeploymentPaused', message, moves: false };
  }
  if (known?.reason === 'DeploymentPaused') {
    const message = 'Deployment is resumed';
    return { status: 'Unknown', reason: 'DeploymentResumed', message, moves: true };
  }
  if (input.isCreating) {
    const message = `Created new replica set "${current?.metadata?.name}"`;
    return { status: 'True', reason: 'NewReplicaSetCreated', message, moves: true };
  }
  if (isComplete(input, counts)) {
    const message = `${name} has successfully progressed.`;
    return { status: 'True', reason: 'NewReplicaSetAvailable', message, moves: true };
  }
  if (hasProgressed(deployment.status, counts) || known === undefined) {
    const message = `${name} is progressing.`;
    return { status: 'True', reason: 'ReplicaSetUpdated', message, moves: true };
  }
  const limitMs = deadlineMs(deployment);
  const sinceMs = Date.parse(known.lastUpdateTime ?? '');
  const isLate = limitMs !== undefined && sinceMs + limitMs <= input.nowMs;
  if (!isLate || known.reason === 'NewReplicaSetAvailable') return undefined;
  const message = `${name} has timed out progressing.`;
  return { status: 'False', reason: 'ProgressDeadlineExceeded', message, moves: false };
}

function conditionsOf(input: StatusInput, counts: Counts): DeploymentCondition[] {
  const { deployment, budget, nowMs } = input;
  const before = deployment.status?.conditions ?? [];
  const isAvailable = counts.availableReplicas >= budget.desired - budget.maxUnavailable;
  const available: DeploymentCondition = {
    type: 'Available',
    status: isAvailable ? 'True' : 'False',
    reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${isAvailable ? 'has' : 'does not have'} minimum availability.`,
  };
  const withTime = (next: DeploymentCondition, moves: boolean): DeploymentCondition[] => {
    const known = before.find(({ type }) => type === next.type);
    const isSame = known?.status === next.status && known.reason === next.reason;
    if (isSame && !moves) return [known];
    const [condition] = withCondition(known === undefined ? [] : [known], next, timestamp(nowMs));
    return [{ ...condition!, lastUpdateTime: timestamp(nowMs) }];
  };
  const known = before.find(({ type }) => type === 'Progressing');
  const progress = progressOf(input, counts, known);
  const others = before.filter(({ type }) => type !== 'Available' && type !== 'Progressing');
  if (progress === undefined) return [...withTime(available, false), known!, ...others];
  const { moves, ...rest } = progress;
  // Being complete is no progress the second time, or every look would write.
  const isRepeat = known?.reason === rest.reason && rest.reason === 'NewReplicaSetAvailable';
  const next = { type: 'Progressing', ...rest };
  return [...withTime(available, false), ...withTime(next, moves && !isRepeat), ...others];
}

/** The status after what is known of the sets. */
export function deploymentStatus(input: StatusInput): DeploymentStatus {
  const { deployment } = input;
  const counts = countsOf(input);
  const generation = deployment.metadata?.generation;
  const collisionCount = deployment.status?.collisionCount;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...counts,
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: conditionsOf(input, counts),
  };
}

/** Until the progress deadline has to be looked at; undefined when it does not run. */
export function deadlineInMs(
  { spec }: Deployment,
  status: DeploymentStatus,
  nowMs: number,
): number | undefined {
  const limitMs = deadlineMs({ spec: spec! });
  const progressing = status.conditions?.find(({ type }) => type === 'Progressing');
  const runs = progressing?.status === 'True' && progressing.reason !== 'NewReplicaSetAvailable';
  if (!runs || limitMs === undefined) return undefined;
  return Math.max(0, Date.parse(progressing.lastUpdateTime ?? '') + limitMs - nowMs);
}
