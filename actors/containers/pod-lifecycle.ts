// The life of a pod: what happened in, what to do next out. Pure; pod-actor.ts does it.

import { unreachable } from '../../runtime/index.ts';
import type { Stored } from '../objects/objects.ts';
import type { ContainerStatus, PodSandbox } from './container-driver.ts';
import {
  areInitsDone,
  beginProbes,
  isAtRest,
  isOver,
  isRestarted,
  runOf,
  specOf,
} from './pod-life.ts';
import type { ContainerLife, Ending, PodLife, Retry, SandboxLife } from './pod-life.ts';
import { afterLook, look } from './probe-state.ts';
import type { ProbeKind } from './probe-state.ts';
import { backoffAfterRestart, waitAfterEnd } from './restart-backoff.ts';

/** What happened to a pod on this peer. */
export type PodEvent =
  | { readonly type: 'sandbox-ready'; readonly sandbox: PodSandbox }
  | { readonly type: 'sandbox-failed'; readonly message: string }
  | { readonly type: 'sandbox-stopped' }
  /** Stopping it did not work: to be asked again. */
  | { readonly type: 'sandbox-lingers' }
  | { readonly type: 'container-changed'; readonly status: ContainerStatus }
  | {
      readonly type: 'container-refused';
      readonly name: string;
      readonly reason: string;
      readonly message: string;
    }
  /** Stopping it did not work: to be asked again. */
  | { readonly type: 'stop-failed'; readonly id: string }
  | {
      readonly type: 'looked';
      readonly name: string;
      readonly kind: ProbeKind;
      /** Of the instance that was looked at. */
      readonly id: string;
      readonly isSuccess: boolean;
      readonly message: string;
    }
  /** The pod is to end; a later one can only shorten the grace. */
  | { readonly type: 'end'; readonly graceMs: number };

/** What is to be done next. */
export type PodAction =
  | { readonly type: 'run-sandbox' }
  | { readonly type: 'start'; readonly name: string; readonly attempt: number }
  | {
      readonly type: 'stop';
      readonly name: string;
      readonly id: string;
      readonly graceMs: number;
      readonly why: string;
    }
  /** An instance older than the last two ends. */
  | { readonly type: 'remove'; readonly id: string }
  | { readonly type: 'look'; readonly name: string; readonly kind: ProbeKind; readonly id: string }
  | { readonly type: 'stop-sandbox' };

export interface Decision {
  readonly life: PodLife;
  readonly actions: readonly PodAction[];
  /** Look again after this long, even if nothing happens; undefined: no need to. */
  readonly wakeInMs: number | undefined;
}

/** What a pod is after something happened to it. */
export function afterEvent(
  pod: Stored<'Pod'>,
  life: PodLife,
  event: PodEvent,
  nowMs: number,
): PodLife {
  switch (event.type) {
    case 'sandbox-ready':
      return { ...life, sandbox: { type: 'ready', sandbox: event.sandbox } };
    case 'sandbox-failed': {
      const waitMs = life.sandbox.type === 'failed' ? life.sandbox.waitMs : 0;
      return {
        ...life,
        sandbox: { type: 'failed', message: event.message, ...retry(waitMs, nowMs) },
      };
    }
    case 'sandbox-stopped':
      return { ...life, sandbox: { type: 'stopped' } };
    case 'sandbox-lingers':
      return life.sandbox.type === 'stopping'
        ? { ...life, sandbox: { type: 'ready', sandbox: life.sandbox.sandbox } }
        : life;
    case 'container-changed':
      return changeContainer(life, event.status.name, (container) =>
        afterStatus(pod, container, event.status, nowMs),
      );
    case 'container-refused':
      return changeContainer(life, event.name, (container) => {
        const next = retry(container.run.type === 'refused' ? container.run.waitMs : 0, nowMs);
        const { reason, message } = event;
        return {
          ...container,
          attempt: container.attempt - 1,
          run: { type: 'refused', reason, message, ...next },
        };
      });
    case 'stop-failed':
      return { ...life, containers: life.containers.map((c) => resumed(c, event.id)) };
    case 'looked':
      return changeContainer(life, event.name, (container) => {
        const state = container.probes[event.kind];
        const probe = specOf(pod, event.name)?.[`${event.kind}Probe`];
        if (state === undefined || probe === undefined) return container;
        if (container.run.type !== 'running' || container.run.id !== event.id) return container;
        const next = afterLook(state, probe, event.isSuccess, event.message, nowMs);
        return { ...container, probes: { ...container.probes, [event.kind]: next } };
      });
    case 'end':
      return { ...life, ...hastened(life, event.graceMs, nowMs) };
    default:
      return unreachable(event);
  }
}

