// One pod on this peer: tells pod-lifecycle.ts what happened and does what it decides.

import { failed, ok, SkeinError, unreachable } from '../../runtime/index.ts';
import type { Actor, ActorRef, Context, Result } from '../../runtime/index.ts';
import type { Stored } from '../objects/objects.ts';
import { containerCommand, hostnameOf } from './container-environment.ts';
import type { ContainerDriver, ContainerStatus } from './container-driver.ts';
import { beginLife, graceMsOf, specOf } from './pod-life.ts';
import type { FoundPod, PodLife } from './pod-life.ts';
import { afterEvent, decide } from './pod-lifecycle.ts';
import type { PodAction, PodEvent } from './pod-lifecycle.ts';
import { declaredPorts, probeTarget } from './prober.ts';
import type { Prober } from './prober.ts';

export type PodMessage =
  /** Its object changed; the uid is the same. */
  | { readonly type: 'pod-changed'; readonly pod: Stored<'Pod'> }
  | { readonly type: 'happened'; readonly event: PodEvent }
  /** `retry` happens a moment after a failure. */
  | {
      readonly type: 'done';
      readonly what: string;
      readonly outcome: Result<unknown>;
      readonly retry?: PodEvent;
    }
  | { readonly type: 'wake' };

/** What people should hear about a pod. */
export interface PodNews {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** '' for the pod as a whole. */
  readonly container: string;
}

/** What a pod tells the containers actor. */
export type PodReport =
  | { readonly type: 'life-changed'; readonly uid: string; readonly life: PodLife }
  | { readonly type: 'pod-news'; readonly uid: string; readonly news: PodNews };

export interface PodArgs {
  readonly pod: Stored<'Pod'>;
  readonly found: FoundPod;
  readonly driver: ContainerDriver;
  readonly prober: Prober;
  readonly nodeName: string;
  readonly hostIP: string;
  readonly parent: ActorRef<PodReport>;
  /** Its deletion was asked before this peer came to it: it is not started, and what runs of it ends. */
  readonly isEnding: boolean;
}

export interface PodState extends PodArgs {
  readonly uid: string;
  /** The wall clock less the monotonic one when this began. */
  readonly offsetMs: number;
  readonly life: PodLife;
}

/** What did not work at the driver is tried again after this. */
const RETRY_MS = 1_000;

type Doing = Context<PodMessage>;

export const podActor: Actor<PodMessage, PodState, PodArgs> = {
  start: (args, ctx) => {
    const uid = args.pod.metadata?.uid ?? '';
    const nowMs = ctx.clock.wallMs();
    const offsetMs = nowMs - ctx.clock.monotonicMs();
    const begun = beginLife(args.pod, args.found, nowMs);
    const end: PodEvent = { type: 'end', graceMs: graceMsOf(args.pod) };
    const life = args.isEnding ? afterEvent(args.pod, begun, end, nowMs) : begun;
    const state = { ...args, uid, offsetMs, life };
    args.parent.tell({ type: 'life-changed', uid, life });
    return proceed(state, life, ctx);
  },
  receive: (state, message, ctx) => {
    switch (message.type) {
      case 'pod-changed':
        return proceed({ ...state, pod: message.pod }, state.life, ctx);
      case 'happened': {
        const { event } = message;
        announce(state, event);
        return proceed(state, afterEvent(state.pod, state.life, event, steadyMs(state, ctx)), ctx);
      }
      case 'done':
        if (!message.outcome.ok) {
          const why = message.outcome.error.message;
          const { what, retry } = message;
          ctx.log.warn('driver refused', { pod: state.uid, what, why });
          if (retry !== undefined) ctx.after(`retry ${what}`, RETRY_MS, happened(retry));
        }
        return state;
      case 'wake':
        return proceed(state, state.life, ctx);
      default:
        return unreachable(message);
    }
  },
};

/** Time as this actor counts it: a wall clock that jumps must not stop probes or wake what backs off. */
const steadyMs = ({ offsetMs }: PodState, { clock }: Doing): number =>
  offsetMs + clock.monotonicMs();

/** Does what is to be done until nothing is, for now. */
function proceed(state: PodState, life: PodLife, ctx: Doing): PodState {
  const { pod, parent, uid } = state;
  const decision = decide(pod, life, steadyMs(state, ctx));
  const next = { ...state, life: decision.life };
  for (const action of decision.actions) perform(next, action, ctx);
  ctx.cancel('wake');
  if (decision.wakeInMs !== undefined) ctx.after('wake', decision.wakeInMs, { type: 'wake' });
  if (next.life !== state.life) parent.tell({ type: 'life-changed', uid, life: next.life });
  return next;
}

function perform(state: PodState, action: PodAction, ctx: Doing): void {
  const { driver, uid } = state;
  switch (action.type) {
    case 'run-sandbox':
      return runSandbox(state, ctx);
    case 'start':
      return start(state, action.name, action.attempt, ctx);
    case 'stop': {
      tellNews(state, 'Normal', 'Killing', `Stopping container: ${action.why}`, action.name);
      const retry: PodEvent = { type: 'stop-failed', id: action.id };
      ctx.run(
        () => driver.stopContainer(action.id, action.graceMs),
        (outcome) => ({
          type: 'done',
          what: `stop ${action.id}`,
          outcome: flatten(outcome),
          retry,
        }),
      );
      return;
    }
    case 'remove':
      ctx.run(
        () => driver.removeContainer(action.id),
        (outcome) => ({ type: 'done', what: 'remove', outcome: flatten(outcome) }),
      );
      return;
    case 'look':
      return lookAt(state, action, ctx);
    case 'stop-sandbox':
      ctx.run(
        () => driver.stopPod(uid),
        (outcome) => {
          const result = flatten(outcome);
          if (result.ok) return happened({ type: 'sandbox-stopped' });
          const retry: PodEvent = { type: 'sandbox-lingers' };
          return { type: 'done', what: 'stop pod', outcome: result, retry };
        },
      );
      return;
  }
}

