// A few dials at a time: a peer that learns of many at once and dials them all starves each handshake until its deadline
// passes, and then dials them all again. One to an address where nobody answers does not hold up the rest, nor does one to
// a peer that stands still. Where this process itself is starved, as when many start on one machine, it is one at a time
// with rests between, so that those who have no link at all yet get theirs.

import type { Clock } from '../../runtime/index.ts';

/** Dials under way; a handshake is some milliseconds of work at each end. */
const DIALS_AT_ONCE = 4;

/** A dial that nobody answered for so long no longer counts ... */
const UNANSWERED_TURN_MS = 500;

/** ... nor does any that takes longer than this from then on. */
const ANSWERED_TURN_MS = 3_000;

/** With each dial a timer of so long is set ... */
const TIMER_MS = 5;

/** ... and when it is later than this, the process gets too little of its processor. */
const LATE_MS = 50;

/** Then it rests so many times as long as it was late, and at most so long. */
const REST = { times: 20, mostMs: 2_000 };

export interface DialLine<K> {
  /**
   * Resolves and rejects as `dial`, which is called when it is its turn; first come, first served. A key stands in line once
   * at a time. `dial` calls `answered` when somebody is there.
   */
  readonly stand: (key: K, dial: (answered: () => void) => Promise<void>) => Promise<void>;
  /** Somebody has something to say there: it is the next, at once. */
  readonly hurry: (key: K) => void;
}

/** `mayRest`: whether there is a link at all. */
export function createDialLine<K>(clock: Clock, mayRest: () => boolean): DialLine<K> {
  // Bounded by the peers that are wished for: each is dialled once at a time.
  const waiting = new Map<K, () => void>();
  let underWay = 0;
  let atOnce = DIALS_AT_ONCE;
  let isMeasuring = false;
  let isResting = false;

  const begin = (key: K): void => {
    const turn = waiting.get(key)!;
    waiting.delete(key);
    underWay += 1;
    turn();
    measure();
  };

  const beginNext = (): void => {
    for (const key of waiting.keys()) {
      if (isResting || underWay >= atOnce) return;
      begin(key);
    }
  };

  const measure = (): void => {
    if (isMeasuring) return;
    isMeasuring = true;
    const dueMs = clock.monotonicMs() + TIMER_MS;
    clock.setTimer(TIMER_MS, () => {
      isMeasuring = false;
      const lateMs = clock.monotonicMs() - dueMs;
      const isStarved = lateMs > LATE_MS && mayRest();
      atOnce = isStarved ? 1 : DIALS_AT_ONCE;
      if (isStarved) rest(Math.min(lateMs * REST.times, REST.mostMs));
      beginNext();
    });
  };

  const rest = (restMs: number): void => {
    if (isResting) return;
    isResting = true;
    clock.setTimer(restMs, () => {
      isResting = false;
      beginNext();
    });
  };

  const leave = (): void => {
    underWay -= 1;
    beginNext();
  };

  return {
    stand: async (key, dial) => {
      await new Promise<void>((turn) => {
        waiting.set(key, turn);
        beginNext();
      });
      let isOver = false;
      const end = (): void => {
        timer.cancel();
        if (!isOver) leave();
        isOver = true;
      };
      let timer = clock.setTimer(UNANSWERED_TURN_MS, end);
      try {
        await dial(() => {
          timer.cancel();
          if (!isOver) timer = clock.setTimer(ANSWERED_TURN_MS, end);
        });
      } finally {
        end();
      }
    },
    hurry: (key) => {
      if (waiting.has(key)) begin(key);
    },
  };
}
