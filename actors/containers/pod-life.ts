// What is known of a pod on this peer: its sandbox, its containers, and whether it is to end. Pure data.
//
//   sandbox    none -> creating -> ready -> stopping -> stopped
//                ^-- failed <--'
//   container  none -> starting -> running -> exited -+-> starting (attempt + 1)
//                ^-- refused <--'                     `-> stays (restartPolicy)

import type { Container } from 'kubernetes-types/core/v1.d.ts';
import { unreachable } from '../../runtime/index.ts';
import type { Stored } from '../objects/objects.ts';
import type { ContainerExit, ContainerStatus, PodSandbox } from './container-driver.ts';
import { beginProbe } from './probe-state.ts';
import type { ProbeKind, ProbeState } from './probe-state.ts';

/** When what the driver would not do is asked again. */
export interface Retry {
  readonly retryAtMs: number;
  /** The wait that ends then; the next one is longer. */
  readonly waitMs: number;
  /** It has been asked again and has not answered yet. */
  readonly isRetrying: boolean;
}

export type SandboxLife =
  | { readonly type: 'none' }
  | { readonly type: 'creating' }
  | ({ readonly type: 'failed'; readonly message: string } & Retry)
  | { readonly type: 'ready'; readonly sandbox: PodSandbox }
  | { readonly type: 'stopping'; readonly sandbox: PodSandbox }
  | { readonly type: 'stopped' };

export type ContainerRun =
  | { readonly type: 'none' }
  /** The driver has been asked to create and start it. */
  | { readonly type: 'starting' }
  /** The driver would not create it; asked again at `retryAtMs`. */
  | ({ readonly type: 'refused'; readonly reason: string; readonly message: string } & Retry)
  | {
      readonly type: 'running';
      readonly id: string;
      readonly startedAtMs: number;
      /** The driver has been asked to stop it, with this much grace in all. */
      readonly isStopping: boolean;
    }
  | {
      readonly type: 'exited';
      readonly id: string;
      readonly exit: ContainerExit;
      /** When this peer learned of it, by its own count of time: the engine's clock may have jumped. */
      readonly endedAtMs: number;
    };

export interface ContainerLife {
  readonly name: string;
  readonly isInit: boolean;
  /** Of the newest instance; -1 before the first. Also the restart count, once it is above 0. */
  readonly attempt: number;
  readonly run: ContainerRun;
  /** The end of the instance before the present one. */
  readonly last?: { readonly id: string; readonly exit: ContainerExit };
  /** What the last restart left: see restart-backoff.ts. */
  readonly backoffMs: number;
  /** Present while it runs, for the probes it declares. */
  readonly probes: Readonly<Partial<Record<ProbeKind, ProbeState>>>;
}

/** Why the whole pod is to end. */
export interface Ending {
  readonly graceMs: number;
  readonly deadlineMs: number;
}

export interface PodLife {
  readonly sandbox: SandboxLife;
  /** Init containers first, each group in the order of the spec. */
  readonly containers: readonly ContainerLife[];
  readonly ending: Ending | undefined;
}

export const DEFAULT_GRACE_MS = 30_000;

/** terminationGracePeriodSeconds, or what its deletion asked for. */
export function graceMsOf(pod: Stored<'Pod'>): number {
  const asked = pod.metadata?.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds;
  return asked === undefined ? DEFAULT_GRACE_MS : asked * 1_000;
}

export function isInitOf(pod: Stored<'Pod'>, name: string): boolean {
  return (pod.spec?.initContainers ?? []).some((container) => container.name === name);
}

export function specOf(pod: Stored<'Pod'>, name: string): Container | undefined {
  return allContainers(pod).find((container) => container.name === name);
}

