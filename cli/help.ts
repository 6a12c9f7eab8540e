// The help of the program and of each command: aligned, and no longer than it must be.

import { flagsOf } from './arguments.ts';
import type { Command, FlagDefinition } from './command.ts';
import { peerFlags } from './command.ts';

/** Commands in the order of the help, under the question they answer. */
export type CommandGroups = readonly (readonly [title: string, commands: readonly Command[]])[];

const pad = (text: string, width: number): string =>
  text.length >= width ? `${text}\n${' '.repeat(width + 2)}` : text.padEnd(width);

function flagLabel(name: string, { short, value }: FlagDefinition): string {
  const dash = short === undefined ? '    ' : `-${short}, `;
  return `${dash}--${name}${value === undefined ? '' : ` ${value}`}`;
}

const MAX_LABEL_WIDTH = 34;

function rows(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.min(MAX_LABEL_WIDTH, Math.max(...pairs.map(([label]) => label.length)) + 2);
  return pairs.map(([label, help]) => `  ${pad(label, width)}${help}\n`).join('');
}

const flagRows = (command: Command, asking: boolean): string => {
  const shown = Object.entries(flagsOf(command)).filter(
    ([name, flag]) => flag.hidden !== true && name in peerFlags === asking,
  );
  return rows(
    shown.map(([name, flag]) => [
      flagLabel(name, flag),
      flag.repeatable === true ? `${flag.help} (repeatable)` : flag.help,
    ]),
  );
};

/** `skein COMMAND --help`. */
export function commandHelp(command: Command): string {
  const examples = (command.examples ?? []).map((line) => `  ${line}\n`).join('');
  return [
    `${command.summary}\n`,
    `\nUsage:  skein ${command.name} ${command.usage}`.trimEnd(),
    `\n\nFlags:\n${flagRows(command, false)}`,
    command.asksPeer ? `\nWhich peer is asked:\n${flagRows(command, true)}` : '',
    examples === '' ? '' : `\nExamples:\n${examples}`,
  ].join('');
}

/** `skein --help`. */
export function programHelp(groups: CommandGroups): string {
  const width = Math.max(...groups.flatMap(([, all]) => all.map(({ name }) => name.length))) + 3;
  const section = ([title, commands]: CommandGroups[number]): string =>
    `\n${title}\n${commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}\n`).join('')}`;
  return [
    'Skein runs containers on a flock of identical peers, without a control plane.\n',
    '\nUsage:  skein COMMAND [ARGUMENTS]\n',
    ...groups.map(section),
    '\nEverywhere:  --peer URL, --kubeconfig FILE, --context NAME, --help, --version\n',
    'Exit codes:  0 done, 1 refused, 2 wrong usage, 3 unreachable\n',
  ].join('');
}
