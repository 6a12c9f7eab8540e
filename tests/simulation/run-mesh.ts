// What `npm run simulate -- --mesh` does: meshes alone, through scenarios, measured; a table as it goes.

import { runMesh } from './mesh/run.ts';
import { formatHeader, formatRow } from './mesh/table.ts';
import { meshScenarios } from './mesh/scenarios/index.ts';
import { formatLines } from './report.ts';

/** Of a run that went wrong. */
const LINES_SHOWN = 40;

export interface MeshRunFlags {
  readonly seed: string;
  readonly peers: number;
  /** Default: all that do not take hours of virtual time. */
  readonly scenarios: readonly string[] | undefined;
  readonly isWan: boolean;
  readonly isVerbose: boolean;
}

/** Whether nothing was wrong. */
export async function runMeshSeed(flags: MeshRunFlags): Promise<boolean> {
  const { seed, peers, isWan } = flags;
  const usual = meshScenarios.filter(({ isLong }) => isLong !== true).map(({ name }) => name);
  console.log(formatHeader());
  const report = await runMesh({
    seed,
    peers,
    isWan,
    scenarios: flags.scenarios ?? usual,
    onMeasured: (row) => console.log(formatRow(row)),
  });
  if (flags.isVerbose) console.log(formatLines(report.lines));
  else if (report.wrongs.length > 0) console.log(formatLines(report.lines.slice(-LINES_SHOWN)));
  for (const { check, sentence, atMs } of report.wrongs) {
    console.log(`${check}: ${sentence} (at ${Math.round(atMs)} ms)`);
  }
  console.log(`${report.wrongs.length === 0 ? 'all is well' : 'WRONG'}; digest ${report.digest}`);
  return report.wrongs.length === 0;
}