export function allContainers(pod: Stored<'Pod'>): readonly Container[] {
  return [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
}

/** What a driver already has of a pod. */
export interface FoundPod {
  readonly sandbox: PodSandbox | undefined;
  readonly containers: readonly ContainerStatus[];
}

/** A pod as this peer finds it: new, or left by an earlier life of the peer. */
export function beginLife(pod: Stored<'Pod'>, found: FoundPod, nowMs: number): PodLife {
  const { sandbox } = found;
  return {
    sandbox:
      sandbox === undefined
        ? { type: 'none' }
        : sandbox.state === 'ready'
          ? { type: 'ready', sandbox }
          : { type: 'stopped' },
    containers: allContainers(pod).map((spec) =>
      foundContainer(
        pod,
        spec,
        found.containers.filter(({ name }) => name === spec.name),
        nowMs,
      ),
    ),
    ending: undefined,
  };
}

function foundContainer(
  pod: Stored<'Pod'>,
  spec: Container,
  instances: readonly ContainerStatus[],
  nowMs: number,
): ContainerLife {
  const fresh: ContainerLife = {
    name: spec.name,
    isInit: isInitOf(pod, spec.name),
    attempt: -1,
    run: { type: 'none' },
    backoffMs: 0,
    probes: {},
  };
  const begun = instances.filter(({ state }) => state !== 'created');
  const newest = begun.at(-1);
  if (newest === undefined) return fresh;
  const before = begun.at(-2);
  const life: ContainerLife = {
    ...fresh,
    attempt: newest.attempt,
    ...(before?.exit === undefined ? {} : { last: { id: before.id, exit: before.exit } }),
  };
  const run = runOf(newest, Math.min(newest.exit?.finishedAtMs ?? nowMs, nowMs));
  const probes = run.type === 'running' ? adoptedProbes(pod, spec, newest, nowMs) : {};
  return { ...life, run, probes };
}

/** A container that was ready when its peer went is ready when it comes back, until a probe says otherwise. */
function adoptedProbes(
  pod: Stored<'Pod'>,
  spec: Container,
  status: ContainerStatus,
  nowMs: number,
): ContainerLife['probes'] {
  const known = pod.status?.containerStatuses?.find(({ name }) => name === spec.name);
  const isSame = known?.containerID?.endsWith(`://${status.id}`) === true;
  const probes = beginProbes(spec, Math.min(status.startedAtMs, nowMs), nowMs);
  const pass = (state: ProbeState | undefined): ProbeState | undefined =>
    state === undefined ? undefined : { ...state, verdict: 'success' };
  return dropAbsent({
    liveness: probes.liveness,
    startup: isSame && known.started === true ? pass(probes.startup) : probes.startup,
    readiness: isSame && known.ready ? pass(probes.readiness) : probes.readiness,
  });
}

/** The probes that a container declares, from its start on, none due before `nowMs`. */
export function beginProbes(
  spec: Container,
  startedAtMs: number,
  nowMs: number,
): ContainerLife['probes'] {
  const begin = (probe: Container['livenessProbe']): ProbeState | undefined => {
    if (probe === undefined) return undefined;
    const state = beginProbe(probe, startedAtMs);
    return { ...state, nextAtMs: Math.max(state.nextAtMs, nowMs) };
  };
  return dropAbsent({
    startup: begin(spec.startupProbe),
    readiness: begin(spec.readinessProbe),
    liveness: begin(spec.livenessProbe),
  });
}

function dropAbsent(
  probes: Readonly<Record<ProbeKind, ProbeState | undefined>>,
): ContainerLife['probes'] {
  return Object.fromEntries(
    Object.entries(probes).filter(([, state]) => state !== undefined),
  ) as ContainerLife['probes'];
}

/** What a status of the driver says of the present instance, which ended at `endedAtMs` if it did. */
export function runOf(status: ContainerStatus, endedAtMs: number): ContainerRun {
  switch (status.state) {
    case 'created':
      return { type: 'starting' };
    case 'running':
      return {
        type: 'running',
        id: status.id,
        startedAtMs: status.startedAtMs,
        isStopping: false,
      };
    case 'exited':
      return { type: 'exited', id: status.id, exit: status.exit!, endedAtMs };
    default:
      return unreachable(status.state);
  }
}

/** Whether nothing of it has run or will run without being asked again. */
export function isAtRest({ run }: ContainerLife): boolean {
  if (run.type === 'refused') return !run.isRetrying;
  return run.type !== 'running' && run.type !== 'starting';
}

export function isStarted({ run, probes }: ContainerLife): boolean {
  return run.type === 'running' && (probes.startup?.verdict ?? 'success') === 'success';
}

export function isReady(container: ContainerLife): boolean {
  if (!isStarted(container)) return false;
  return (container.probes.readiness?.verdict ?? 'success') === 'success';
}

/** Whether connections may go to the pod: every container is ready, and nobody asked for its end. */
export function isServing({ containers, ending }: PodLife): boolean {
  const mains = containers.filter(({ isInit }) => !isInit);
  return ending === undefined && mains.length > 0 && mains.every(isReady);
}

/** Whether an ended container is started again, by the pod's restartPolicy; init containers only until they succeed. */
export function isRestarted(
  pod: Stored<'Pod'>,
  container: ContainerLife,
  exitCode: number,
): boolean {
  const policy = pod.spec?.restartPolicy ?? 'Always';
  if (policy === 'Never') return false;
  return container.isInit || policy === 'OnFailure' ? exitCode !== 0 : true;
}

export function areInitsDone(life: PodLife): boolean {
  // A peer that comes back may find the ends of init containers collected, but never main ones before them.
  if (life.containers.some(({ isInit, attempt }) => !isInit && attempt >= 0)) return true;
  return life.containers.every(
    ({ isInit, run }) => !isInit || (run.type === 'exited' && run.exit.exitCode === 0),
  );
}

/** Nothing of the pod will ever run again, although nobody asked it to end: Succeeded or Failed. */
export function isOver(pod: Stored<'Pod'>, life: PodLife): boolean {
  const ended = (container: ContainerLife): boolean =>
    container.run.type === 'exited' && !isRestarted(pod, container, container.run.exit.exitCode);
  const inits = life.containers.filter(({ isInit }) => isInit);
  const initFailed = inits.some(
    (c) => ended(c) && c.run.type === 'exited' && c.run.exit.exitCode !== 0,
  );
  const mains = life.containers.filter(({ isInit }) => !isInit);
  return initFailed ? mains.every(isAtRest) : mains.length > 0 && mains.every(ended);
}
