// What can be found wrong in a run of a zone.

import type * as judging from '../judge.ts';

export const checks = [
  'election safety',
  'one vote a term',
  'log matching',
  'leader completeness',
  'committed for good',
  'commits by counting',
  'durability',
  'recovery',
  'read index',
  'state',
  'exactly once',
  'real time',
  'local reads',
  'watches',
  'leases',
  'linearizability',
  'convergence',
  'failures',
] as const;

export type Check = (typeof checks)[number];

export type Wrong = judging.Wrong<Check>;
export type Judge = judging.Judge<Check>;
