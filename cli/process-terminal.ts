// This process as the terminal of a command: its streams, its signals, its environment.

import { homedir } from 'node:os';
import type { Terminal } from './terminal.ts';

/** The codes a shell expects of a program that a signal ended. */
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** The first signal asks the command to end, the second ends the process at once. */
export function processTerminal(): Terminal {
  const interrupt = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!interrupt.signal.aborted) interrupt.abort();
    else process.exit(SIGNAL_CODES[signal as keyof typeof SIGNAL_CODES]);
  };
  for (const signal of Object.keys(SIGNAL_CODES)) process.on(signal, onSignal);
  // A program that started this one over a channel and is gone cannot send signals any more.
  if (process.connected) process.on('disconnect', () => interrupt.abort());
  // Who reads our output may stop: `skein get pods | head -1`.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    input: process.stdin,
    outStream: process.stdout,
    errStream: process.stderr,
    environment: process.env,
    directory: process.cwd(),
    home: homedir(),
    isRoot: process.getuid?.() === 0,
    isInteractive: process.stdin.isTTY && process.stdout.isTTY,
    interrupted: interrupt.signal,
  };
}

/** Ends the process once pipes have taken what was written. */
export function exitWith(code: number): void {
  process.stdout.write('', () => process.exit(code));
}
