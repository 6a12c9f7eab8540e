// What came out of the lives of each fleet, side by side.

import { median } from '../consensus/contender.ts';
import type { Life } from './life.ts';
import type { Spread } from './sightings.ts';

interface Row {
  readonly name: string;
  readonly pick: (life: Life) => number | undefined;
  readonly digits?: number;
}

const spreadRows = (name: string, pick: (life: Life) => Spread): readonly Row[] => [
  { name: `${name}: first knows, ms`, pick: (life) => pick(life).firstMs },
  { name: `${name}: median, ms`, pick: (life) => pick(life).medianMs },
  { name: `${name}: last, ms`, pick: (life) => pick(life).lastMs },
];

const rows: readonly Row[] = [
  { name: 'all but one start: all see all, ms', pick: ({ formMs }) => formMs },
  { name: '  ... after the last was loaded, ms', pick: ({ formLoadedMs }) => formLoadedMs },
  { name: 'the last starts: sees all, seen by all, ms', pick: ({ joinMs }) => joinMs },
  { name: '  ... after it was loaded, ms', pick: ({ joinLoadedMs }) => joinLoadedMs },
  ...spreadRows('label changed', ({ label }) => label),
  ...spreadRows('kill -9, suspected or dead', ({ doubt }) => doubt),
  ...spreadRows('kill -9, dead', ({ kill }) => kill),
  ...spreadRows('frozen, dead', ({ freeze }) => freeze),
  ...spreadRows('thawed, alive again', ({ thaw }) => thaw),
  { name: 'idle, CPU, % of a core', pick: ({ idle }) => idle?.cpuPercent, digits: 2 },
  { name: 'idle, resident, MB', pick: ({ idle }) => idle?.residentMb },
  { name: 'idle, its share of it, MB', pick: ({ idle }) => idle?.proportionalMb },
];

/** Median over lives; undefined when none measured it. */
function figure(lives: readonly Life[], { pick, digits = 0 }: Row): number | undefined {
  const values = lives.flatMap((life) => pick(life) ?? []);
  return values.length === 0 ? undefined : Number(median(values).toFixed(digits));
}

/** Columns for each fleet, and the first over the second: below 1 the first one needs less. */
export function table(lives: ReadonlyMap<string, readonly Life[]>): string {
  const names = [...lives.keys()];
  const cells = rows.map((row) => {
    const values = names.map((name) => figure(lives.get(name)!, row));
    const [one, other] = values;
    const ratio =
      one === undefined || other === undefined || other === 0 ? '' : (one / other).toFixed(2);
    return [row.name, ...values.map((value) => String(value ?? '')), ratio];
  });
  const head = ['', ...names, names.length > 1 ? names.join('/') : ''];
  return [head, ...cells]
    .map(([name, ...more]) => name!.padEnd(44) + more.map((cell) => cell.padStart(12)).join(''))
    .join('\n');
}

/** For the line of JSON. */
export function figures(lives: readonly Life[]): Readonly<Record<string, number | undefined>> {
  return Object.fromEntries(rows.map((row) => [row.name.trim(), figure(lives, row)]));
}
