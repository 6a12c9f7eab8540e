// What was found wrong in a run, and by which of its checks.

export interface Wrong<Check extends string> {
  readonly check: Check;
  readonly sentence: string;
  readonly atMs: number;
}

export interface Judge<Check extends string> {
  readonly say: (check: Check, sentence: string) => void;
  readonly wrongs: () => readonly Wrong<Check>[];
}

/** What follows from the first mistake says little: so many are enough. */
const wrongsMax = 10;

export function createJudge<Check extends string>(nowMs: () => number): Judge<Check> {
  const wrongs: Wrong<Check>[] = [];
  return {
    say: (check, sentence) => {
      if (wrongs.length < wrongsMax) wrongs.push({ check, sentence, atMs: nowMs() });
    },
    wrongs: () => wrongs,
  };
}
