// From an address to whoever lives there: here, at a question's place, or on another peer.

import type { ActorRef } from './actor.ts';
import { parseAddress } from './address.ts';
import type { Address, AddressParts } from './address.ts';
import { askId } from './ask.ts';
import { offer } from './cell.ts';
import type { Cell } from './cell.ts';
import { asSkeinError, SkeinError } from './errors.ts';
import type { Kernel } from './kernel.ts';

/** Throws `invalid` when `address` is none. */
export function createRef(kernel: Kernel, address: Address): ActorRef<unknown> {
  const parts = parseAddress(address);
  if (parts === undefined) {
    throw new SkeinError('invalid', `"${address}" is no address: use skein://PEER/PATH`, {
      address,
    });
  }
  if (parts.peer !== kernel.peer) {
    return { address, tell: (message) => tellRemote(kernel, address, message) };
  }
  const id = askId(parts.path);
  if (id !== undefined) {
    return {
      address,
      tell: (message) => {
        if (!kernel.asks.answer(id, message)) kernel.deadLetter(address, message, 'nobody asked');
      },
    };
  }
  return {
    address,
    tell: (message) => {
      const cell = findCell(kernel, parts);
      if (cell === undefined) kernel.deadLetter(address, message, 'no such actor');
      else offer(cell, message);
    },
  };
}

/** The living cell at a place on this peer; the one incarnation only, if the address names one. */
export function findCell(kernel: Kernel, parts: AddressParts): Cell | undefined {
  const cell = kernel.cells.get(parts.path);
  const isMeant = parts.incarnation === undefined || cell?.incarnation === parts.incarnation;
  return isMeant ? cell : undefined;
}

function tellRemote(kernel: Kernel, to: Address, message: unknown): void {
  let isSent = false;
  try {
    isSent = kernel.resolver?.send(to, message) ?? false;
  } catch (thrown) {
    // A message that cannot be encoded: `tell` never throws, so say it here.
    kernel.log.error('message not sent', { to, error: asSkeinError(thrown).message });
  }
  if (!isSent) kernel.deadLetter(to, message, 'no route');
}
