// The program: finds the command, runs it, and turns whatever happens into a sentence and an exit code.

import { parseArguments } from './arguments.ts';
import type { Command, Invocation } from './command.ts';
import { commandGroups, commands } from './command-table.ts';
import { asFailure, EXIT, wrongUsage } from './failure.ts';
import { commandHelp, programHelp } from './help.ts';
import { openSession } from './session.ts';
import type { Session } from './session.ts';
import type { Terminal } from './terminal.ts';
import { VERSION } from './version.ts';

interface Found {
  readonly command: Command;
  readonly words: readonly string[];
}

/** The longest name that the line begins with: `rollout status` before `rollout`. */
function findCommand(line: readonly string[]): Found {
  for (const length of [2, 1]) {
    const name = line.slice(0, length).join(' ');
    const command = commands.find((one) => one.name === name);
    if (command !== undefined) return { command, words: line.slice(length) };
  }
  const [word = ''] = line;
  const verbs = commands.filter(({ name }) => name.startsWith(`${word} `));
  if (verbs.length > 0) {
    const names = verbs.map(({ name }) => `\`skein ${name}\``).join(', ');
    throw wrongUsage(`Say more: ${names}.`);
  }
  throw wrongUsage(`There is no command ${JSON.stringify(word)}.`);
}

/** Flags before the command belong to it: `skein --peer X get pods`. */
function commandFirst(line: readonly string[]): readonly string[] {
  const leading = ['--peer', '--kubeconfig', '--context', '--namespace', '-n'];
  let index = 0;
  while (index < line.length && line[index]!.startsWith('-')) {
    index += leading.includes(line[index]!) ? 2 : 1;
  }
  const isTwoWords = commands.some(({ name }) => name === line.slice(index, index + 2).join(' '));
  const end = index + (isTwoWords ? 2 : 1);
  return [...line.slice(index, end), ...line.slice(0, index), ...line.slice(end)];
}

const isHelp = (words: readonly string[]): boolean => {
  const end = words.indexOf('--');
  const own = end < 0 ? words : words.slice(0, end);
  return own.includes('--help') || own.includes('-h');
};

async function runCommand({ command, words }: Found, terminal: Terminal): Promise<number> {
  const args = parseArguments(command, words);
  let opened: Promise<Session> | undefined;
  const invocation: Invocation = {
    command,
    args,
    terminal,
    session: () => (opened ??= openSession(args, terminal)),
  };
  try {
    return (await command.run(invocation)) ?? EXIT.done;
  } finally {
    const session = await opened?.catch(() => undefined);
    session?.close();
  }
}

/** Runs one command line (without the program's name). Never rejects. */
export async function runProgram(line: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const [first] = line;
    if (line.length === 1 && (first === '--version' || first === '-v')) {
      terminal.out(`skein ${VERSION}\n`);
      return EXIT.done;
    }
    const ordered = commandFirst(line);
    if (first === undefined || first === 'help' || ordered[0] === undefined) {
      terminal.out(programHelp(commandGroups));
      return first === undefined ? EXIT.usage : EXIT.done;
    }
    if (ordered[0] === '--help' || ordered[0] === '-h' || ordered[0]?.startsWith('-')) {
      terminal.out(programHelp(commandGroups));
      return isHelp(line) ? EXIT.done : EXIT.usage;
    }
    const found = findCommand(ordered);
    if (isHelp(found.words)) {
      terminal.out(commandHelp(found.command));
      return EXIT.done;
    }
    return await runCommand(found, terminal);
  } catch (error) {
    const { message, exitCode } = asFailure(error);
    terminal.err(`skein: ${message}\n`);
    return exitCode;
  }
}
