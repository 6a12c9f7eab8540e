// The shell of the scheduler: pods wait in a queue, a batch is decided from one view, written, and only then the next.
//
//            pods wait                       all parcels answered
//   idle ---------------> decide -> writing ----------------------> idle
//                            (nothing is assumed that is not committed)

import type { Store } from '../../consensus/index.ts';
import type { Mesh } from '../../mesh/index.ts';
import type { Actor, Context, Result } from '../../runtime/index.ts';
import { unreachable } from '../../runtime/index.ts';
import { parseWorkKey, workKey } from '../duties/controller.ts';
import type { DutyDefinition, Fence } from '../duties/duty.ts';
import { fenceCompare, workName } from '../duties/duty.ts';
import { noteWrites } from '../duties/notes.ts';
import type { ObjectChange, Objects, Stored } from '../objects/objects.ts';
import { isPodActive } from '../objects/pod-status.ts';
import { sameTraits } from './cluster-view.ts';
import type { Parcel } from './binding.ts';
import { bindings, refusals } from './binding.ts';
import { createClusterReader } from './cluster-reader.ts';
import type { ClusterView } from './cluster-view.ts';
import { pendingPod } from './demand.ts';
import type { PodQueue } from './pod-queue.ts';
import { createPodQueue } from './pod-queue.ts';
import { schedule } from './schedule.ts';

/** Pods decided from one view at most. */
export const BATCH_LIMIT = 512;
/** Pods bound by one transaction, about. */
const PARCEL_LIMIT = 64;
const NAME = 'scheduler';
/** The name pods have in schedulerName when they mean this one. */
const DEFAULT_NAME = 'default-scheduler';

export interface SchedulerArguments {
  readonly objects: Objects;
  readonly store: Pick<Store, 'view'>;
  readonly mesh: Pick<Mesh, 'member' | 'memberNamed'>;
  readonly fence: Fence;
}

export type SchedulerMessage =
  | { readonly type: 'work' }
  | { readonly type: 'due' }
  | {
      readonly type: 'written';
      readonly parcel: Parcel;
      readonly outcome: Result<Result<unknown>>;
    };

interface SchedulerState {
  readonly args: SchedulerArguments;
  readonly queue: PodQueue;
  readonly picture: () => ClusterView;
  readonly wake: () => void;
  readonly awake: () => void;
  /** Parcels not answered yet. */
  readonly writing: number;
  /** The next batch goes out node by node: a parcel of the last one lost a race. */
  readonly isCareful: boolean;
  readonly unsubscribe: () => void;
}

type SchedulerContext = Context<SchedulerMessage>;

/** Waits for this scheduler to bind it. */
const isPending = (pod: Stored<'Pod'>): boolean =>
  (pod.spec?.nodeName ?? '') === '' &&
  isPodActive(pod) &&
  (pod.spec?.schedulerName ?? DEFAULT_NAME) === DEFAULT_NAME &&
  (pod.spec?.schedulingGates ?? []).length === 0;

function podChanged(queue: PodQueue, change: ObjectChange<'Pod'>): 'stir' | 'quiet' {
  const { object, previous } = change;
  const key = workKey(change.key.namespace, change.key.name);
  if (object !== undefined && isPending(object)) {
    // Its own condition is no reason to try again; a new spec is.
    const isNews =
      previous === undefined ||
      !isPending(previous) ||
      JSON.stringify(previous.spec) !== JSON.stringify(object.spec);
    if (isNews) queue.add(key, object);
    return 'quiet';
  }
  queue.remove(key);
  const wasHolding = previous?.spec?.nodeName !== undefined && isPodActive(previous);
  const isHolding = object?.spec?.nodeName !== undefined && isPodActive(object);
  return (wasHolding || object === undefined) && !isHolding ? 'stir' : 'quiet';
}

function start(args: SchedulerArguments, ctx: SchedulerContext): SchedulerState {
  const { view } = args.objects;
  const queue = createPodQueue();
  let isAwake = false;
  const wake = (): void => {
    if (!isAwake) ctx.self.tell({ type: 'work' });
    isAwake = true;
  };
  const unsubscribe = view.watch(['Node', 'Pod'], (change) => {
    const effect =
      change.kind === 'Pod'
        ? podChanged(queue, change as ObjectChange<'Pod'>)
        : nodeChanged(change as ObjectChange<'Node'>);
    if (effect === 'stir') queue.stir(ctx.clock.monotonicMs());
    if (effect === 'stir' || queue.eager() > 0) wake();
  });
  for (const pod of view.list('Pod')) {
    if (isPending(pod)) queue.add(workKey(pod.metadata?.namespace, pod.metadata?.name), pod);
  }
  wake();
  const picture = createClusterReader({
    objects: view,
    records: args.store.view,
    mesh: args.mesh,
  });
  const awake = (): void => void (isAwake = false);
  return { args, queue, picture, wake, awake, writing: 0, isCareful: false, unsubscribe };
}

