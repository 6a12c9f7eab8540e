// Which user the processes of a pod run as.

import { readFileSync } from 'node:fs';

export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

/**
 * `derived`: a user of its own for each pod, so that pods cannot touch each other; `nobody`: one for
 * all; `own`: the peer's user. Without root only `own` is possible.
 */
export type PodUsers = 'derived' | 'nobody' | 'own' | UserIds;

/** Far above the users of any machine and below the range that systemd gives to containers' users. */
const DERIVED_BASE = 400_000_000;
const NOBODY: UserIds = { uid: 65_534, gid: 65_534 };

/** What fits this machine: derived where its user namespace maps such ids, own without root. */
export function defaultPodUsers(): PodUsers {
  if (process.getuid?.() !== 0) return 'own';
  return isMapped(DERIVED_BASE + 2 ** 24) ? 'derived' : 'nobody';
}

/** Undefined for the peer's own user. `index` is unique among the pods of this machine, below 2^24. */
export function userOf(users: PodUsers, index: number): UserIds | undefined {
  if (users === 'own') return undefined;
  if (users === 'nobody') return NOBODY;
  if (users === 'derived') return { uid: DERIVED_BASE + index, gid: DERIVED_BASE + index };
  return users;
}

function isMapped(uid: number): boolean {
  if (process.platform !== 'linux') return true;
  return readFileSync('/proc/self/uid_map', 'latin1')
    .trim()
    .split('\n')
    .some((line) => {
      const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return uid >= first && uid < first + count;
    });
}
