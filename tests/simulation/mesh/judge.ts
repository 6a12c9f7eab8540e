// What can be found wrong in a run of a mesh world.

import type * as judging from '../judge.ts';

export const checks = [
  'false death',
  'false suspicion',
  'detection',
  'convergence',
  'facts go back',
  'incarnations go back',
  'forgery',
  'overlay',
  'links',
  'quiet',
  'urgent fact',
  'any fact',
  'outlook',
  'failures',
] as const;

export type Check = (typeof checks)[number];

export type Wrong = judging.Wrong<Check>;
export type Judge = judging.Judge<Check>;
