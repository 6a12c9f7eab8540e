#!/usr/bin/env node
// The program `skein`: connects the command line to this process.

import { homedir } from 'node:os';
import { runProgram } from './program.ts';
import type { Terminal } from './terminal.ts';

const interrupt = new AbortController();

/** The first signal asks, the second insists. */
function onSignal(signal: NodeJS.Signals): void {
  if (interrupt.signal.aborted) process.exit(signal === 'SIGINT' ? 130 : 143);
  interrupt.abort();
}

process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);
// A program that started this one over a channel and is gone cannot send signals any more.
process.on('disconnect', () => interrupt.abort());
// Who reads our output may stop: `skein get pods | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

const terminal: Terminal = {
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

const exitCode = await runProgram(process.argv.slice(2), terminal);
/** Pipes take what was written before the process ends. */
process.stdout.write('', () => process.exit(exitCode));
