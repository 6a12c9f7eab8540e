// The schedule of a CronJob: five fields of cron, or a word such as @daily. Here only whether it is one.

interface Field {
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const DAYS = 'sun mon tue wed thu fri sat'.split(' ');

const FIELDS: readonly Field[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: MONTHS },
  { least: 0, most: 6, names: DAYS },
];

const WORDS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];
const DURATION =
  /^[+-]?(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)(((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*)$/;
/** Longer schedules are refused before they are read. */
const LENGTH_LIMIT = 1_024;

/** What is wrong with it; undefined when nothing is. */
export function cronScheduleProblem(schedule: string): string | undefined {
  if (schedule.length > LENGTH_LIMIT) return `must be no more than ${LENGTH_LIMIT} characters`;
  if (schedule.includes('TZ')) {
    return 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
  }
  if (schedule.startsWith('@')) return wordProblem(schedule);
  const texts = schedule.split(/\s+/).filter((text) => text !== '');
  if (texts.length !== FIELDS.length) {
    return `expected exactly 5 fields, found ${texts.length}: [${texts.join(' ')}]`;
  }
  for (const [i, text] of texts.entries()) {
    for (const part of text.split(',').filter((one) => one !== '')) {
      const problem = partProblem(part, FIELDS[i]!);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

function wordProblem(schedule: string): string | undefined {
  if (WORDS.includes(schedule)) return undefined;
  const duration = /^@every (.*)$/.exec(schedule)?.[1];
  if (duration === undefined) return `unrecognized descriptor: ${schedule}`;
  return DURATION.test(duration)
    ? undefined
    : `failed to parse duration ${schedule}: time: invalid duration ${JSON.stringify(duration)}`;
}

/** One part of a field: `*`, `?`, `5`, `1-5`, `mon-fri`, a star with a step. */
function partProblem(part: string, field: Field): string | undefined {
  const [range = '', step, ...moreSteps] = part.split('/');
  const [from = '', to, ...moreEnds] = range.split('-');
  if (moreSteps.length > 0) return `too many slashes: ${part}`;
  const isAny = from === '*' || from === '?';
  if (moreEnds.length > 0 && !isAny) return `too many hyphens: ${part}`;
  const every = step === undefined ? 1 : numberOf(step, {});
  if (typeof every === 'string') return every;
  if (every === 0) return `step of range should be a positive number: ${part}`;
  if (isAny) return undefined;
  const first = numberOf(from, field);
  if (typeof first === 'string') return first;
  const last = to === undefined ? (step === undefined ? first : field.most) : numberOf(to, field);
  if (typeof last === 'string') return last;
  if (first < field.least) {
    return `beginning of range (${first}) below minimum (${field.least}): ${part}`;
  }
  if (last > field.most) return `end of range (${last}) above maximum (${field.most}): ${part}`;
  if (first > last) return `beginning of range (${first}) beyond end of range (${last}): ${part}`;
  return undefined;
}

/** The number a text or a name stands for; a string says that there is none. */
function numberOf(text: string, { names, least = 0 }: Partial<Field>): number | string {
  const named = names?.indexOf(text.toLowerCase()) ?? -1;
  if (named >= 0) return named + least;
  if (/^-\d+$/.test(text)) return `negative number (${text}) not allowed: ${text}`;
  return /^\+?\d{1,18}$/.test(text)
    ? Number(text)
    : `failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
}

/** What is wrong with the name of a time zone; undefined when nothing is. */
export function timeZoneProblem(timeZone: string): string | undefined {
  if (timeZone === '') return 'timeZone must be nil or non-empty string';
  if (timeZone.toLowerCase() === 'local') {
    return 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
  }
  return isTimeZone(timeZone) ? undefined : `unknown time zone ${timeZone}`;
}

/** Names of the database only: an offset such as +01:00 is none. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
