// Nodes of one failure domain, the best on top: a binary heap whose entries are judged again when out of date.

import type { OpenSeat } from './seat.ts';

export interface Ranked {
  readonly seat: OpenSeat;
  /** Points when last judged, at `version` of the seat. */
  points: number;
  version: number;
}

/** Judges a seat anew: its points, or undefined when it can take no more such pods. */
export type Judge = (seat: OpenSeat) => number | undefined;

export interface Ranking {
  /** The best seat with up-to-date points; seats that can take no more are dropped on the way. */
  readonly best: () => Ranked | undefined;
}

function siftDown(heap: Ranked[], from: number): void {
  let at = from;
  for (;;) {
    const left = 2 * at + 1;
    const right = left + 1;
    let top = at;
    if (left < heap.length && heap[left]!.points > heap[top]!.points) top = left;
    if (right < heap.length && heap[right]!.points > heap[top]!.points) top = right;
    if (top === at) return;
    [heap[at], heap[top]] = [heap[top]!, heap[at]!];
    at = top;
  }
}

/**
 * Placements lower points (but for a little where they even out a skew), so an entry that is out of date
 * claims too much: judging the top again until it is up to date finds the best without judging the rest.
 */
export function createRanking(entries: readonly Ranked[], judge: Judge): Ranking {
  const heap = [...entries];
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) siftDown(heap, at);
  return {
    best: () => {
      for (;;) {
        const top = heap[0];
        if (top === undefined || top.version === top.seat.version) return top;
        const points = judge(top.seat);
        if (points === undefined) {
          const last = heap.pop()!;
          if (heap.length > 0) heap[0] = last;
        } else {
          top.points = points;
          top.version = top.seat.version;
        }
        siftDown(heap, 0);
      }
    },
  };
}
