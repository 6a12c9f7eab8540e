// `npm run simulate -- --seed N`, with more flags below: replays one seed and says what was seen.

import { parseArgs } from 'node:util';
import { faultKinds } from './faults.ts';
import type { FaultKind } from './faults.ts';
import { formatLines, formatReport } from './report.ts';
import { runMeshSeed } from './run-mesh.ts';
import { runZoneSeeds } from './run-zone.ts';
import { runScenario } from './scenario.ts';
import { zoneFaults } from './zone/plan.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    zone: { type: 'boolean', default: false },
    mesh: { type: 'boolean', default: false },
    wan: { type: 'boolean', default: false },
    scenario: { type: 'string' },
    count: { type: 'string', default: '1' },
    peers: { type: 'string', default: '10' },
    witnesses: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '1' },
    faults: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});
const named = values.faults?.split(',').filter((kind) => kind !== '');

if (values.seed === undefined) {
  console.error(`usage: npm run simulate -- --seed N [--peers N] [--witnesses N] [--minutes M] [--verbose]
       [--faults ${faultKinds.join(',')}]
   or: npm run simulate -- --mesh --seed N [--peers N] [--wan] [--scenario NAME,NAME] [--verbose]
   or: npm run simulate -- --zone --seed N [--count N] [--verbose]
       [--faults ${zoneFaults.join(',')}]`);
  process.exitCode = 2;
} else if (values.mesh) {
  const { seed, peers, scenario, wan: isWan, verbose: isVerbose } = values;
  const flags = { seed, peers: Number(peers), scenarios: scenario?.split(','), isWan, isVerbose };
  process.exitCode = (await runMeshSeed(flags)) ? 0 : 1;
} else if (values.zone) {
  const { seed, count, verbose: isVerbose } = values;
  const isRight = await runZoneSeeds({ seed, count: Number(count), faults: named, isVerbose });
  process.exitCode = isRight ? 0 : 1;
} else {
  const report = await runScenario({
    seed: values.seed,
    peers: Number(values.peers),
    witnesses: Number(values.witnesses),
    minutes: Number(values.minutes),
    ...(named === undefined
      ? {}
      : { faults: faultKinds.filter((k: FaultKind) => named.includes(k)) }),
  });
  if (values.verbose) console.log(formatLines(report.lines));
  else if (report.wrongs.length > 0) console.log(formatLines(report.lines.slice(-60)));
  console.log(formatReport(report));
  process.exitCode = report.wrongs.length === 0 ? 0 : 1;
}
