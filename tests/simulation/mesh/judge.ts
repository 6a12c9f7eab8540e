// What was found wrong in a run of a mesh world, and by which check.

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

export interface Wrong {
  readonly check: Check;
  readonly sentence: string;
  readonly atMs: number;
}

export interface Judge {
  readonly say: (check: Check, sentence: string) => void;
  readonly wrongs: () => readonly Wrong[];
}

/** What follows from the first mistake says little: so many are enough. */
const wrongsMax = 10;

export function createJudge(nowMs: () => number): Judge {
  const wrongs: Wrong[] = [];
  return {
    say: (check, sentence) => {
      if (wrongs.length < wrongsMax) wrongs.push({ check, sentence, atMs: nowMs() });
    },
    wrongs: () => wrongs,
  };
}
