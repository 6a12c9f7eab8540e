// How a cell begins, fails, restarts and ends. The diagram is in `cell.ts`.

import { asSkeinError, unreachable } from './errors.ts';
import { isEnding } from './cell.ts';
import type { Cell } from './cell.ts';
import { Parcel } from './mailbox.ts';
import { decide } from './supervision.ts';

/** Calls `start`; a throw there is a failure like any other. */
export function begin(cell: Cell): void {
  if (cell.status !== 'starting') return;
  try {
    cell.state = cell.actor.start(cell.args, cell.ctx);
    cell.hasState = true;
    cell.status = 'running';
  } catch (thrown) {
    fail(cell, thrown);
  }
}

/** Something of the cell threw, or a child escalated: its supervision decides. */
export function fail(cell: Cell, thrown: unknown): void {
  const error = thrown instanceof Error ? thrown : asSkeinError(thrown);
  const { clock, log } = cell.kernel;
  const decision = decide(cell.supervision, cell.failures, clock.monotonicMs());
  const fields = { actor: cell.path, error: error.message, stack: error.stack };
  switch (decision.type) {
    case 'restart':
      log.warn('actor failed, restarts', { ...fields, backoffMs: decision.delayMs });
      cell.failures = decision.history;
      cell.backoffMs = decision.delayMs;
      cell.status = 'restarting';
      silence(cell);
      endChildren(cell);
      return;
    case 'stop':
      log.error('actor failed, stops', fields);
      beginStop(cell, error);
      return;
    case 'escalate':
      log.error('actor failed, escalates', fields);
      // The parent hears of it before the children have ended: it fails now, not later.
      cell.parent.notify({ type: 'escalated', error });
      beginStop(cell, error);
      return;
    default:
      unreachable(decision);
  }
}

/** Begins to end the cell for good; harmless when it is ending already. */
export function beginStop(cell: Cell, failure?: Error): void {
  if (isEnding(cell)) return;
  cell.status = 'stopping';
  cell.failure = failure;
  silence(cell);
  endChildren(cell);
}

/** Nothing that this incarnation of the state arranged may arrive after this. */
function silence(cell: Cell): void {
  cell.generation++;
  cell.timers.clear();
  cell.backoff?.cancel();
  cell.backoff = undefined;
  for (const id of cell.questions) cell.kernel.asks.drop(id);
  cell.questions.clear();
  for (const unwatch of cell.watching.values()) unwatch();
  cell.watching.clear();
  const effects = [...cell.effects];
  cell.effects.clear();
  for (const effect of effects) effect.abort();
}

function endChildren(cell: Cell): void {
  cell.ending = [...cell.children.values()];
  endNext(cell);
}

/** Stops the youngest child, one after the other; when there is none left, the cell itself ends. */
export function endNext(cell: Cell): void {
  for (;;) {
    const youngest = cell.ending.at(-1);
    if (youngest === undefined) break;
    if (cell.children.get(youngest.name) === youngest) {
      youngest.notify({ type: 'stop' });
      return;
    }
    cell.ending.pop();
  }
  callStopped(cell);
  if (cell.status === 'restarting') backOff(cell);
  else end(cell);
}

function callStopped(cell: Cell): void {
  if (!cell.hasState) return;
  const { state } = cell;
  cell.hasState = false;
  cell.state = undefined;
  try {
    cell.actor.stopped?.(state);
  } catch (thrown) {
    // It ends anyway: there is nobody to decide otherwise.
    const error = asSkeinError(thrown);
    cell.kernel.log.error('actor failed while it stopped', {
      actor: cell.path,
      error: error.message,
      stack: error.stack,
    });
  }
}

function backOff(cell: Cell): void {
  cell.status = 'backing-off';
  cell.backoff = cell.kernel.clock.setTimer(cell.backoffMs, () => {
    cell.backoff = undefined;
    cell.status = 'starting';
    cell.notify({ type: 'start' });
  });
}

function end(cell: Cell): void {
  cell.status = 'ended';
  cell.kernel.cells.delete(cell.path);
  while (cell.mailbox.length() > 0) {
    const entry = cell.mailbox.take();
    if (entry instanceof Parcel) continue;
    cell.kernel.deadLetter(cell.ref.address, entry, 'actor stopped');
  }
  for (const { cell: watcher, address } of cell.watchers) {
    watcher.notify({ type: 'terminated', address });
  }
  cell.watchers.clear();
  cell.parent.notify({ type: 'child-ended', name: cell.name, error: cell.failure });
}
