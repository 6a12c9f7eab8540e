// Seats that flows take turns for: whoever holds the fewest is next. Pure.
//
//             seat free                          its flow has the fewest seats
//   request ------------> seated --release--> (gone)     ^
//      \--- none free --> waiting -----------------------/
//      \--- too many wait --> refused          \--- withdraw --> (gone)

interface Waiting<T> {
  readonly flow: string;
  readonly width: number;
  readonly item: T;
}

interface Flow<T> {
  readonly waiting: Waiting<T>[];
  seats: number;
  /** The turn at which it was seated last. */
  servedAt: number;
}

export interface FairSeats<T> {
  /** Takes seats or a place in the line of its flow; `full` when that line, or all of them together, is too long. */
  readonly ask: (flow: string, width: number, item: T) => 'seated' | 'waiting' | 'full';
  /** Gives seats back. Returns whom they seat, in order. */
  readonly release: (flow: string, width: number) => readonly T[];
  /** Takes one that waits out of its line. */
  readonly withdraw: (flow: string, item: T) => void;
  readonly counters: () => {
    readonly seated: number;
    readonly waiting: number;
    readonly flows: number;
  };
}

export interface FairSeatsOptions {
  readonly seats: number;
  /** Waiting of one flow. */
  readonly lineLimit: number;
  /** Waiting of all flows. */
  readonly waitingLimit: number;
}

/** A request that wants more seats than there are is given all of them. */
export function createFairSeats<T>(options: FairSeatsOptions): FairSeats<T> {
  const flows = new Map<string, Flow<T>>();
  let seated = 0;
  let waiting = 0;
  let turn = 0;

  const fitting = (width: number): number => Math.min(width, options.seats);

  const flowOf = (name: string): Flow<T> => {
    let flow = flows.get(name);
    if (flow === undefined) flows.set(name, (flow = { waiting: [], seats: 0, servedAt: 0 }));
    return flow;
  };

  /** A flow that holds nothing and waits for nothing is nobody. */
  const tidy = (name: string, flow: Flow<T>): void => {
    if (flow.seats === 0 && flow.waiting.length === 0) flows.delete(name);
  };

  const seat = (flow: Flow<T>, width: number): void => {
    flow.seats += width;
    flow.servedAt = ++turn;
    seated += width;
  };

  const next = (): Flow<T> | undefined => {
    let best: Flow<T> | undefined;
    for (const flow of flows.values()) {
      if (flow.waiting.length === 0) continue;
      const isBetter =
        best === undefined ||
        flow.seats < best.seats ||
        (flow.seats === best.seats && flow.servedAt < best.servedAt);
      if (isBetter) best = flow;
    }
    return best;
  };

  /** Nobody smaller goes before the one whose turn it is: a wide request would wait for ever. */
  const seatNext = (): T[] => {
    const chosen: T[] = [];
    while (waiting > 0) {
      const flow = next()!;
      const { width, item } = flow.waiting[0]!;
      if (seated + width > options.seats) break;
      flow.waiting.shift();
      waiting--;
      seat(flow, width);
      chosen.push(item);
    }
    return chosen;
  };

  return {
    ask: (name, wanted, item) => {
      const width = fitting(wanted);
      const flow = flowOf(name);
      if (waiting === 0 && seated + width <= options.seats) {
        seat(flow, width);
        return 'seated';
      }
      if (flow.waiting.length >= options.lineLimit || waiting >= options.waitingLimit) {
        tidy(name, flow);
        return 'full';
      }
      flow.waiting.push({ flow: name, width, item });
      waiting++;
      return 'waiting';
    },
    release: (name, wanted) => {
      const width = fitting(wanted);
      const flow = flows.get(name)!;
      flow.seats -= width;
      seated -= width;
      const chosen = seatNext();
      tidy(name, flow);
      return chosen;
    },
    withdraw: (name, item) => {
      const flow = flows.get(name);
      const at = flow?.waiting.findIndex((one) => one.item === item) ?? -1;
      if (flow === undefined || at < 0) return;
      flow.waiting.splice(at, 1);
      waiting--;
      tidy(name, flow);
    },
    counters: () => ({ seated, waiting, flows: flows.size }),
  };
}
