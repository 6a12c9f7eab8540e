// Messages and bytes between two processes: requests of 256 bytes with 64 in flight, and one byte stream.

import { once } from 'node:events';
import { formatAddress } from '../../../runtime/index.ts';
import type { Actor } from '../../../runtime/index.ts';
import { createTestAuthority, until } from '../../mesh/libp2p/libp2p-peers.ts';
import type { TestPeer } from '../../mesh/libp2p/libp2p-peers.ts';
import { newMember, startOrdered } from '../mesh-bench-peer.ts';
import type { Echo } from '../mesh-bench-peer.ts';
import { startProcess } from './peer-start.ts';

const REQUESTS = 150_000;
const IN_FLIGHT = 64;
const BODY_BYTES = 256;
const BULK_BYTES = 512 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

export interface Traffic {
  readonly requestsPerSecond: number;
  readonly bulkMegabytesPerSecond: number;
}

/** From a peer in this process to one in another. */
export async function measureTraffic(): Promise<Traffic> {
  const authority = createTestAuthority();
  const here = await startOrdered(newMember(authority));
  const known = [{ peer: here.identity.peer, addresses: here.transport.addresses() }];
  const order = { ...newMember(authority), peers: known };
  const child = await startProcess([order]);
  try {
    const isThere = (): boolean => here.mesh.member(order.peer)?.status === 'alive';
    await until([here], isThere, 10_000, 'the other peer is here');
    return {
      requestsPerSecond: await requestsPerSecond(here, order.peer),
      bulkMegabytesPerSecond: await bulkMegabytesPerSecond(here, order.peer),
    };
  } finally {
    child.kill('SIGKILL');
    await here.stop();
  }
}

async function requestsPerSecond(here: TestPeer, to: string): Promise<number> {
  const target = here.system.ref<Echo>(formatAddress({ peer: to, path: 'echo' }));
  const body = new Uint8Array(BODY_BYTES).fill(7);
  const startMs = performance.now();
  await new Promise<void>((resolve, reject) => {
    let sent = 0;
    let answered = 0;
    const asker: Actor<{ readonly ok: boolean }, undefined> = {
      start: (_, ctx) => {
        for (let i = 0; i < IN_FLIGHT; i++) ask(ctx);
        return undefined;
      },
      receive: (state, reply, ctx) => {
        if (!reply.ok) reject(new Error('a request failed'));
        answered += 1;
        if (answered === REQUESTS) resolve();
        else if (sent < REQUESTS) ask(ctx);
        return state;
      },
    };
    const ask = (ctx: Parameters<typeof asker.start>[1]): void => {
      sent += 1;
      ctx.ask(
        target,
        (replyTo): Echo => ({ type: 'echo', body, replyTo }),
        10_000,
        (reply) => ({ ok: reply.ok }),
      );
    };
    here.system.spawn('asker', asker, undefined);
  });
  return REQUESTS / ((performance.now() - startMs) / 1000);
}

async function bulkMegabytesPerSecond(here: TestPeer, to: string): Promise<number> {
  const opened = await here.mesh.openStream(to, 'swallow', {});
  if (!opened.ok) throw opened.error;
  const stream = opened.value;
  const chunk = Buffer.alloc(CHUNK_BYTES, 1);
  const startMs = performance.now();
  for (let sent = 0; sent < BULK_BYTES; sent += CHUNK_BYTES) {
    if (!stream.write(chunk)) await once(stream, 'drain');
  }
  stream.end();
  stream.resume();
  await once(stream, 'end');
  return BULK_BYTES / 1e6 / ((performance.now() - startMs) / 1000);
}
