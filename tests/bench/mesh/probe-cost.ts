// What one probe and its answer cost between two processes, as datagrams and as frames on the control lane.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Transport } from '../../../mesh/index.ts';
import { createTestAuthority } from '../../mesh/libp2p/libp2p-peers.ts';
import { quantile } from '../consensus/contender.ts';
import { newMember } from '../mesh-bench-peer.ts';
import { cpuMicroseconds, startProbeEnd } from './probe-echo.ts';

const PROBE_BYTES = 250;
const WARM_UP = 3_000;
const PROBES = 10_000;
const PATH_LIMIT_MS = 10_000;

export interface ProbeCost {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of both ends together, one probe after the other. */
  readonly cpuUs: number;
}

export type ProbeCosts = Readonly<Record<'datagram' | 'frame', ProbeCost>>;

export async function measureProbes(): Promise<ProbeCosts> {
  const authority = createTestAuthority();
  const own = newMember(authority);
  let came = (): void => undefined;
  const here = await startProbeEnd(own, () => came());
  const known = [{ peer: own.peer, addresses: here.addresses() }];
  const order = { ...newMember(authority), peers: known };
  const child = fork(fileURLToPath(new URL('./probe-echo.js', import.meta.url)), ['echo']);
  child.send(order);
  const farCpuUs = async (): Promise<number> => {
    child.send('cpu');
    const [cpuUs] = (await once(child, 'message')) as [number];
    return cpuUs;
  };
  const probe = async (send: () => boolean, count: number): Promise<number[]> => {
    const tookMs: number[] = [];
    for (let i = 0; i < count; i++) {
      const startMs = performance.now();
      // On loopback nothing is lost while one at a time is under way; a loss would show as a hang.
      const answered = new Promise<void>((resolve) => (came = resolve));
      if (!send()) throw new Error('a probe could not be sent');
      await answered;
      tookMs.push(performance.now() - startMs);
    }
    return tookMs;
  };
  const measure = async (send: () => boolean): Promise<ProbeCost> => {
    await probe(send, WARM_UP);
    const before = cpuMicroseconds() + (await farCpuUs());
    const tookMs = Float64Array.from(await probe(send, PROBES)).sort();
    const cpuUs = (cpuMicroseconds() + (await farCpuUs()) - before) / PROBES;
    return { p50Ms: quantile(tookMs, 0.5), p99Ms: quantile(tookMs, 0.99), cpuUs };
  };
  try {
    await untilDatagrams(here, order.peer);
    const bytes = new Uint8Array(PROBE_BYTES).fill(7);
    return {
      datagram: await measure(() => here.sendDatagram(order.peer, bytes)),
      frame: await measure(() => here.send(order.peer, 'control', bytes)),
    };
  } finally {
    child.kill('SIGKILL');
    await here.stop();
  }
}

async function untilDatagrams(here: Transport, peer: string): Promise<void> {
  const endMs = performance.now() + PATH_LIMIT_MS;
  while (!here.sendDatagram(peer, new Uint8Array(1))) {
    if (performance.now() > endMs) throw new Error('no datagrams pass between the two');
    await delay(20);
  }
}
