// How many watches one peer serves, and one user at one peer.

import { tooManyRequests } from '../status.ts';

/** Watches served by one peer at once. */
const MAX_WATCHES = 10_000;
/** Of one user: others must find room. */
const MAX_WATCHES_OF_USER = 5_000;

export interface WatchCount {
  /** Throws 429 when there is no room for another watch of this user. */
  readonly check: (user: string) => void;
  /** Counts one. Returns how to count it out, which is harmless to do twice. */
  readonly enter: (user: string) => () => void;
  readonly open: () => number;
}

export function createWatchCount(
  limits = { all: MAX_WATCHES, ofUser: MAX_WATCHES_OF_USER },
): WatchCount {
  const byUser = new Map<string, number>();
  let open = 0;
  return {
    check: (user) => {
      if (open >= limits.all) {
        throw tooManyRequests(`this peer serves ${limits.all} watches already: ask another peer`);
      }
      if ((byUser.get(user) ?? 0) >= limits.ofUser) {
        const words = `${JSON.stringify(user)} has ${limits.ofUser} watches at this peer already`;
        throw tooManyRequests(`${words}: end some, or ask another peer`);
      }
    },
    enter: (user) => {
      open++;
      byUser.set(user, (byUser.get(user) ?? 0) + 1);
      let isCounted = true;
      return () => {
        if (!isCounted) return;
        isCounted = false;
        open--;
        const left = byUser.get(user)! - 1;
        if (left === 0) byUser.delete(user);
        else byUser.set(user, left);
      };
    },
    open: () => open,
  };
}
