// Starts processes of peers; see peer-process.ts for what they do.

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { PeerOrder } from '../mesh-bench-peer.ts';
import type { FromPeers } from './peer-process.ts';

/** A process that takes its orders once it is loaded; its messages come to `told`. */
export function forkPeers(
  orders: readonly PeerOrder[],
  told: (message: FromPeers) => void,
): ChildProcess {
  const child = fork(fileURLToPath(new URL('./peer-process.js', import.meta.url)));
  child.on('message', (message: FromPeers) => {
    if (message.type === 'loaded') child.send(orders);
    told(message);
  });
  return child;
}

/** Resolves once all its peers have started. */
export async function startProcess(orders: readonly PeerOrder[]): Promise<ChildProcess> {
  return await new Promise((resolve, reject) => {
    const child = forkPeers(orders, ({ type }) => {
      if (type === 'started') resolve(child);
    });
    child.once('exit', (code) => reject(new Error(`a process of peers ended with ${code}`)));
  });
}
