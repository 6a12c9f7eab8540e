// Which of many ranges [from, end) hold a key: a static tree over the sorted ranges, rebuilt when they change.
//
// The ranges lie sorted by `from` in an array; the middle of a slice is the root of its subtree, and
// `reach` holds the greatest end in each subtree, so that whole subtrees that end too early are passed over.

export interface Interval {
  readonly from: string;
  readonly end: string;
}

export interface IntervalIndex<T extends Interval> {
  readonly add: (interval: T) => void;
  readonly remove: (interval: T) => void;
  /** Calls `found` for each range that holds `key`. */
  readonly holding: (key: string, found: (interval: T) => void) => void;
  readonly size: () => number;
}

export function createIntervalIndex<T extends Interval>(): IntervalIndex<T> {
  const all = new Set<T>();
  let order: readonly T[] = [];
  let reach: string[] = [];
  let isStale = false;

  const measure = (low: number, high: number): string => {
    if (low >= high) return '';
    const middle = (low + high) >>> 1;
    let furthest = order[middle]!.end;
    const left = measure(low, middle);
    const right = measure(middle + 1, high);
    if (left > furthest) furthest = left;
    if (right > furthest) furthest = right;
    reach[middle] = furthest;
    return furthest;
  };

  const rebuild = () => {
    order = [...all].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
    reach = order.map(() => '');
    measure(0, order.length);
    isStale = false;
  };

  const visit = (key: string, found: (interval: T) => void, low: number, high: number): void => {
    if (low >= high) return;
    const middle = (low + high) >>> 1;
    if (reach[middle]! <= key) return;
    visit(key, found, low, middle);
    const interval = order[middle]!;
    if (interval.from > key) return;
    if (interval.end > key) found(interval);
    visit(key, found, middle + 1, high);
  };

  return {
    add: (interval) => {
      all.add(interval);
      isStale = true;
    },
    remove: (interval) => {
      if (all.delete(interval)) isStale = true;
    },
    holding: (key, found) => {
      if (isStale) rebuild();
      visit(key, found, 0, order.length);
    },
    size: () => all.size,
  };
}
