// Namespaces of this run's own, for network, mounts and processes: whatever happens, the kernel takes all back with them.

import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';

const unshare = 'unshare';
const insideVariable = 'SKEIN_TORTURE_INSIDE';
const probeLimitMs = 10_000;

/** With root's rights as they are; else as root of a user namespace, where the machine allows that. */
const flags = (): readonly string[] => [
  ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']),
  '--net',
  '--mount',
  '--pid',
  '--fork',
  '--mount-proc',
  '--kill-child',
];

/** All that is needed of it, tried. Nothing of it is seen outside, nothing stays. */
const probe = [
  'mkdir -p /run/netns',
  'mount -t tmpfs none /run/netns',
  'ip netns add probe',
  'ip link add one type veth peer name two netns probe',
  'tc -n probe qdisc add dev two root blackhole',
  'nsenter --net=/run/netns/probe true',
].join(' && ');

/** Why there can be none here, as a sentence; undefined when there can. */
export function sandboxTrouble(): string | undefined {
  const tried = spawnSync(unshare, [...flags(), 'sh', '-c', probe], {
    timeout: probeLimitMs,
    encoding: 'utf8',
  });
  if (tried.error !== undefined) return `${unshare} cannot be run: ${tried.error.message}`;
  if (tried.status === 0) return undefined;
  const words = tried.stderr.trim().split('\n')[0] ?? '';
  return `no namespaces for network and mounts here: ${words} (it takes Linux, iproute2, and root or user namespaces)`;
}

/** Whether this line of the shell, as root of a sandbox, does what it should. Nothing of it stays. */
export const tryInside = (line: string): boolean =>
  spawnSync(unshare, [...flags(), 'sh', '-c', line], { timeout: probeLimitMs }).status === 0;

export const isInside = (): boolean => process.env[insideVariable] === '1';

/**
 * Runs this program again, inside. It hears of this one's end by its channel. When it is killed, so is everything that it
 * started: it is the first process of its namespace.
 */
export function runInside(file: string, words: readonly string[]): ChildProcess {
  return spawn(unshare, [...flags(), process.execPath, file, ...words], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [insideVariable]: '1' },
  });
}
