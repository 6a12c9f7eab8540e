// Reads a command line by a command's flags; what is wrong is told in one sentence.

import { parseArgs } from 'node:util';
import type { Arguments, Command, FlagDefinitions } from './command.ts';
import { peerFlags } from './command.ts';
import { wrongUsage } from './failure.ts';

const helpFlag: FlagDefinitions = { help: { short: 'h', help: 'show this help' } };

/** All flags a command takes. */
export const flagsOf = (command: Command): FlagDefinitions => ({
  ...command.flags,
  ...(command.asksPeer ? peerFlags : {}),
  ...helpFlag,
});

const TRUE_OR_FALSE = /^--([a-z-]+)=(true|false)$/;

/** `--wait=false` and `-o=json` are kubectl's ways to write what parseArgs writes otherwise. */
function normalise(
  words: readonly string[],
  flags: FlagDefinitions,
): { readonly words: string[]; readonly switches: Map<string, boolean> } {
  const switches = new Map<string, boolean>();
  const kept: string[] = [];
  const valueShorts = new Set(
    Object.values(flags).flatMap(({ short, value }) => (short && value ? [short] : [])),
  );
  const end = words.indexOf('--');
  for (const [index, word] of words.entries()) {
    const isAfterEnd = end >= 0 && index >= end;
    const [, name, state] = TRUE_OR_FALSE.exec(word) ?? [];
    if (!isAfterEnd && name !== undefined && flags[name]?.value === undefined && flags[name]) {
      switches.set(name, state === 'true');
    } else if (!isAfterEnd && /^-[a-zA-Z]=/.test(word) && valueShorts.has(word[1]!)) {
      kept.push(word.slice(0, 2) + word.slice(3));
    } else kept.push(word);
  }
  return { words: kept, switches };
}

/** parseArgs' complaint in our words. */
function complaint(error: unknown, command: Command): Error {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  const named = /'(-[^']*)'/.exec(message)?.[1] ?? '';
  const flag =
    named.split(/[ ,]/).find((word) => word.startsWith('--')) ?? named.split(' ')[0] ?? '';
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
    return wrongUsage(`\`skein ${command.name}\` has no flag ${flag}.`, command.name);
  }
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE' && message.includes('does not take')) {
    return wrongUsage(
      `The flag ${flag} of \`skein ${command.name}\` takes no value.`,
      command.name,
    );
  }
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') {
    return wrongUsage(
      `The flag ${flag} of \`skein ${command.name}\` needs a value` +
        `${message.includes('ambiguous') ? `; write ${flag}=VALUE if it begins with a dash` : ''}.`,
      command.name,
    );
  }
  return wrongUsage(message, command.name);
}

function parse(command: Command, flags: FlagDefinitions, words: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { short, value }]) => [
      name,
      {
        type: value === undefined ? ('boolean' as const) : ('string' as const),
        multiple: true,
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
  try {
    return parseArgs({ args: [...words], options, allowPositionals: true, tokens: true });
  } catch (error) {
    throw complaint(error, command);
  }
}

/** Throws wrong usage for unknown flags, missing values and values of switches. */
export function parseArguments(command: Command, given: readonly string[]): Arguments {
  const flags = flagsOf(command);
  const { words, switches } = normalise(given, flags);
  const { values, positionals, tokens } = parse(command, flags, words);
  const all = values as Readonly<Record<string, readonly (string | boolean)[] | undefined>>;
  const end = tokens.find(({ kind }) => kind === 'option-terminator');
  const isAfterEnd = (index: number): boolean => end !== undefined && index > end.index;
  const behind = tokens.filter((token) => token.kind === 'positional' && isAfterEnd(token.index));
  const texts = (name: string): readonly string[] => (all[name] ?? []).map(String);
  for (const [name, { repeatable, value }] of Object.entries(flags)) {
    if (value !== undefined && repeatable !== true && texts(name).length > 1) {
      throw wrongUsage(
        `--${name} was given ${texts(name).length} times: ${texts(name).join(', ')}. Give it once.`,
        command.name,
      );
    }
  }
  return {
    positionals: positionals.slice(0, positionals.length - behind.length),
    rest: behind.map((token) => ('value' in token ? String(token.value) : '')),
    texts,
    text: (name) => texts(name).at(-1),
    isSet: (name) => switches.get(name) ?? (all[name] === undefined ? undefined : true),
    count: (name) => {
      const text = texts(name).at(-1);
      if (text === undefined) return undefined;
      if (!/^\d{1,9}$/.test(text)) {
        throw wrongUsage(
          `--${name} must be a whole number, not ${JSON.stringify(text)}.`,
          command.name,
        );
      }
      return Number(text);
    },
  };
}