function runSandbox({ pod, driver, uid }: PodState, ctx: Doing): void {
  const { metadata } = pod;
  const config = {
    uid,
    name: metadata?.name ?? '',
    namespace: metadata?.namespace ?? '',
    hostname: hostnameOf(pod),
    ports: declaredPorts(pod),
    graceMs: graceMsOf(pod),
  };
  ctx.run(
    () => driver.runPod(config),
    (outcome) => {
      const result = flatten(outcome);
      return happened(
        result.ok
          ? { type: 'sandbox-ready', sandbox: result.value }
          : { type: 'sandbox-failed', message: result.error.message },
      );
    },
  );
}

function start(state: PodState, name: string, attempt: number, ctx: Doing): void {
  const { pod, life, nodeName, hostIP, driver, uid } = state;
  const spec = specOf(pod, name);
  if (spec === undefined || life.sandbox.type !== 'ready') return;
  const refuse = (reason: string, message: string): PodMessage =>
    happened({ type: 'container-refused', name, reason, message });
  const { sandbox } = life.sandbox;
  const command = containerCommand(pod, spec, { nodeName, hostIP, sandbox });
  if (!command.ok) {
    return ctx.self.tell(refuse('CreateContainerConfigError', command.error.message));
  }
  if (command.value.command.length === 0 && !driver.capabilities.images) {
    const why = `container "${name}" has no command: this peer runs processes, not images, so spec.containers[].command is required`;
    return ctx.self.tell(refuse('CreateContainerError', why));
  }
  const config = {
    podUid: uid,
    name,
    attempt,
    image: spec.image ?? '',
    ...command.value,
    workingDirectory: spec.workingDir ?? '',
    stdin: spec.stdin ?? false,
    stdinOnce: spec.stdinOnce ?? false,
    tty: spec.tty ?? false,
  };
  ctx.run(
    async (): Promise<Result<ContainerStatus>> => {
      const created = await driver.createContainer(config);
      if (!created.ok) return created;
      const started = await driver.startContainer(created.value);
      if (!started.ok) return started;
      return statusOf(driver, uid, created.value);
    },
    (outcome) => {
      const result = flatten(outcome);
      if (!result.ok) return refuse('CreateContainerError', result.error.message);
      return happened({ type: 'container-changed', status: result.value });
    },
  );
}

async function statusOf(
  driver: ContainerDriver,
  uid: string,
  id: string,
): Promise<Result<ContainerStatus>> {
  const listed = await driver.containers(uid);
  if (!listed.ok) return listed;
  const status = listed.value.find((one) => one.id === id);
  return status === undefined
    ? failed(new SkeinError('not-found', `container ${id} has gone while it was started`))
    : ok(status);
}

function lookAt(state: PodState, action: Extract<PodAction, { type: 'look' }>, ctx: Doing): void {
  const { pod, life, prober } = state;
  const { name, kind, id } = action;
  const spec = specOf(pod, name);
  const probe = spec?.[`${kind}Probe`];
  if (spec === undefined || probe === undefined || life.sandbox.type !== 'ready') return;
  const looked = (isSuccess: boolean, message: string): PodMessage =>
    happened({ type: 'looked', name, kind, id, isSuccess, message });
  const target = probeTarget(probe, spec, id, life.sandbox.sandbox);
  if (!target.ok) return ctx.self.tell(looked(false, target.error.message));
  ctx.run(
    (signal) => prober.look(target.value, signal),
    (outcome) => {
      const problem = outcome.ok ? outcome.value : outcome.error.message;
      return looked(problem === undefined, problem ?? '');
    },
  );
}

/** What of an event people should hear. */
function announce(state: PodState, event: PodEvent): void {
  switch (event.type) {
    case 'container-changed': {
      const { name, attempt, state: now, exit } = event.status;
      const known = state.life.containers.find((container) => container.name === name);
      if (known?.attempt !== attempt || known.run.type === 'exited') return;
      if (now === 'running' && known.run.type !== 'running') {
        tellNews(state, 'Normal', 'Started', `Started container ${name}`, name);
      } else if (exit?.reason === 'StartError') {
        tellNews(state, 'Warning', 'Failed', `Error: ${exit.message}`, name);
      } else if (exit !== undefined && exit.exitCode !== 0 && state.life.ending === undefined) {
        const message = `Container ${name} ended with exit code ${exit.exitCode}`;
        tellNews(state, 'Warning', 'BackOff', message, name);
      }
      return;
    }
    case 'container-refused':
      return tellNews(state, 'Warning', 'Failed', `Error: ${event.message}`, event.name);
    case 'sandbox-failed':
      return tellNews(state, 'Warning', 'FailedCreatePodSandBox', event.message, '');
    case 'looked':
      if (event.isSuccess) return;
      return tellNews(
        state,
        'Warning',
        'Unhealthy',
        `${event.kind[0]!.toUpperCase()}${event.kind.slice(1)} probe failed: ${event.message}`,
        event.name,
      );
    default:
  }
}

function tellNews(
  { parent, uid }: PodState,
  type: PodNews['type'],
  reason: string,
  message: string,
  container: string,
): void {
  parent.tell({ type: 'pod-news', uid, news: { type, reason, message, container } });
}

const happened = (event: PodEvent): PodMessage => ({ type: 'happened', event });

function flatten<T>(outcome: Result<Result<T>>): Result<T> {
  return outcome.ok ? outcome.value : outcome;
}
