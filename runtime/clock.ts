// Time as a port: nothing but an adapter reads a clock or sets a timer.

export interface Timer {
  /** After this returns the timer never fires. Cancelling twice is harmless. */
  readonly cancel: () => void;
}

export interface Clock {
  /** Milliseconds on a clock that never jumps; only differences mean anything. */
  readonly monotonicMs: () => number;
  /** Milliseconds since the Unix epoch, for people and for timestamps in objects; may jump. */
  readonly wallMs: () => number;
  /** Calls `fire` once, no sooner than `delayMs` from now. */
  readonly setTimer: (delayMs: number, fire: () => void) => Timer;
}
