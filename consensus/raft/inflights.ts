// The appends sent to one follower and not yet acknowledged, limited by count and by bytes.

import { assert } from '../../runtime/index.ts';

interface Flight {
  /** The index of the last entry in the message. */
  readonly lastIndex: number;
  readonly bytes: number;
}

export interface Inflights {
  readonly maxMessages: number;
  /** Soft: the message that crosses it still goes. */
  readonly maxBytes: number;
  /** In order of `lastIndex`; those before `head` are acknowledged. */
  flights: Flight[];
  head: number;
  bytes: number;
}

/**
 * Acknowledged flights are kept until so many have gathered, so that freeing one does not move the
 * rest.
 */
const compactAfter = 64;

export function createInflights(maxMessages: number, maxBytes: number): Inflights {
  return { maxMessages, maxBytes, flights: [], head: 0, bytes: 0 };
}

export function inflightCount(inflights: Inflights): number {
  return inflights.flights.length - inflights.head;
}

/** No further append may be sent. */
export function isFull(inflights: Inflights): boolean {
  return inflightCount(inflights) >= inflights.maxMessages || inflights.bytes >= inflights.maxBytes;
}

/** Notes an append that ends at `lastIndex`. */
export function addInflight(inflights: Inflights, lastIndex: number, bytes: number): void {
  assert(!isFull(inflights), 'an append was sent to a follower whose window is full');
  inflights.flights.push({ lastIndex, bytes });
  inflights.bytes += bytes;
}

/** Frees every append that ends at or before `index`. */
export function freeInflights(inflights: Inflights, index: number): void {
  const { flights } = inflights;
  while (inflights.head < flights.length && flights[inflights.head]!.lastIndex <= index) {
    inflights.bytes -= flights[inflights.head]!.bytes;
    inflights.head++;
  }
  if (inflights.head === flights.length) {
    resetInflights(inflights);
  } else if (inflights.head >= compactAfter) {
    inflights.flights = flights.slice(inflights.head);
    inflights.head = 0;
  }
}

/** Forgets all of them: the follower is probed anew. */
export function resetInflights(inflights: Inflights): void {
  inflights.flights = [];
  inflights.head = 0;
  inflights.bytes = 0;
}
