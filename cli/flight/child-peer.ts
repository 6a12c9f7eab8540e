// A peer as a child process of this program: started, watched, told to end.
//
//   starting --line `ready …`--> ready --stop()--> ending --> exited
//      └--------------- exits: its last words say why -----------┘

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { refused } from '../failure.ts';

/** A peer that was told to end, with its pods, gets so long. */
const STOP_MS = 20_000;

/** What the line `ready …` says. */
export interface Ready {
  readonly name: string;
  readonly mesh: string;
  readonly api: string;
  readonly kubeconfig: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ChildPeer {
  readonly name: string;
  readonly pid: number;
  /** Rejects with the peer's own words when it ends before it is ready. */
  readonly ready: Promise<Ready>;
  readonly exited: Promise<Exit>;
  readonly hasExited: () => boolean;
  /** SIGTERM, and SIGKILL when that is not enough. Resolves false when it had to be killed. */
  readonly stop: () => Promise<boolean>;
}

export interface ChildOptions {
  readonly name: string;
  /** The program's compiled entry. */
  readonly program: string;
  readonly words: readonly string[];
  /** Written to its standard input: a token must not stand in a list of processes. */
  readonly input?: string;
  /** Standard error goes there. */
  readonly logFile: string;
}

/** Reads `ready name=… mesh=… api=… kubeconfig=…`; undefined for any other line. */
export function parseReady(line: string): Ready | undefined {
  if (!line.startsWith('ready ')) return undefined;
  const found = /^ready name=(\S+) mesh=(\S+) api=(\S+) kubeconfig=(.+)$/.exec(line);
  if (found === null) return undefined;
  const [, name = '', mesh = '', api = '', kubeconfig = ''] = found;
  return { name, mesh, api, kubeconfig };
}

/** The sentence with which the program ended, from its log. */
function lastWords(logFile: string): string {
  const text = readFileSync(logFile, 'utf8');
  const at = text.lastIndexOf('\nskein: ');
  if (at >= 0) return text.slice(at + '\nskein: '.length).trim();
  if (text.startsWith('skein: ')) return text.slice('skein: '.length).trim();
  return `its log says more: ${logFile}`;
}

export const exitText = ({ code, signal }: Exit): string =>
  signal === null ? `ended with code ${code ?? 0}` : `was ended by ${signal}`;

/**
 * In a session of its own, so that Ctrl-C reaches only this program, which then ends its peers in order; over a
 * channel, so that they end by themselves when this program is killed.
 */
export function startChild(options: ChildOptions): ChildPeer {
  const log = openSync(options.logFile, 'w', 0o600);
  const child: ChildProcess = spawn(process.execPath, [options.program, ...options.words], {
    stdio: ['pipe', 'pipe', log, 'ipc'],
    detached: true,
  });
  closeSync(log);
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input ?? '');
  const exited = new Promise<Exit>((resolve) => {
    child.on('error', () => resolve({ code: 1, signal: null }));
    child.on('exit', (code, signal) => resolve({ code, signal }));
  });
  const ready = new Promise<Ready>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const said = parseReady(line);
      if (said !== undefined) resolve(said);
    });
    void exited.then((exit) =>
      reject(refused(`${options.name} ${exitText(exit)}: ${lastWords(options.logFile)}`)),
    );
  });
  ready.catch(() => undefined);
  const hasExited = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    name: options.name,
    pid: child.pid ?? 0,
    ready,
    exited,
    hasExited,
    stop: async () => {
      if (hasExited()) return true;
      child.kill('SIGTERM');
      const timeout = delay(STOP_MS, 'late' as const, { ref: false });
      if ((await Promise.race([exited, timeout])) !== 'late') return true;
      child.kill('SIGKILL');
      await exited;
      return false;
    },
  };
}
