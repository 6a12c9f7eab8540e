// What will happen in virtual time: a heap, earliest first, in order of creation when due together.

export interface SimulatedEvent {
  readonly dueMs: number;
  /** Breaks ties. */
  readonly order: number;
  /** Undefined once cancelled or taken. */
  fire: (() => void) | undefined;
}

export interface EventQueue {
  readonly add: (dueMs: number, fire: () => void) => SimulatedEvent;
  /** The event stays in the heap until its time; too many of these, and the heap is built anew. */
  readonly cancel: (event: SimulatedEvent) => void;
  /** When the next event is due; undefined when nothing will happen. */
  readonly nextMs: () => number | undefined;
  /** Removes the next event that was created up to `lastOrder` and is due at `dueMs`; returns what it does. */
  readonly takeDue: (dueMs: number, lastOrder: number) => (() => void) | undefined;
  /** The order of the newest event. */
  readonly lastOrder: () => number;
}

// Below this many cancelled events, building anew is not worth it.
const rebuildFrom = 1_024;

export function createEventQueue(): EventQueue {
  let heap: SimulatedEvent[] = [];
  let lastOrder = 0;
  // Invariant: how many events in the heap have no `fire`.
  let cancelled = 0;

  const dropCancelled = (): void => {
    while (heap.length > 0 && heap[0]!.fire === undefined) {
      cancelled--;
      removeFirst(heap);
    }
  };

  return {
    add: (dueMs, fire) => {
      const event = { dueMs, order: ++lastOrder, fire };
      heap.push(event);
      siftUp(heap);
      return event;
    },
    cancel: (event) => {
      if (event.fire === undefined) return;
      event.fire = undefined;
      cancelled++;
      if (cancelled < rebuildFrom || cancelled * 2 < heap.length) return;
      // A sorted array is a heap.
      heap = heap.filter(({ fire }) => fire !== undefined).sort(compare);
      cancelled = 0;
    },
    nextMs: () => {
      dropCancelled();
      return heap[0]?.dueMs;
    },
    takeDue: (dueMs, upToOrder) => {
      dropCancelled();
      const first = heap[0];
      if (first === undefined || first.dueMs !== dueMs || first.order > upToOrder) return undefined;
      removeFirst(heap);
      const { fire } = first;
      // Cancelling it from now on must not count it as one that lies cancelled in the heap.
      first.fire = undefined;
      return fire;
    },
    lastOrder: () => lastOrder,
  };
}

function compare(one: SimulatedEvent, other: SimulatedEvent): number {
  return one.dueMs - other.dueMs || one.order - other.order;
}

function removeFirst(heap: SimulatedEvent[]): SimulatedEvent | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last !== undefined && heap.length > 0) {
    heap[0] = last;
    siftDown(heap);
  }
  return first;
}

/** Moves the last event up to its place. */
function siftUp(heap: SimulatedEvent[]): void {
  let index = heap.length - 1;
  const event = heap[index]!;
  while (index > 0) {
    const above = (index - 1) >> 1;
    if (compare(event, heap[above]!) >= 0) break;
    heap[index] = heap[above]!;
    index = above;
  }
  heap[index] = event;
}

/** Moves the first event down to its place. */
function siftDown(heap: SimulatedEvent[]): void {
  const event = heap[0]!;
  let index = 0;
  for (;;) {
    let below = index * 2 + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && compare(heap[below + 1]!, heap[below]!) < 0) below++;
    if (compare(event, heap[below]!) <= 0) break;
    heap[index] = heap[below]!;
    index = below;
  }
  heap[index] = event;
}