/** Takes note of what it asks for, so that the same is not asked twice. */
export function decide(pod: Stored<'Pod'>, life: PodLife, nowMs: number): Decision {
  if (life.ending !== undefined) return decideEnding(life, life.ending, nowMs);
  if (isOver(pod, life)) return stopSandbox(life);
  switch (life.sandbox.type) {
    case 'none':
    case 'stopped':
      return runSandbox(life);
    case 'failed': {
      if (life.sandbox.isRetrying) return { life, actions: [], wakeInMs: undefined };
      const leftMs = Math.min(life.sandbox.retryAtMs - nowMs, life.sandbox.waitMs);
      return leftMs > 0 ? { life, actions: [], wakeInMs: leftMs } : runSandbox(life);
    }
    case 'creating':
    case 'stopping':
      return { life, actions: [], wakeInMs: undefined };
    case 'ready':
      return decideContainers(pod, life, nowMs);
    default:
      return unreachable(life.sandbox);
  }
}

function runSandbox(life: PodLife): Decision {
  // A failed one is remembered until the next attempt has its answer: its wait doubles.
  const sandbox: SandboxLife =
    life.sandbox.type === 'failed' ? { ...life.sandbox, isRetrying: true } : { type: 'creating' };
  return { life: { ...life, sandbox }, actions: [{ type: 'run-sandbox' }], wakeInMs: undefined };
}

function stopSandbox(life: PodLife): Decision {
  const { sandbox } = life;
  if (sandbox.type !== 'ready') return { life, actions: [], wakeInMs: undefined };
  const stopping: PodLife = { ...life, sandbox: { type: 'stopping', sandbox: sandbox.sandbox } };
  return { life: stopping, actions: [{ type: 'stop-sandbox' }], wakeInMs: undefined };
}

function decideEnding(life: PodLife, ending: Ending, nowMs: number): Decision {
  if (life.containers.every(isAtRest)) {
    // Nothing was ever asked of the driver: nothing is to be stopped there.
    const { sandbox } = life;
    if (sandbox.type === 'none' || (sandbox.type === 'failed' && !sandbox.isRetrying)) {
      return { life: { ...life, sandbox: { type: 'stopped' } }, actions: [], wakeInMs: undefined };
    }
    return stopSandbox(life);
  }
  const actions: PodAction[] = [];
  const containers = life.containers.map((container): ContainerLife => {
    const { run } = container;
    if (run.type !== 'running' || run.isStopping) return container;
    const graceMs = Math.max(0, Math.min(ending.graceMs, ending.deadlineMs - nowMs));
    actions.push({ type: 'stop', name: container.name, id: run.id, graceMs, why: 'the pod ends' });
    return { ...container, run: { ...run, isStopping: true } };
  });
  return { life: { ...life, containers }, actions, wakeInMs: undefined };
}

function decideContainers(pod: Stored<'Pod'>, life: PodLife, nowMs: number): Decision {
  const steps: Step[] = [];
  const initsDone = areInitsDone(life);
  let isInitTurn = true;
  const containers = life.containers.map((container) => {
    const { run } = container;
    const isDone = container.isInit && run.type === 'exited' && run.exit.exitCode === 0;
    const isTurn = container.isInit ? !initsDone && !isDone && isInitTurn : initsDone;
    // Init containers one after the other: the first that is not done has its turn.
    if (container.isInit && !isDone) isInitTurn = false;
    const step = isTurn ? stepContainer(pod, container, nowMs) : keep(container);
    steps.push(step);
    return step.container;
  });
  const wakes = steps.flatMap(({ wakeInMs }) => (wakeInMs === undefined ? [] : [wakeInMs]));
  return {
    life: { ...life, containers },
    actions: steps.flatMap(({ actions }) => actions),
    wakeInMs: wakes.length === 0 ? undefined : Math.max(0, Math.min(...wakes)),
  };
}

interface Step {
  readonly container: ContainerLife;
  readonly actions: readonly PodAction[];
  readonly wakeInMs: number | undefined;
}

const keep = (container: ContainerLife): Step => ({ container, actions: [], wakeInMs: undefined });

function stepContainer(pod: Stored<'Pod'>, container: ContainerLife, nowMs: number): Step {
  const { run } = container;
  switch (run.type) {
    case 'none':
      return start(container, 0);
    case 'starting':
      return keep(container);
    case 'refused': {
      if (run.isRetrying) return keep(container);
      const leftMs = Math.min(run.retryAtMs - nowMs, run.waitMs);
      return leftMs > 0 ? { ...keep(container), wakeInMs: leftMs } : start(container, 0);
    }
    case 'running':
      return run.isStopping ? keep(container) : stepRunning(pod, container, run.id, nowMs);
    case 'exited': {
      if (!isRestarted(pod, container, run.exit.exitCode)) return keep(container);
      const waitMs = waitToRestart(container, nowMs);
      if (waitMs > 0) return { ...keep(container), wakeInMs: waitMs };
      const ranMs = run.exit.finishedAtMs - run.exit.startedAtMs;
      return start(container, waitAfterEnd(container.backoffMs, ranMs));
    }
    default:
      return unreachable(run);
  }
}

