// The keyed timers of one actor: a replaced or cancelled one never arrives, even when already queued.
//
//           after                fires                  its turn comes
//   (none) -------> counting ------------> in mailbox ------------------> (none), message handled
//                      |  after (same key), cancel, stop, restart  |
//                      +------------> (none), never arrives <------+

import type { Clock, Timer } from './clock.ts';
import { SkeinError } from './errors.ts';
import { Parcel } from './mailbox.ts';

/** Keys in use at once by one actor. */
const maxTimers = 10_000;

export interface TimerTable {
  /** Throws `overloaded` when `maxTimers` other keys are in use. */
  readonly set: (key: string, delayMs: number, message: unknown) => void;
  readonly cancel: (key: string) => void;
  readonly clear: () => void;
}

export function createTimers(clock: Clock, deposit: (parcel: Parcel) => void): TimerTable {
  // A key stays until its message is handled: its entry is what makes the queued parcel valid.
  const timers = new Map<string, { timer: Timer | undefined }>();

  const cancel = (key: string): void => {
    timers.get(key)?.timer?.cancel();
    timers.delete(key);
  };

  return {
    set: (key, delayMs, message) => {
      cancel(key);
      if (timers.size >= maxTimers) {
        throw new SkeinError(
          'overloaded',
          `timer "${key}" is one too many: an actor has at most ${maxTimers}, cancel some or share keys`,
          { key, maxTimers },
        );
      }
      const entry: { timer: Timer | undefined } = { timer: undefined };
      timers.set(key, entry);
      const parcel = new Parcel(
        () => timers.get(key) === entry,
        () => {
          timers.delete(key);
          return message;
        },
      );
      entry.timer = clock.setTimer(delayMs, () => deposit(parcel));
    },
    cancel,
    clear: () => {
      for (const { timer } of timers.values()) timer?.cancel();
      timers.clear();
    },
  };
}
