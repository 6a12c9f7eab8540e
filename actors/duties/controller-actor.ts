// The one shell of all controllers: changes in, keys queued, plans decided by pure code, written behind the fence.
//
//   view.watch --> inbox --> queue --> reconcile (pure) --> Objects.write + fence --> done
//                              ^                                  | conflict, unavailable
//                              +---------- backoff, requeue ------+

import type { Actor, Context, Result } from '../../runtime/index.ts';
import { unreachable } from '../../runtime/index.ts';
import type { Objects } from '../objects/objects.ts';
import type { Controller, Plan } from './controller.ts';
import type { DutyDefinition, Fence } from './duty.ts';
import { fenceCompare, workName } from './duty.ts';
import { noteWrites } from './notes.ts';
import type { WorkQueue } from './work-queue.ts';
import { createWorkQueue } from './work-queue.ts';

/** Writes in flight at most, each for another key. */
const IN_FLIGHT_LIMIT = 32;
/** Keys decided in one turn at most: other actors want their turns too. */
const KEYS_PER_TURN = 16;

export interface ControllerArguments {
  readonly controller: Controller;
  readonly objects: Objects;
  readonly fence: Fence;
}

export type ControllerMessage =
  | { readonly type: 'work' }
  | { readonly type: 'due'; readonly key: string }
  | {
      readonly type: 'written';
      readonly key: string;
      readonly requeueAfterMs: number | undefined;
      readonly outcome: Result<Result<unknown>>;
    };

interface ControllerState {
  readonly args: ControllerArguments;
  readonly queue: WorkQueue;
  readonly wake: () => void;
  readonly awake: () => void;
  readonly unsubscribe: () => void;
}

type ControllerContext = Context<ControllerMessage>;

function start(args: ControllerArguments, ctx: ControllerContext): ControllerState {
  const { controller, objects } = args;
  const queue = createWorkQueue();
  let isAwake = false;
  // Changes go straight into the deduplicating queue and wake the actor once: a burst cannot fill its mailbox.
  const wake = (): void => {
    if (!isAwake) ctx.self.tell({ type: 'work' });
    isAwake = true;
  };
  const unsubscribe = objects.view.watch(controller.kinds, (change) => {
    for (const key of controller.keysOf(change, objects.view)) queue.add(key);
    wake();
  });
  for (const key of controller.allKeys(objects.view)) queue.add(key);
  wake();
  return { args, queue, wake, unsubscribe, awake: () => (isAwake = false) };
}

function requeue(key: string, delayMs: number, ctx: ControllerContext): void {
  ctx.after(`due ${key}`, delayMs, { type: 'due', key });
}

function write(state: ControllerState, key: string, plan: Plan, ctx: ControllerContext): void {
  const { controller, objects, fence } = state.args;
  const moment = { nowMs: ctx.clock.wallMs(), random: ctx.random };
  const notes = noteWrites(objects.view, plan.notes ?? [], controller.name, moment);
  const compare = [fenceCompare(fence), ...(plan.also?.compare ?? [])];
  const success = plan.also?.success ?? [];
  ctx.run(
    () => objects.write([...plan.writes, ...notes], { compare, success }),
    (outcome) => ({ type: 'written', key, requeueAfterMs: plan.requeueAfterMs, outcome }),
  );
}

function settle(
  state: ControllerState,
  key: string,
  requeueAfterMs: number | undefined,
  ctx: ControllerContext,
): void {
  state.queue.succeeded(key);
  state.queue.done(key);
  if (requeueAfterMs !== undefined) requeue(key, requeueAfterMs, ctx);
}

function isEmpty(plan: Plan): boolean {
  return (
    plan.writes.length === 0 &&
    (plan.notes ?? []).length === 0 &&
    (plan.also?.success ?? []).length === 0
  );
}

function work(state: ControllerState, ctx: ControllerContext): void {
  const { queue, args } = state;
  const { controller, objects } = args;
  state.awake();
  for (let handled = 0; handled < KEYS_PER_TURN; handled++) {
    if (queue.working() >= IN_FLIGHT_LIMIT) return;
    const key = queue.take();
    if (key === undefined) break;
    ctx.cancel(`due ${key}`);
    const moment = { nowMs: ctx.clock.wallMs(), random: ctx.random };
    const plan = controller.reconcile(objects.view, key, moment);
    if (isEmpty(plan)) settle(state, key, plan.requeueAfterMs, ctx);
    else write(state, key, plan, ctx);
  }
  if (queue.waiting() === 0 && queue.takeOverflow()) {
    for (const key of controller.allKeys(objects.view)) queue.add(key);
  }
  if (queue.waiting() > 0) state.wake();
}

function written(
  state: ControllerState,
  message: Extract<ControllerMessage, { type: 'written' }>,
  ctx: ControllerContext,
): void {
  const { key } = message;
  const outcome = message.outcome.ok ? message.outcome.value : message.outcome;
  if (outcome.ok) {
    settle(state, key, message.requeueAfterMs, ctx);
  } else {
    const delayMs = state.queue.backoffMs(key, ctx.random);
    const { code, message: error } = outcome.error;
    if (code === 'conflict') ctx.log.debug('decided from an old revision', { key, delayMs });
    else ctx.log.warn('a plan was not written', { key, code, error, delayMs });
    state.queue.done(key);
    requeue(key, delayMs, ctx);
  }
  state.wake();
}

/** Runs one controller; lives as the child of a duty's seat. */
export const controllerActor: Actor<ControllerMessage, ControllerState, ControllerArguments> = {
  start,
  receive: (state, message, ctx) => {
    switch (message.type) {
      case 'work':
        work(state, ctx);
        return state;
      case 'due':
        state.queue.add(message.key);
        state.wake();
        return state;
      case 'written':
        written(state, message, ctx);
        return state;
      default:
        return unreachable(message);
    }
  },
  stopped: (state) => state.unsubscribe(),
};

/** The duty that runs `controller`; a crash of its code restarts it from the view, five times a minute at most. */
export function controllerDuty(controller: Controller, objects: Objects): DutyDefinition {
  return {
    name: controller.name,
    spawn: (spawn, fence) =>
      spawn(
        workName(controller.name, fence),
        controllerActor,
        { controller, objects, fence },
        { directive: 'restart', maxRestarts: 5, withinMs: 60_000, backoffMs: 200 },
      ),
  };
}
