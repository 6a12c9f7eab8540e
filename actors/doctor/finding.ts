// What a check found: one line for a person, and what to do.

import type { Examination } from './examination.ts';

export interface Finding {
  /** Which check says so. */
  readonly check: string;
  /** A fault wants something done; a note is good to know. */
  readonly severity: 'fault' | 'note';
  /** Names of those it is about. */
  readonly peers: readonly string[];
  readonly sentence: string;
  readonly remedy?: string;
}

/** Looks at one thing. Pure. */
export type Check = (examination: Examination) => readonly Finding[];