/** How long until an ended container may be started again; 0: now. */
export function waitToRestart({ run, backoffMs }: ContainerLife, nowMs: number): number {
  if (run.type !== 'exited') return 0;
  const { startedAtMs, finishedAtMs } = run.exit;
  const waitMs = waitAfterEnd(backoffMs, finishedAtMs - startedAtMs);
  return Math.max(0, Math.min(run.endedAtMs + waitMs - nowMs, waitMs));
}

function start(container: ContainerLife, waitedMs: number): Step {
  const { run, last } = container;
  const attempt = container.attempt + 1;
  const isRestart = run.type === 'exited';
  const actions: PodAction[] = [{ type: 'start', name: container.name, attempt }];
  if (isRestart && last !== undefined) actions.push({ type: 'remove', id: last.id });
  return {
    container: {
      ...container,
      attempt,
      // A refused one is remembered until the next answer: its wait doubles.
      run: run.type === 'refused' ? { ...run, isRetrying: true } : { type: 'starting' },
      ...(isRestart ? { last: { id: run.id, exit: run.exit } } : {}),
      backoffMs: isRestart ? backoffAfterRestart(waitedMs) : container.backoffMs,
      probes: {},
    },
    actions,
    wakeInMs: undefined,
  };
}

function stepRunning(
  pod: Stored<'Pod'>,
  container: ContainerLife,
  id: string,
  nowMs: number,
): Step {
  const { name, probes, run } = container;
  const failing = (['startup', 'liveness'] as const).find((k) => probes[k]?.verdict === 'failure');
  if (failing !== undefined && run.type === 'running') {
    const own = specOf(pod, name)?.[`${failing}Probe`]?.terminationGracePeriodSeconds;
    const graceMs = (own ?? pod.spec?.terminationGracePeriodSeconds ?? 30) * 1_000;
    const why = `${failing} probe failed: ${probes[failing]?.message ?? ''}`;
    return {
      container: { ...container, run: { ...run, isStopping: true } },
      actions: [{ type: 'stop', name, id, graceMs, why }],
      wakeInMs: undefined,
    };
  }
  return stepProbes(container, id, nowMs);
}

function stepProbes(container: ContainerLife, id: string, nowMs: number): Step {
  const { name, probes } = container;
  const isStarting = (probes.startup?.verdict ?? 'success') !== 'success';
  const kinds: readonly ProbeKind[] = isStarting ? ['startup'] : ['readiness', 'liveness'];
  const actions: PodAction[] = [];
  const next = { ...probes };
  let wakeInMs: number | undefined;
  for (const kind of kinds) {
    const state = probes[kind];
    if (state === undefined || state.isLooking) continue;
    const leftMs = state.nextAtMs - nowMs;
    if (leftMs > 0) {
      wakeInMs = Math.min(wakeInMs ?? Infinity, leftMs);
    } else {
      next[kind] = look(state);
      actions.push({ type: 'look', name, kind, id });
    }
  }
  return { container: { ...container, probes: next }, actions, wakeInMs };
}

function afterStatus(
  pod: Stored<'Pod'>,
  container: ContainerLife,
  status: ContainerStatus,
  nowMs: number,
): ContainerLife {
  const { run } = container;
  // News of an older instance, or of one that ended already, change nothing.
  if (status.attempt !== container.attempt || run.type === 'exited') return container;
  const next = runOf(status, nowMs);
  if (next.type === 'starting' || (next.type === 'running' && run.type === 'running')) {
    return container;
  }
  const spec = specOf(pod, container.name);
  const isRunning = next.type === 'running' && spec !== undefined;
  return {
    ...container,
    run: next,
    probes: isRunning ? beginProbes(spec, nowMs, nowMs) : {},
  };
}

function hastened(
  life: PodLife,
  graceMs: number,
  nowMs: number,
): Pick<PodLife, 'ending' | 'containers'> {
  const deadlineMs = nowMs + graceMs;
  const { ending, containers } = life;
  if (ending !== undefined && ending.deadlineMs <= deadlineMs) return { ending, containers };
  // Those that are being stopped already are asked again, with the shorter grace.
  return { ending: { graceMs, deadlineMs }, containers: containers.map((c) => resumed(c)) };
}

function resumed(container: ContainerLife, id?: string): ContainerLife {
  const { run } = container;
  if (run.type !== 'running' || (id !== undefined && run.id !== id)) return container;
  return { ...container, run: { ...run, isStopping: false } };
}

/** What the driver refuses is asked again sooner than what crashes: nothing was lost by asking. */
const RETRY_FIRST_MS = 1_000;

function retry(waitedMs: number, nowMs: number): Retry {
  const waitMs = waitedMs === 0 ? RETRY_FIRST_MS : backoffAfterRestart(waitedMs);
  return { waitMs, retryAtMs: nowMs + waitMs, isRetrying: false };
}

function changeContainer(
  life: PodLife,
  name: string,
  change: (container: ContainerLife) => ContainerLife,
): PodLife {
  return {
    ...life,
    containers: life.containers.map((c) => (c.name === name ? change(c) : c)),
  };
}
