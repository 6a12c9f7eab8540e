// A first-in first-out queue whose two ends cost the same however long it is.

export interface Fifo<T> {
  readonly length: () => number;
  readonly push: (item: T) => void;
  /** Removes the oldest; undefined when empty (ask `length` first when T may be undefined). */
  readonly shift: () => T | undefined;
  readonly clear: () => void;
}

// Below this many freed slots, copying the tail would cost more than it frees.
const compactFrom = 1_024;

/** Unbounded by itself: its owner states and keeps the limit. */
export function createFifo<T>(): Fifo<T> {
  let items: (T | undefined)[] = [];
  let head = 0;

  return {
    length: () => items.length - head,
    push: (item) => {
      items.push(item);
    },
    shift: () => {
      if (head === items.length) return undefined;
      const item = items[head];
      items[head++] = undefined;
      if (head === items.length) {
        items.length = 0;
        head = 0;
      } else if (head >= compactFrom && head * 2 > items.length) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    clear: () => {
      items = [];
      head = 0;
    },
  };
}
