// What `npm run simulate -- --zone` does: one seed in full, or many, of which only those that fail are shown.

import { formatLines } from './report.ts';
import { zoneFaults } from './zone/plan.ts';
import { formatZoneFailure, formatZoneReport } from './zone/report.ts';
import { runZone } from './zone/scenario.ts';

export interface ZoneRunOptions {
  readonly seed: string;
  /** From a seed that is a number on. */
  readonly count: number;
  readonly faults: readonly string[] | undefined;
  readonly isVerbose: boolean;
}

/** Whether nothing was wrong. */
export async function runZoneSeeds(options: ZoneRunOptions): Promise<boolean> {
  const { seed, count, isVerbose } = options;
  const faults = options.faults && zoneFaults.filter((kind) => options.faults?.includes(kind));
  let wrong = 0;
  let operations = 0;
  for (let at = 0; at < count; at++) {
    const report = await runZone({ seed: count === 1 ? seed : Number(seed) + at, faults });
    const { acknowledged, unknown, refused } = report.clients;
    operations += acknowledged + unknown + refused;
    if (report.wrongs.length > 0) {
      wrong += 1;
      console.log(formatZoneFailure(report));
    } else if (count === 1) {
      if (isVerbose) console.log(formatLines(report.lines));
      console.log(formatZoneReport(report));
    }
  }
  if (count > 1) console.log(`${count} seeds, ${operations} operations: ${wrong} seeds wrong`);
  return wrong === 0;
}
