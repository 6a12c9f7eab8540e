// `skein doctor`: what is wrong between the peers, by name, with the reason and what to do.

import type { Command } from '../command.ts';
import { EXIT, wrongUsage } from '../failure.ts';
import { formatValue, outputFormat } from '../output/object-output.ts';

export interface Finding {
  readonly severity: 'fault' | 'note';
  readonly sentence: string;
  readonly remedy?: string;
}

/** Kind Diagnosis of skein.dev/v1. */
export interface Diagnosis {
  readonly status: {
    readonly answered: number;
    readonly asked: number;
    readonly direct: number;
    readonly relayed: number;
    readonly slowestMs?: number;
    readonly findings: readonly Finding[];
    readonly omitted: number;
  };
}

export const DIAGNOSIS_PATH = '/apis/skein.dev/v1/diagnoses/self';

/** The peer that is asked waits for the others for 3 s. */
const PATIENCE_MS = 15_000;

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

const line = ({ severity, sentence, remedy }: Finding): string =>
  `${severity === 'fault' ? 'fault' : 'note '}  ${sentence}${remedy === undefined ? '' : ` -> ${remedy}`}\n`;

/** For people. */
export function diagnosisText({ status }: Diagnosis): string {
  const { answered, asked, direct, relayed, slowestMs, findings, omitted } = status;
  const slowest = slowestMs === undefined ? '' : `, round trips up to ${slowestMs} ms`;
  const links = `${plural(direct, 'link')} direct, ${relayed} relayed${slowest}`;
  const more = omitted === 0 ? '' : `and ${omitted} more\n`;
  const faults = findings.filter(({ severity }) => severity === 'fault').length + omitted;
  const verdict = faults === 0 ? 'healthy' : plural(faults, 'fault');
  const summary = `${answered} of ${plural(asked, 'peer')} answered, ${links}: ${verdict}\n`;
  return `${findings.map(line).join('')}${more}${summary}`;
}

const isHealthy = ({ status }: Diagnosis): boolean =>
  status.omitted === 0 && status.findings.every(({ severity }) => severity !== 'fault');

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Say what is wrong between the peers, and what to do',
  usage: '',
  flags: { output: { short: 'o', value: 'FORMAT', help: 'json or yaml' } },
  asksPeer: true,
  examples: ['skein doctor', 'skein doctor -o json'],
  run: async ({ args, terminal, session }) => {
    const format = outputFormat(args.text('output'), 'doctor');
    if (args.positionals.length > 0) {
      throw wrongUsage('`skein doctor` examines all peers: name none.', 'doctor');
    }
    const { client } = await session();
    const diagnosis = await client.json<Diagnosis>({
      path: DIAGNOSIS_PATH,
      timeoutMs: PATIENCE_MS,
    });
    const isValue = format === 'json' || format === 'yaml';
    terminal.out(isValue ? formatValue(diagnosis, format) : diagnosisText(diagnosis));
    return isHealthy(diagnosis) ? EXIT.done : EXIT.refused;
  },
};
