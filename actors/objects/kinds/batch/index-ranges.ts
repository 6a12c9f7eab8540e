// Sets of completion indexes as text: `1,3-5,7`.

export interface IndexRanges {
  /** How many indexes it names. */
  readonly count: number;
}

/** Reads ascending ranges of indexes below `completions`; a string says what is wrong. */
export function parseIndexRanges(text: string, completions: number): IndexRanges | string {
  if (text === '') return { count: 0 };
  let last = -1;
  let count = 0;
  for (const part of text.split(',')) {
    const match = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(part);
    if (match === null) {
      return `cannot convert string to integer for index: ${JSON.stringify(part)}`;
    }
    const [first, end] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (first >= completions) return `too large index: ${JSON.stringify(match[1])}`;
    if (end >= completions) return `too large index: ${JSON.stringify(match[2])}`;
    if (first <= last) return `non-increasing order, previous: ${last}, current: ${first}`;
    if (match[2] !== undefined && end <= first) {
      return `non-increasing order, previous: ${first}, current: ${end}`;
    }
    count += end - first + 1;
    last = end;
  }
  return { count };
}
