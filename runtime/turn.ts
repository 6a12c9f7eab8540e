// One turn of a cell: every word of the system, then a bounded number of messages.

import type { Signal } from './actor.ts';
import { wake } from './cell.ts';
import type { Cell } from './cell.ts';
import { unreachable } from './errors.ts';
import { begin, beginStop, endNext, fail } from './lifecycle.ts';
import { Parcel } from './mailbox.ts';
import type { SystemMessage } from './mailbox.ts';

/** What the dispatcher calls: handles at most `messagesPerTurn` messages, then asks for another turn. */
export function runTurn(cell: Cell): void {
  const { mailbox, kernel } = cell;
  const { signals } = mailbox;
  try {
    for (let left = kernel.dispatcher.messagesPerTurn; ; left--) {
      while (signals.length() > 0) handleSystem(cell, signals.shift()!);
      if (left === 0 || cell.status !== 'running' || mailbox.length() === 0) break;
      handleEntry(cell, mailbox.take());
    }
  } finally {
    cell.isScheduled = false;
    wake(cell);
  }
}

function handleEntry(cell: Cell, entry: unknown): void {
  try {
    if (entry instanceof Parcel) {
      if (!entry.isValid()) return;
      cell.kernel.processed++;
      cell.state = cell.actor.receive(cell.state, entry.open(), cell.ctx);
    } else {
      cell.kernel.processed++;
      cell.state = cell.actor.receive(cell.state, entry, cell.ctx);
    }
  } catch (thrown) {
    fail(cell, thrown);
  }
}

function handleSystem(cell: Cell, message: SystemMessage): void {
  switch (message.type) {
    case 'start':
      begin(cell);
      return;
    case 'stop':
      beginStop(cell);
      return;
    case 'escalated':
      if (cell.status === 'running') fail(cell, message.error);
      return;
    case 'child-ended':
      cell.children.delete(message.name);
      if (cell.status === 'restarting' || cell.status === 'stopping') endNext(cell);
      else handleSignal(cell, { ...message, type: 'child-stopped' });
      return;
    case 'terminated':
      // Not watched any more: it was unwatched, or the one who watched restarted.
      if (cell.watching.delete(message.address)) handleSignal(cell, message);
      return;
    default:
      unreachable(message);
  }
}

function handleSignal(cell: Cell, signal: Signal): void {
  if (cell.status !== 'running' || cell.actor.signal === undefined) return;
  try {
    cell.state = cell.actor.signal(cell.state, signal, cell.ctx);
  } catch (thrown) {
    fail(cell, thrown);
  }
}
