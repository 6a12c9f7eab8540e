// The door for messages of other peers: only what an actor's schema allows comes in.

import type { Address } from './address.ts';
import { parseAddress } from './address.ts';
import { askId } from './ask.ts';
import { offer } from './cell.ts';
import type { Cell } from './cell.ts';
import { asSkeinError } from './errors.ts';
import type { Kernel } from './kernel.ts';
import { findCell } from './refs.ts';

/** Delivers, or returns why not. A refusal is counted; a place where nobody lives is a dead letter. */
export function deliver(kernel: Kernel, to: Address, message: unknown): string | undefined {
  const parts = parseAddress(to);
  if (parts?.peer !== kernel.peer) return refuse(kernel, `${to} is no address on ${kernel.peer}`);

  const id = askId(parts.path);
  if (id !== undefined) {
    if (kernel.asks.answer(id, message)) return undefined;
    kernel.deadLetter(to, message, 'nobody asked');
    return `nobody waits at ${to}`;
  }

  const cell = findCell(kernel, parts);
  if (cell === undefined) {
    kernel.deadLetter(to, message, 'no such actor');
    return `no actor lives at ${to}`;
  }
  const fault = faultOf(cell, message);
  if (fault !== undefined) return refuse(kernel, `${to} refuses the message: ${fault}`);
  return offer(cell, message) ? undefined : `${to} stops or its mailbox is full`;
}

function faultOf(cell: Cell, message: unknown): string | undefined {
  if (cell.actor.schema === undefined) return 'it takes no messages of other peers';
  try {
    return cell.actor.schema(message);
  } catch (thrown) {
    // The value is untrusted: a schema that trips over it has judged it.
    return asSkeinError(thrown).message;
  }
}

function refuse(kernel: Kernel, reason: string): string {
  kernel.refused++;
  kernel.log.debug('message refused', { reason });
  return reason;
}
