// The door for messages of other peers: only what an actor's schema allows comes in, from the peer it claims to be from.
//
// Refs inside a message are addresses, and an address gives no right: what is told to one goes through the door of the
// peer it leads to, as a message of whoever tells it. So refs of third peers are let in, as any actor may name any other.
// Two would give a right that their sender does not have, and do not. A ref to an actor here goes through this door as the
// sender's, or it could tell a neighbour what no schema lets in. And nobody needs the place of a third peer's question,
// which only the one who was asked may answer; a liar could have that one's answer to itself count as the answer there.

import type { ActorRef } from './actor.ts';
import type { Address } from './address.ts';
import { parseAddress } from './address.ts';
import { askId } from './ask.ts';
import { offer } from './cell.ts';
import type { Cell } from './cell.ts';
import { asSkeinError, SkeinError } from './errors.ts';
import type { Kernel } from './kernel.ts';
import { createRef, findCell } from './refs.ts';

/** Delivers what peer `from` sent, or returns why not. A refusal is counted; a place where nobody lives is a dead letter. */
export function deliver(
  kernel: Kernel,
  from: string,
  to: Address,
  message: unknown,
): string | undefined {
  const parts = parseAddress(to);
  if (parts?.peer !== kernel.peer) return refuse(kernel, `${to} is no address on ${kernel.peer}`);

  const id = askId(parts.path);
  if (id !== undefined) {
    const asked = kernel.asks.askedPeer(id);
    if (asked !== undefined && asked !== from) {
      return refuse(kernel, `${from} answers a question that was put to ${asked}`);
    }
    if (kernel.asks.answer(id, message)) return undefined;
    kernel.deadLetter(to, message, 'nobody asked');
    return `nobody waits at ${to}`;
  }

  const cell = findCell(kernel, parts);
  if (cell === undefined) {
    kernel.deadLetter(to, message, 'no such actor');
    return `no actor lives at ${to}`;
  }
  const fault = faultOf(cell, from, message);
  if (fault !== undefined) return refuse(kernel, `${to} refuses the message: ${fault}`);
  return offer(cell, message) ? undefined : `${to} stops or its mailbox is full`;
}

/** A ref that came inside a message of peer `from`. */
export function createRefFrom(kernel: Kernel, from: string, address: Address): ActorRef<unknown> {
  const parts = parseAddress(address);
  if (parts?.peer === kernel.peer) {
    return { address, tell: (message) => void deliver(kernel, from, address, message) };
  }
  if (parts !== undefined && parts.peer !== from && askId(parts.path) !== undefined) {
    throw new SkeinError(
      'forbidden',
      `${from} passes on ${address}, which only the peer that was asked may answer`,
      { from, address },
    );
  }
  return createRef(kernel, address);
}

function faultOf({ actor }: Cell, from: string, message: unknown): string | undefined {
  if (actor.schema === undefined) return 'it takes no messages of other peers';
  try {
    const fault = actor.schema(message);
    if (fault !== undefined) return fault;
    const claimed = actor.claimedPeer?.(message);
    return claimed === undefined || claimed === from ? undefined : `${from} speaks as ${claimed}`;
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
