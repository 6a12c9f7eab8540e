// Lets requests in by turns: seats for each level of priority, and a time after which waiting is given up.

import type { Clock } from '../../../runtime/index.ts';
import { tooManyRequests } from '../status.ts';
import type { FairSeats } from './fair-seats.ts';
import { createFairSeats } from './fair-seats.ts';
import type { FlowPlace, LevelName } from './flow-levels.ts';
import { LEVEL_SEATS } from './flow-levels.ts';

/** Requests of one who asks that wait, and of all of a level. */
const LINE_LIMIT = 100;
const WAITING_LIMIT = 1_000;
/** Whoever had no turn by then is told to come back. */
const WAIT_MS = 10_000;

interface Ticket {
  readonly enter: () => void;
}

export interface FlowControl {
  /** Waits for a turn. Resolves to how to give it back, which is harmless to do twice. Throws 429 with Retry-After. */
  readonly enter: (place: FlowPlace) => Promise<() => void>;
  readonly counters: () => { readonly seated: number; readonly waiting: number };
}

export function createFlowControl(
  clock: Clock,
  seats: Readonly<Record<LevelName, number>> = LEVEL_SEATS,
): FlowControl {
  const levels = new Map<LevelName, FairSeats<Ticket>>();
  for (const [name, count] of Object.entries(seats)) {
    const limits = { seats: count, lineLimit: LINE_LIMIT, waitingLimit: WAITING_LIMIT };
    levels.set(name as LevelName, createFairSeats<Ticket>(limits));
  }

  const leaveOnce = ({ level, flow, width }: FlowPlace): (() => void) => {
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      for (const ticket of levels.get(level)!.release(flow, width)) ticket.enter();
    };
  };

  const refusal = ({ level, flow }: FlowPlace, why: string) =>
    tooManyRequests(
      `Too many requests, please try again later: ${why} of ${JSON.stringify(flow)} (priority level ${level})`,
    );

  const enter = (place: FlowPlace): Promise<() => void> =>
    new Promise((resolve, reject) => {
      const line = levels.get(place.level)!;
      const ticket: Ticket = {
        enter: () => {
          timer.cancel();
          resolve(leaveOnce(place));
        },
      };
      const onTimer = (): void => {
        line.withdraw(place.flow, ticket);
        reject(refusal(place, `no turn within ${WAIT_MS / 1_000} s for a request`));
      };
      const outcome = line.ask(place.flow, place.width, ticket);
      if (outcome === 'seated') return resolve(leaveOnce(place));
      if (outcome === 'full') return reject(refusal(place, 'too many wait already among those'));
      const timer = clock.setTimer(WAIT_MS, onTimer);
    });

  return {
    enter,
    counters: () => {
      let [seated, waiting] = [0, 0];
      for (const level of levels.values()) {
        const counted = level.counters();
        seated += counted.seated;
        waiting += counted.waiting;
      }
      return { seated, waiting };
    },
  };
}
