// What a peer asks of the machine it runs on: an adapter over node:os, node:fs and node:net.

import { readFileSync } from 'node:fs';
import { rmdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { arch, hostname, networkInterfaces, platform, release } from 'node:os';
import { SkeinError } from '../runtime/index.ts';
import { readNodeCapacity } from './containers/node-capacity.ts';
import type { Machine } from './containers/node-object.ts';
import type { ListenAddress } from './host-options.ts';

/** Linux answers on all of 127.0.0.0/8; elsewhere only 127.0.0.1 exists. */
export const hasLoopbackRange = (): boolean => platform() === 'linux';

const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

export const machinePlatform = (): string => `${platform()}/${architectures[arch()] ?? arch()}`;

export function readMachine(): Machine {
  return {
    ...readNodeCapacity(),
    operatingSystem: platform(),
    architecture: architectures[arch()] ?? arch(),
    kernelVersion: release(),
    bootId: bootId(),
  };
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Only Linux tells; elsewhere the field of the Node stays empty.
    return '';
  }
}

/**
 * Where pods have their working directories. With root pods run as other users, who cannot pass through a private
 * data directory: theirs lie in a place of their own that keeps nothing secret.
 */
export const podWorkDirectory = (peerId: string, pods: string): string =>
  process.getuid?.() === 0 ? `/var/tmp/skein/${peerId}` : `${pods}/work`;

/** Leaves nothing of a directory that is empty; one with pods in it stays. */
export async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT') throw error;
  }
}

/** The machine's name as a DNS label. */
export function hostLabel(): string {
  const label = hostname()
    .toLowerCase()
    .replace(/\..*$/, '')
    .replace(/[^a-z0-9-]/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
  return label === '' ? 'peer' : label;
}

/** Where others reach a socket that listens on `host`: a wildcard stands for the first outward address. */
export function reachableHost(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const outward = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === 'IPv4' && !address.internal);
  return outward?.address ?? '127.0.0.1';
}

/**
 * The port that will be listened on: the one that is wanted, after making sure that it can be had, or for 0 a free
 * one. Throws `unavailable` with a sentence that names address, reason and flag.
 */
export async function usablePort({ host, port }: ListenAddress, flag: string): Promise<number> {
  const server = createServer();
  try {
    return await new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  } catch (error) {
    throw portError(error as NodeJS.ErrnoException, `${host}:${port}`, flag);
  } finally {
    await new Promise<void>((closed) => {
      server.close(() => closed());
    });
  }
}

function portError(error: NodeJS.ErrnoException, at: string, flag: string): SkeinError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'another program uses this port; stop it',
    EACCES: 'this user may not; ports below 1024 need root',
    EADDRNOTAVAIL: 'this machine has no such address',
  };
  const reason = reasons[error.code ?? ''] ?? error.message;
  return new SkeinError(
    'unavailable',
    `cannot listen on ${at}: ${reason}, or choose another with ${flag} HOST:PORT`,
    {},
    error,
  );
}

/** A peer holds this port of its node address for as long as it runs, so that peers of other clusters see it taken. */
const claimPort = 7469;

/** Claims an address range of this machine; false when another peer has it. Held until `release`. */
export async function claimAddress(nodeAddress: string): Promise<(() => void) | undefined> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ host: nodeAddress, port: claimPort, exclusive: true }, () => {
      server.unref();
      resolve(() => server.close());
    });
  });
}
