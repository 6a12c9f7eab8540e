// What waits for one actor: the system's words first, then messages in the order they came.

import type { Address } from './address.ts';
import { createFifo } from './fifo.ts';
import type { Fifo } from './fifo.ts';

/** Messages that wait at most when the actor names no `mailboxLimit`. */
export const defaultMailboxLimit = 10_000;

/** What the system tells a cell; an actor sees some of it as `Signal`. */
export type SystemMessage =
  | { readonly type: 'start' }
  | { readonly type: 'stop' }
  | { readonly type: 'child-ended'; readonly name: string; readonly error: Error | undefined }
  | { readonly type: 'escalated'; readonly error: Error }
  | { readonly type: 'terminated'; readonly address: Address };

/**
 * A message the actor arranged for itself: a timer's, an answer's, an effect's outcome. Whether it
 * may still arrive is asked when its turn comes, so one that was cancelled while queued never does.
 * A class, because only `instanceof` tells it from any value a user may send.
 */
export class Parcel {
  readonly isValid: () => boolean;
  readonly open: () => unknown;

  constructor(isValid: () => boolean, open: () => unknown) {
    this.isValid = isValid;
    this.open = open;
  }
}

export interface Mailbox {
  /** Bounded by what the cell holds: one `child-ended` a child, one `terminated` an address watched. */
  readonly signals: Fifo<SystemMessage>;
  /** Queues a message; false when `limit` messages wait already. */
  readonly offer: (message: unknown) => boolean;
  /** Queues a parcel past the limit: the tables of timers, questions and effects bound their number. */
  readonly deposit: (parcel: Parcel) => void;
  readonly length: () => number;
  /** The oldest message or parcel; ask `length` first. */
  readonly take: () => unknown;
}

export function createMailbox(limit: number): Mailbox {
  const entries = createFifo<unknown>();
  // Invariant: 0 <= waiting <= limit; parcels are not counted.
  let waiting = 0;

  return {
    signals: createFifo<SystemMessage>(),
    offer: (message) => {
      if (waiting >= limit) return false;
      waiting++;
      entries.push(message);
      return true;
    },
    deposit: (parcel) => entries.push(parcel),
    length: entries.length,
    take: () => {
      const entry = entries.shift();
      if (!(entry instanceof Parcel)) waiting--;
      return entry;
    },
  };
}