function nodeChanged({ object, previous }: ObjectChange<'Node'>): 'stir' | 'quiet' {
  if (object === undefined) return 'quiet';
  return previous !== undefined && sameTraits(object, previous) ? 'quiet' : 'stir';
}

function send(state: SchedulerState, parcel: Parcel, ctx: SchedulerContext): void {
  const { objects, fence } = state.args;
  const moment = { nowMs: ctx.clock.wallMs(), random: ctx.random };
  const notes = noteWrites(objects.view, parcel.notes, NAME, moment);
  const compare = [fenceCompare(fence), ...parcel.also.compare];
  ctx.run(
    () => objects.write([...parcel.writes, ...notes], { ...parcel.also, compare }),
    (outcome) => ({ type: 'written', parcel, outcome }),
  );
}

function work(state: SchedulerState, ctx: SchedulerContext): SchedulerState {
  state.awake();
  if (state.writing > 0) return state;
  const { queue, args } = state;
  // Rests are counted on the clock that never jumps; what is written bears the wall's time.
  const restMs = ctx.clock.monotonicMs();
  const nowMs = ctx.clock.wallMs();
  const nextMs = queue.wake(restMs);
  if (nextMs !== undefined) ctx.after('due', Math.max(1, nextMs - restMs), { type: 'due' });
  const pods = queue.take(BATCH_LIMIT).flatMap((key) => {
    const { namespace, name } = parseWorkKey(key);
    const pod = args.objects.view.get('Pod', namespace, name);
    return pod !== undefined && isPending(pod) ? [pendingPod(pod)] : [];
  });
  if (pods.length === 0) return state;
  const view = state.picture();
  const decisions = schedule(view, pods, ctx.random);
  for (const decision of decisions) {
    if (decision.type === 'unplaced') rest(state, decision.pending.pod, restMs);
  }
  const limit = state.isCareful ? 1 : PARCEL_LIMIT;
  const parcels = [
    ...bindings(view, decisions, limit, nowMs),
    ...refusals(decisions, PARCEL_LIMIT, nowMs),
  ];
  for (const parcel of parcels) send(state, parcel, ctx);
  if (parcels.length === 0) state.wake();
  return { ...state, writing: parcels.length, isCareful: false };
}

function rest(state: SchedulerState, pod: Stored<'Pod'>, nowMs: number): void {
  state.queue.rest(workKey(pod.metadata?.namespace, pod.metadata?.name), pod, nowMs);
}

function written(
  state: SchedulerState,
  message: Extract<SchedulerMessage, { type: 'written' }>,
  ctx: SchedulerContext,
): SchedulerState {
  const { parcel } = message;
  const outcome = message.outcome.ok ? message.outcome.value : message.outcome;
  const writing = state.writing - 1;
  if (writing === 0) state.wake();
  if (outcome.ok) return { ...state, writing };
  const nowMs = ctx.clock.monotonicMs();
  const { code, message: error } = outcome.error;
  if (code === 'conflict') ctx.log.debug('a batch lost a race', { pods: parcel.pods.length });
  else ctx.log.warn('a batch was not written', { code, error, pods: parcel.pods.length });
  for (const { pod } of parcel.pods) rest(state, pod, nowMs);
  // Nothing is short: they only have to be decided again, from a newer view.
  state.queue.stir(nowMs);
  state.wake();
  return { ...state, writing, isCareful: true };
}

export const schedulerActor: Actor<SchedulerMessage, SchedulerState, SchedulerArguments> = {
  start,
  receive: (state, message, ctx) => {
    switch (message.type) {
      case 'work':
      case 'due':
        return work(state, ctx);
      case 'written':
        return written(state, message, ctx);
      default:
        return unreachable(message);
    }
  },
  stopped: (state) => state.unsubscribe(),
};

/** The scheduler's duty; a crash of its code restarts it from the view, five times a minute at most. */
export function schedulingDuties(
  store: Pick<Store, 'view'>,
  objects: Objects,
  mesh: Pick<Mesh, 'member' | 'memberNamed'>,
): readonly DutyDefinition[] {
  return [
    {
      name: NAME,
      spawn: (spawn, fence) =>
        spawn(
          workName(NAME, fence),
          schedulerActor,
          { objects, store, mesh, fence },
          { directive: 'restart', maxRestarts: 5, withinMs: 60_000, backoffMs: 200 },
        ),
    },
  ];
}
