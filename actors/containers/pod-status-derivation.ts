// The status of a pod, from its life on this peer: phase, conditions, container statuses. Pure.

import type {
  ContainerState,
  ContainerStatus,
  PodCondition,
  PodStatus,
} from 'kubernetes-types/core/v1.d.ts';
import { unreachable } from '../../runtime/index.ts';
import type { Stored } from '../objects/objects.ts';
import type { ContainerExit } from './container-driver.ts';
import { areInitsDone, isOver, isReady, isRestarted, isStarted, specOf } from './pod-life.ts';
import type { ContainerLife, PodLife } from './pod-life.ts';
import { waitToRestart } from './pod-lifecycle.ts';

/** What the status says beside the pod's life. */
export interface StatusContext {
  readonly hostIP: string;
  /** For containerID: `process://…`. */
  readonly driver: string;
  /** Ports on which processes of the pod listen on all addresses of the machine. */
  readonly wildcardPorts: readonly number[];
  readonly nowMs: number;
}

/** Condition of this project: true when a process of the pod is reachable beside its pod's address. */
export const WILDCARD_CONDITION = 'skein.dev/WildcardListener';

/** Fields that this peer does not own are kept as they are in `pod.status`. */
export function derivePodStatus(
  pod: Stored<'Pod'>,
  life: PodLife,
  context: StatusContext,
): PodStatus {
  const statuses = life.containers.map((c) => containerStatus(pod, life, c, context));
  const inits = statuses.filter((_, i) => life.containers[i]!.isInit);
  const mains = statuses.filter((_, i) => !life.containers[i]!.isInit);
  const phase = phaseOf(pod, life);
  const address = 'sandbox' in life.sandbox ? life.sandbox.sandbox.address : pod.status?.podIP;
  const hasStarted = life.sandbox.type !== 'none' && life.sandbox.type !== 'creating';
  const startTime = pod.status?.startTime ?? (hasStarted ? timeText(context.nowMs) : undefined);
  return {
    ...pod.status,
    phase,
    conditions: conditionsOf(pod, life, phase, context),
    ...(context.hostIP === '' ? {} : { hostIP: context.hostIP, hostIPs: [{ ip: context.hostIP }] }),
    ...(address === undefined || address === ''
      ? {}
      : { podIP: address, podIPs: [{ ip: address }] }),
    ...(startTime === undefined ? {} : { startTime }),
    ...(inits.length === 0 ? {} : { initContainerStatuses: inits }),
    containerStatuses: mains,
  };
}

/** Kubernetes writes times to the second. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The phase, by Kubernetes' rules; a pod that was asked to end has one of the last two once nothing of it runs. */
export function phaseOf(pod: Stored<'Pod'>, life: PodLife): NonNullable<PodStatus['phase']> {
  const mains = life.containers.filter(({ isInit }) => !isInit);
  const isAsked = life.ending !== undefined && life.sandbox.type === 'stopped';
  if (isAsked || isOver(pod, life)) {
    const isGood = ({ run }: ContainerLife): boolean =>
      run.type === 'exited' && run.exit.exitCode === 0;
    return mains.length > 0 && mains.every(isGood) ? 'Succeeded' : 'Failed';
  }
  if (!areInitsDone(life)) return 'Pending';
  const hasBegun = ({ attempt, run, last }: ContainerLife): boolean =>
    run.type === 'running' || run.type === 'exited' || last !== undefined || attempt > 0;
  return mains.every(hasBegun) ? 'Running' : 'Pending';
}

function containerStatus(
  pod: Stored<'Pod'>,
  life: PodLife,
  container: ContainerLife,
  context: StatusContext,
): ContainerStatus {
  const { run, last, name } = container;
  const spec = specOf(pod, name);
  const isWaiting = isBackingOff(pod, life, container, context.nowMs);
  const previous = isWaiting && run.type === 'exited' ? { id: run.id, exit: run.exit } : last;
  const id = run.type === 'running' || run.type === 'exited' ? run.id : previous?.id;
  return {
    name,
    image: spec?.image ?? '',
    imageID: '',
    ready: container.isInit ? run.type === 'exited' && run.exit.exitCode === 0 : isReady(container),
    started: isStarted(container),
    restartCount: Math.max(0, container.attempt),
    state: isWaiting ? backOff(pod, container) : stateOf(life, container, context),
    ...(previous === undefined
      ? { lastState: {} }
      : { lastState: { terminated: terminated(previous.id, previous.exit, context) } }),
    ...(id === undefined ? {} : { containerID: `${context.driver}://${id}` }),
  };
}

function isBackingOff(
  pod: Stored<'Pod'>,
  life: PodLife,
  container: ContainerLife,
  nowMs: number,
): boolean {
  const { run } = container;
  if (run.type !== 'exited' || life.ending !== undefined) return false;
  return isRestarted(pod, container, run.exit.exitCode) && waitToRestart(container, nowMs) > 0;
}

