// One whole peer in a process of its own, as `skein up` starts it, but with a log in small files: a disk that is full is felt at once.

import { hostPeer } from '../../actors/index.ts';
import type { HostOptions } from '../../actors/index.ts';
import { createStreamLogger, createSystemClock } from '../../runtime/index.ts';

/** What the first argument holds, as JSON. */
export type PeerOrder = Omit<HostOptions, 'log' | 'segmentBytes'>;

/** The message with which a started peer says that it is Ready. */
export interface PeerReady {
  readonly kubeconfig: string;
  readonly peerId: string;
}

/** Some hundred writes. */
const segmentBytes = 64 * 1024;

async function main(order: PeerOrder): Promise<void> {
  const log = createStreamLogger({ stream: process.stderr, clock: createSystemClock() });
  const toldToEnd = new Promise<void>((resolve) => {
    process.on('SIGTERM', () => resolve());
    process.on('disconnect', () => resolve());
  });
  const hosted = await hostPeer({ ...order, segmentBytes, log });
  const ready: PeerReady = { kubeconfig: hosted.kubeconfig, peerId: hosted.peerId };
  process.send?.(ready);
  const failure = await Promise.race([toldToEnd, hosted.ended]);
  await hosted.stop();
  if (failure !== undefined) throw failure;
}

const order = process.argv[2];
if (order !== undefined) {
  main(JSON.parse(order) as PeerOrder).then(
    () => process.exit(0),
    (error: Error) => {
      process.stderr.write(`the peer ended: ${error.message}\n`);
      process.exit(1);
    },
  );
}
