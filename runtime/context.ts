// What an actor can do: the context that its `start` and `receive` get.

import type { ActorRef, Context } from './actor.ts';
import { parseAddress } from './address.ts';
import { deposit, isActive } from './cell.ts';
import type { AnyActor, Cell } from './cell.ts';
import { asSkeinError, failed, ok, SkeinError } from './errors.ts';
import type { Result } from './errors.ts';
import { Parcel } from './mailbox.ts';
import { createRef, findCell } from './refs.ts';
import { unwatch, watch } from './watch.ts';

/** Effects of one actor under way at once; one more gets the outcome `overloaded`. */
const maxEffects = 10_000;

type ToMessage = (outcome: Result<unknown>) => unknown;

export function createContext(cell: Cell): Context<unknown> {
  const { kernel } = cell;
  const context: Context<unknown> = {
    self: cell.ref,
    clock: kernel.clock,
    random: kernel.random,
    log: kernel.log.child({ actor: cell.path }),
    spawn: (name, actor, args, supervision) => {
      if (!isActive(cell)) throw notActive(cell, `spawn "${name}"`);
      return kernel.spawn(cell, name, actor as unknown as AnyActor, args, supervision).ref;
    },
    stop: (ref) => stop(cell, ref),
    watch: (ref) => {
      if (isActive(cell)) watch(cell, ref.address);
    },
    unwatch: (ref) => unwatch(cell, ref.address),
    after: (key, delayMs, message) => {
      if (isActive(cell)) cell.timers.set(key, delayMs, message);
    },
    cancel: (key) => cell.timers.cancel(key),
    ask: (to, question, deadlineMs, toMessage) => {
      ask(cell, to as ActorRef<unknown>, question, deadlineMs, toMessage as ToMessage);
    },
    run: (effect, toMessage) => run(cell, effect, toMessage as ToMessage),
  };
  return context;
}

function stop(cell: Cell, ref: ActorRef<never>): void {
  const parts = parseAddress(ref.address);
  const target = parts?.peer === cell.kernel.peer ? findCell(cell.kernel, parts) : undefined;
  if (target === cell || target?.parent === cell) {
    target.notify({ type: 'stop' });
    return;
  }
  // A child that has ended already is gone from the table: that is what was wanted.
  if (target === undefined && parts?.path.startsWith(`${cell.path}/`) === true) return;
  throw new SkeinError(
    'invalid',
    `${cell.path} cannot stop ${ref.address}: an actor ends its children and itself, ask the others`,
    { actor: cell.path, target: ref.address },
  );
}

function ask(
  cell: Cell,
  to: ActorRef<unknown>,
  question: (replyTo: ActorRef<unknown>) => unknown,
  deadlineMs: number,
  toMessage: ToMessage,
): void {
  if (!isActive(cell)) return;
  const { kernel, generation } = cell;
  const opened = kernel.asks.open(to.address, deadlineMs, (outcome, id) => {
    cell.questions.delete(id);
    depositOutcome(cell, generation, outcome, toMessage);
  });
  if (!opened.ok) {
    depositOutcome(cell, generation, opened, toMessage);
    return;
  }
  cell.questions.add(opened.value.id);
  to.tell(question(createRef(kernel, opened.value.replyTo)));
}

function run(
  cell: Cell,
  effect: (signal: AbortSignal) => Promise<unknown>,
  toMessage: ToMessage,
): void {
  if (!isActive(cell)) return;
  const { generation } = cell;
  if (cell.effects.size >= maxEffects) {
    depositOutcome(cell, generation, failed(tooManyEffects(cell)), toMessage);
    return;
  }
  const abort = new AbortController();
  cell.effects.add(abort);
  const settle = (outcome: Result<unknown>): void => {
    cell.effects.delete(abort);
    depositOutcome(cell, generation, outcome, toMessage);
  };
  const refuse = (thrown: unknown): void => settle(failed(asSkeinError(thrown)));
  try {
    effect(abort.signal).then((value) => settle(ok(value)), refuse);
  } catch (thrown) {
    refuse(thrown);
  }
}

/** `toMessage` is called in the actor's own turn, so that a throw there is the actor's failure. */
function depositOutcome(
  cell: Cell,
  generation: number,
  outcome: Result<unknown>,
  toMessage: ToMessage,
): void {
  if (cell.generation !== generation) return;
  deposit(
    cell,
    new Parcel(
      () => cell.generation === generation,
      () => toMessage(outcome),
    ),
  );
}

function notActive(cell: Cell, what: string): SkeinError {
  return new SkeinError('stopped', `${cell.path} cannot ${what}: it has stopped or restarts`, {
    actor: cell.path,
  });
}

function tooManyEffects(cell: Cell): SkeinError {
  return new SkeinError(
    'overloaded',
    `${cell.path} runs ${maxEffects} effects already: wait for outcomes before running more`,
    { actor: cell.path, maxEffects },
  );
}