function backOff(pod: Stored<'Pod'>, { name, backoffMs }: ContainerLife): ContainerState {
  const { metadata } = pod;
  const which = `${metadata?.name}_${metadata?.namespace}(${metadata?.uid})`;
  const message = `back-off ${backoffMs / 1_000}s restarting failed container=${name} pod=${which}`;
  return { waiting: { reason: 'CrashLoopBackOff', message } };
}

function stateOf(life: PodLife, container: ContainerLife, context: StatusContext): ContainerState {
  const { run } = container;
  switch (run.type) {
    case 'running':
      return { running: { startedAt: timeText(run.startedAtMs) } };
    case 'exited':
      return { terminated: terminated(run.id, run.exit, context) };
    case 'refused':
      return { waiting: { reason: run.reason, message: run.message } };
    case 'none':
    case 'starting':
      return { waiting: waitingFor(life, container) };
    default:
      return unreachable(run);
  }
}

function waitingFor(
  life: PodLife,
  { isInit }: ContainerLife,
): NonNullable<ContainerState['waiting']> {
  if (life.sandbox.type === 'failed') {
    return { reason: 'FailedCreatePodSandBox', message: life.sandbox.message };
  }
  const areInitsAhead = !isInit && !areInitsDone(life);
  return { reason: areInitsAhead ? 'PodInitializing' : 'ContainerCreating' };
}

function terminated(
  id: string,
  exit: ContainerExit,
  { driver }: StatusContext,
): NonNullable<ContainerState['terminated']> {
  return {
    exitCode: exit.exitCode,
    reason: exit.reason,
    ...(exit.signal === 0 ? {} : { signal: exit.signal }),
    ...(exit.message === '' ? {} : { message: exit.message }),
    startedAt: timeText(exit.startedAtMs),
    finishedAt: timeText(exit.finishedAtMs),
    containerID: `${driver}://${id}`,
  };
}

function conditionsOf(
  pod: Stored<'Pod'>,
  life: PodLife,
  phase: PodStatus['phase'],
  context: StatusContext,
): PodCondition[] {
  const unready = namesOf(life, (c) => !c.isInit && !isReady(c));
  const uninitialized = areInitsDone(life)
    ? []
    : namesOf(life, (c) => c.isInit && !(c.run.type === 'exited' && c.run.exit.exitCode === 0));
  const isOver = phase === 'Succeeded' || phase === 'Failed';
  const because = phase === 'Succeeded' ? 'PodCompleted' : phase === 'Failed' ? 'PodFailed' : '';
  const ready: Said =
    unready.length === 0
      ? { status: 'True' }
      : isOver
        ? { status: 'False', reason: because }
        : {
            status: 'False',
            reason: 'ContainersNotReady',
            message: `containers with unready status: [${unready.join(' ')}]`,
          };
  const initialized: Said =
    uninitialized.length === 0
      ? { status: 'True', ...(phase === 'Succeeded' ? { reason: because } : {}) }
      : {
          status: 'False',
          reason: 'ContainersNotInitialized',
          message: `containers with incomplete status: [${uninitialized.join(' ')}]`,
        };
  const said: [string, Said][] = [
    ['PodReadyToStartContainers', { status: life.sandbox.type === 'ready' ? 'True' : 'False' }],
    ['Initialized', initialized],
    ['Ready', ready],
    ['ContainersReady', ready],
    ['PodScheduled', { status: 'True' }],
  ];
  const wildcard = wildcardSaid(context.wildcardPorts, pod);
  if (wildcard !== undefined) said.push([WILDCARD_CONDITION, wildcard]);
  const own = new Set(said.map(([type]) => type));
  const others = (pod.status?.conditions ?? []).filter(({ type }) => !own.has(type));
  return [...said.map(([type, now]) => condition(pod, type, now, context)), ...others];
}

type Said = Pick<PodCondition, 'status' | 'reason' | 'message'>;

function wildcardSaid(ports: readonly number[], pod: Stored<'Pod'>): Said | undefined {
  if (ports.length > 0) {
    return {
      status: 'True',
      reason: 'ListensOnAllAddresses',
      message: `port ${ports.join(', ')} is open on all addresses of the machine: bind the address in SKEIN_POD_IP instead`,
    };
  }
  const was = pod.status?.conditions?.some(({ type }) => type === WILDCARD_CONDITION);
  return was === true ? { status: 'False' } : undefined;
}

/** The time of the last transition stays as long as the status does. */
function condition(
  pod: Stored<'Pod'>,
  type: string,
  said: Said,
  { nowMs }: StatusContext,
): PodCondition {
  const before = pod.status?.conditions?.find((one) => one.type === type);
  const isSame = before?.status === said.status && before.lastTransitionTime !== undefined;
  return {
    type,
    status: said.status,
    lastTransitionTime: isSame ? before.lastTransitionTime! : timeText(nowMs),
    ...(said.reason === undefined || said.reason === '' ? {} : { reason: said.reason }),
    ...(said.message === undefined ? {} : { message: said.message }),
  };
}

function namesOf(life: PodLife, matches: (container: ContainerLife) => boolean): string[] {
  return life.containers.filter(matches).map(({ name }) => name);
}
