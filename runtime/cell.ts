// One running actor: what it is made of. `turn.ts` lets it run, `lifecycle.ts` begins, ends and restarts it.
//
//                          throw, directive restart
//   starting ---> running -------------------------> restarting --- children ended ---> backing-off
//      ^ |           |                                   |                               |    |
//      | | stop, or throw with directive stop / escalate |                               |    |
//      | v           v                                   v                               |    |
//      | stopping <-----------------------------------------------------------------stop-+    |
//      |    | children ended                                                                  |
//      |    v                                                                                 |
//      |  ended                                                                               |
//      +------------------------------------------- backoff over -----------------------------+

import type { Actor, ActorRef, Context, Supervision } from './actor.ts';
import { formatAddress } from './address.ts';
import type { Address } from './address.ts';
import type { Timer } from './clock.ts';
import type { Kernel } from './kernel.ts';
import { createMailbox, defaultMailboxLimit } from './mailbox.ts';
import type { Mailbox, Parcel, SystemMessage } from './mailbox.ts';
import { noFailures } from './supervision.ts';
import type { FailureHistory } from './supervision.ts';
import { createTimers } from './timers.ts';
import type { TimerTable } from './timers.ts';

/** An actor whose types are known only to those who hold its ref. */
export type AnyActor = Actor<unknown, unknown, unknown>;

export type CellStatus =
  | 'starting'
  | 'running'
  | 'restarting'
  | 'backing-off'
  | 'stopping'
  | 'ended';

/** What a cell needs of the one above it: another cell, or the guardian at the top. */
export interface Parent {
  /** Empty at the top. */
  readonly path: string;
  /** In order of birth. A child keeps its name until its parent has heard of its end. */
  readonly children: Map<string, Cell>;
  readonly notify: (message: SystemMessage) => void;
}

/** Whom to tell of an end, and by which address they know the one who ended. */
export interface Watcher {
  readonly cell: Cell;
  readonly address: Address;
}

export interface Cell extends Parent {
  readonly kernel: Kernel;
  readonly parent: Parent;
  readonly name: string;
  readonly actor: AnyActor;
  readonly args: unknown;
  readonly supervision: Supervision;
  readonly ref: ActorRef<unknown>;
  readonly incarnation: number;
  readonly mailbox: Mailbox;
  readonly timers: TimerTable;
  readonly watchers: Set<Watcher>;
  /** How to stop watching, by the address that was watched. */
  readonly watching: Map<Address, () => void>;
  /** Effects under way; aborted when this incarnation of the state ends. */
  readonly effects: Set<AbortController>;
  /** Ids of questions that wait for an answer. */
  readonly questions: Set<string>;
  readonly turn: () => void;
  ctx: Context<unknown>;
  status: CellStatus;
  /** What `start` or `receive` returned last; meaningless unless `hasState`. */
  state: unknown;
  hasState: boolean;
  /** One more per start and end: outcomes meant for an earlier one never arrive. */
  generation: number;
  failures: FailureHistory;
  /** Why it stops, when not asked to. */
  failure: Error | undefined;
  /** While restarting: how long to back off once the children ended. */
  backoffMs: number;
  backoff: Timer | undefined;
  /** While restarting or stopping: children that have not ended, youngest last. */
  ending: Cell[];
  /** Whether the dispatcher holds its turn. */
  isScheduled: boolean;
}

/** Makes a cell that is not known to anybody yet; `spawn.ts` announces it. */
export function createCell(
  kernel: Kernel,
  parent: Parent,
  name: string,
  actor: AnyActor,
  args: unknown,
  supervision: Supervision,
): Cell {
  const path = parent.path === '' ? name : `${parent.path}/${name}`;
  const incarnation = kernel.nextIncarnation++;
  const address = formatAddress({ peer: kernel.peer, path, incarnation });
  const cell: Cell = {
    kernel,
    parent,
    name,
    path,
    actor,
    args,
    supervision,
    incarnation,
    ref: { address, tell: (message) => void offer(cell, message) },
    mailbox: createMailbox(actor.mailboxLimit ?? defaultMailboxLimit),
    timers: createTimers(kernel.clock, (parcel) => deposit(cell, parcel)),
    children: new Map(),
    watchers: new Set(),
    watching: new Map(),
    effects: new Set(),
    questions: new Set(),
    notify: (message) => {
      cell.mailbox.signals.push(message);
      wake(cell);
    },
    turn: () => kernel.runTurn(cell),
    ctx: undefined as unknown as Context<unknown>, // set by spawn, which knows both
    status: 'starting',
    state: undefined,
    hasState: false,
    generation: 0,
    failures: noFailures,
    failure: undefined,
    backoffMs: 0,
    backoff: undefined,
    ending: [],
    isScheduled: false,
  };
  return cell;
}

/** Queues a message; one that cannot be queued becomes a dead letter and false. */
export function offer(cell: Cell, message: unknown): boolean {
  if (isEnding(cell)) {
    cell.kernel.deadLetter(cell.ref.address, message, 'actor stopped');
    return false;
  }
  if (!cell.mailbox.offer(message)) {
    cell.kernel.deadLetter(cell.ref.address, message, 'mailbox full');
    return false;
  }
  wake(cell);
  return true;
}

/** Queues what the actor arranged for itself. */
export function deposit(cell: Cell, parcel: Parcel): void {
  if (isEnding(cell)) return;
  cell.mailbox.deposit(parcel);
  wake(cell);
}

/** Asks for a turn if there is something to do in it and none is asked for. */
export function wake(cell: Cell): void {
  if (cell.isScheduled || !hasWork(cell)) return;
  cell.isScheduled = true;
  cell.kernel.dispatcher.schedule(cell.turn);
}

function hasWork(cell: Cell): boolean {
  if (cell.mailbox.signals.length() > 0) return true;
  return cell.status === 'running' && cell.mailbox.length() > 0;
}

/** Whether it will never handle a message again. */
export function isEnding(cell: Cell): boolean {
  return cell.status === 'stopping' || cell.status === 'ended';
}

/** Whether its code may act on the world: it lives, and is not between two incarnations of its state. */
export function isActive(cell: Cell): boolean {
  return cell.status === 'running' || cell.status === 'starting';
}
