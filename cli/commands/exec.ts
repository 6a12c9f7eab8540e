// `skein exec POD -- CMD…`: a command in a container; exits with the command's own code.

import type { Command, Invocation } from '../command.ts';
import { namespaceFlag } from '../command.ts';
import { wrongUsage } from '../failure.ts';
import type { ExecStreams } from '../exec-socket.ts';
import { runExec } from '../exec-socket.ts';
import { findPods } from '../pod-choice.ts';
import { pathOf } from '../resources.ts';
import type { Terminal } from '../terminal.ts';

function pathTo(
  path: string,
  words: readonly string[],
  container: string | undefined,
  wants: { readonly stdin: boolean; readonly tty: boolean },
): string {
  const query = new URLSearchParams();
  for (const word of words) query.append('command', word);
  if (container !== undefined) query.set('container', container);
  query.set('stdout', 'true');
  if (!wants.tty) query.set('stderr', 'true');
  if (wants.stdin) query.set('stdin', 'true');
  if (wants.tty) query.set('tty', 'true');
  return `${path}?${query.toString()}`;
}

/** Tells the size of the terminal that standard output is. */
function sizesOf({ outStream }: Terminal): ExecStreams['onSize'] {
  const stream = outStream as NodeJS.WriteStream;
  if (!stream.isTTY) return undefined;
  return (tell) => {
    const onResize = (): void => tell(stream.columns, stream.rows);
    onResize();
    stream.on('resize', onResize);
    return () => void stream.off('resize', onResize);
  };
}

/** Keys go to the command as they are pressed; returns how to end that. */
function rawInput({ input }: Terminal): () => void {
  const keyboard = input as NodeJS.ReadStream;
  if (!keyboard.isTTY) return () => undefined;
  keyboard.setRawMode(true);
  return () => void keyboard.setRawMode(false);
}

function wordsOf({ args }: Invocation): {
  readonly target: string;
  readonly words: readonly string[];
} {
  const [target, ...before] = args.positionals;
  if (target === undefined) throw wrongUsage('Say in which pod: POD -- COMMAND.', 'exec');
  if (before.length > 0) {
    throw wrongUsage(
      `Put -- before the command: skein exec ${target} -- ${before.join(' ')}`,
      'exec',
    );
  }
  if (args.rest.length === 0) throw wrongUsage('Say which command after --.', 'exec');
  return { target, words: args.rest };
}

export const execCommand: Command = {
  name: 'exec',
  summary: 'Run a command in a container',
  usage: 'POD | KIND/NAME -- COMMAND…',
  flags: {
    container: { short: 'c', value: 'NAME', help: 'which container, when there are several' },
    stdin: { short: 'i', help: 'give it standard input' },
    tty: { short: 't', help: 'give it a terminal' },
    ...namespaceFlag,
  },
  asksPeer: true,
  examples: ['skein exec web-0 -- env', 'skein exec -it deploy/hello -- sh'],
  run: async (invocation) => {
    const { args, terminal } = invocation;
    const { target, words } = wordsOf(invocation);
    const session = await invocation.session();
    const [pod] = await findPods(session, target, undefined);
    const { name = '', namespace = '' } = pod!.metadata ?? {};
    const stdin = args.isSet('stdin') === true;
    const isTerminal = args.isSet('tty') === true && terminal.isInteractive;
    if (args.isSet('tty') === true && !isTerminal) {
      terminal.err('Standard input is no terminal: going on without one.\n');
    }
    const resources = await session.resources();
    const path = pathOf(resources.named('pods'), namespace, name, 'exec');
    const onSize = isTerminal ? sizesOf(terminal) : undefined;
    const restore = isTerminal && stdin ? rawInput(terminal) : () => undefined;
    try {
      return await runExec(
        session.client.peer(),
        pathTo(path, words, args.text('container'), { stdin, tty: isTerminal }),
        {
          input: stdin ? terminal.input : undefined,
          out: terminal.outStream,
          err: terminal.errStream,
          ...(onSize === undefined ? {} : { onSize }),
          interrupted: terminal.interrupted,
        },
      );
    } finally {
      restore();
    }
  },
};
