// The operations not yet put in order, as a list of their invocations and returns in the order of time.
//
//   first -> invoke a -> invoke b -> return a -> invoke c -> return b -> ...
//            `---- may come next ----'    `-- c may not: a returned before c was invoked
//
// Lifting an operation out and putting it back are a few assignments, as long as they nest (Lowe, section 4).

import type { Operation } from './history.ts';

export interface Entry<I, O> {
  readonly operation: Operation<I, O>;
  /** Its number among those that returned, or among those that did not. */
  readonly at: number;
  readonly isInvoke: boolean;
  readonly time: number;
  /** The return of this invocation. */
  end: Entry<I, O> | undefined;
  previous: Entry<I, O> | undefined;
  next: Entry<I, O> | undefined;
}

export interface PendingList<I, O> {
  readonly first: () => Entry<I, O> | undefined;
  readonly lift: (invoke: Entry<I, O>) => void;
  /** In the reverse order of lifting. */
  readonly putBack: (invoke: Entry<I, O>) => void;
}

/** Of operations without a return only the invocations are listed. */
export function createPendingList<I, O>(operations: readonly Operation<I, O>[]): PendingList<I, O> {
  const entries: Entry<I, O>[] = [];
  const counts = { known: 0, unknown: 0 };
  for (const operation of operations) {
    const at = operation.returned === undefined ? counts.unknown++ : counts.known++;
    const shared = { operation, at, end: undefined, previous: undefined, next: undefined };
    const invoke: Entry<I, O> = { ...shared, isInvoke: true, time: operation.invokedAt };
    entries.push(invoke);
    if (operation.returned === undefined) continue;
    invoke.end = { ...shared, isInvoke: false, time: operation.returned.at };
    entries.push(invoke.end);
  }
  // At one instant invocations come first: such operations overlap.
  entries.sort((a, b) => a.time - b.time || Number(b.isInvoke) - Number(a.isInvoke));
  for (const [at, entry] of entries.entries()) {
    entry.previous = entries[at - 1];
    entry.next = entries[at + 1];
  }
  let first = entries[0];

  const unlink = (entry: Entry<I, O>): void => {
    if (entry.previous === undefined) first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next !== undefined) entry.next.previous = entry.previous;
  };
  const link = (entry: Entry<I, O>): void => {
    if (entry.previous === undefined) first = entry;
    else entry.previous.next = entry;
    if (entry.next !== undefined) entry.next.previous = entry;
  };

  return {
    first: () => first,
    lift: (invoke) => {
      unlink(invoke);
      if (invoke.end !== undefined) unlink(invoke.end);
    },
    putBack: (invoke) => {
      if (invoke.end !== undefined) link(invoke.end);
      link(invoke);
    },
  };
}
