// What the replica says of itself, for whoever asks and whoever waits for a change.

import type { StoreStatus } from '../store/store.ts';

export interface StatusBoard {
  readonly current: () => StoreStatus;
  readonly onChange: (changed: (status: StoreStatus) => void) => () => void;
  /** Listeners hear of it only when leader, role, term, members or full disks changed. */
  readonly post: (status: StoreStatus) => void;
}

export function createStatusBoard(): StatusBoard {
  const listeners = new Set<(status: StoreStatus) => void>();
  let current: StoreStatus = {
    role: 'learner',
    term: 0,
    appliedIndex: 0,
    revision: 0,
    voters: [],
    learners: [],
    witnesses: [],
    staleMs: Number.POSITIVE_INFINITY,
  };
  return {
    current: () => current,
    onChange: (changed) => {
      listeners.add(changed);
      return () => listeners.delete(changed);
    },
    post: (status) => {
      const isNews = shape(status) !== shape(current);
      current = status;
      if (isNews) for (const changed of listeners) changed(status);
    },
  };
}

const shape = ({ role, term, leader, voters, learners, fullDisks }: StoreStatus): string =>
  JSON.stringify([role, term, leader, voters, learners, fullDisks]);
