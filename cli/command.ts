// What a command is: its name, what it takes, and what it does.

import type { Session } from './session.ts';
import type { Terminal } from './terminal.ts';

/** One flag. A flag without `value` is a switch. */
export interface FlagDefinition {
  readonly short?: string;
  /** What stands for its value in the help: NAME, FILE, N. */
  readonly value?: string;
  readonly repeatable?: boolean;
  /** Left out of the help: for programs that start this one. */
  readonly hidden?: boolean;
  readonly help: string;
}

export type FlagDefinitions = Readonly<Record<string, FlagDefinition>>;

/** What the command line held, by the command's own definitions. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** What stood after `--`. */
  readonly rest: readonly string[];
  /** The last value of a flag; undefined when it was not given. */
  readonly text: (name: string) => string | undefined;
  readonly texts: (name: string) => readonly string[];
  /** A switch: undefined when not given, false for `--name=false`. */
  readonly isSet: (name: string) => boolean | undefined;
  /** A whole number from 0. Throws wrong usage. */
  readonly count: (name: string) => number | undefined;
}

/** What a command is run with. */
export interface Invocation {
  readonly command: Command;
  readonly args: Arguments;
  readonly terminal: Terminal;
  /** The kubeconfig and the peer, found when first asked for. */
  readonly session: () => Promise<Session>;
}

export interface Command {
  /** One or two words: `get`, `rollout status`. */
  readonly name: string;
  /** A line for the list of commands. */
  readonly summary: string;
  /** What comes after the name: `KIND [NAME]`. */
  readonly usage: string;
  readonly flags: FlagDefinitions;
  /** Commands that ask a peer take --peer, --kubeconfig and --context. */
  readonly asksPeer: boolean;
  readonly examples?: readonly string[];
  /** The exit code; nothing means done. Failures are thrown. */
  readonly run: (invocation: Invocation) => Promise<number | void>;
}

/** Flags of every command that asks a peer. */
export const peerFlags: FlagDefinitions = {
  peer: { value: 'URL', help: 'ask this peer: HOST:PORT, https://HOST:PORT or its name' },
  kubeconfig: { value: 'FILE', help: 'the file that says where peers are and who you are' },
  context: { value: 'NAME', help: 'the context of that file' },
};

export const namespaceFlag: FlagDefinitions = {
  namespace: {
    short: 'n',
    value: 'NAME',
    help: 'the namespace (default: the context’s, or default)',
  },
};

export const selectorFlag: FlagDefinitions = {
  selector: {
    short: 'l',
    value: 'SELECTOR',
    help: 'only objects with these labels: app=web,tier!=test',
  },
};
