// `npm run simulate -- --seed N`, with more flags below: replays one seed and says what was seen.

import { parseArgs } from 'node:util';
import { faultKinds } from './faults.ts';
import type { FaultKind } from './faults.ts';
import { formatLines, formatReport } from './report.ts';
import { runScenario } from './scenario.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    peers: { type: 'string', default: '10' },
    witnesses: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '1' },
    faults: { type: 'string' },
    verbose: { type: 'boolean', default: false },
  },
});

if (values.seed === undefined) {
  console.error(`usage: npm run simulate -- --seed N [--peers N] [--witnesses N] [--minutes M] [--verbose]
       [--faults ${faultKinds.join(',')}]`);
  process.exitCode = 2;
} else {
  const named = values.faults?.split(',').filter((kind) => kind !== '');
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
