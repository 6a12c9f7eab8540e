// A zone of three whose leader can be killed.

import type { Contender, LoadAnswer } from '../consensus/contender.ts';

export interface Rival extends Contender {
  /** Puts at all three members at once. */
  readonly press: (clients: number, forMs: number) => Promise<LoadAnswer>;
  /**
   * SIGKILL to the leader, and at once a put at each survivor, tried again until one is acknowledged. Resolves with the
   * milliseconds from the kill to that; rejects when the survivors know of no other leader afterwards.
   */
  readonly killLeader: () => Promise<number>;
  /** Starts the one that was killed; resolves when it follows the leader again. */
  readonly revive: () => Promise<void>;
  /** Grows with every election. */
  readonly term: () => Promise<number>;
}
