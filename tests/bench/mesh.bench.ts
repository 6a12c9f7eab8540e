// The mesh between processes on loopback: requests, bulk bytes, idle cost, and how fast a death is known.
//
//   node dist/tests/bench/mesh.bench.js [PEERS]      PEERS defaults to 5 and is at least 4, this process among them

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { generateIdentity } from '../../mesh/index.ts';
import type { Actor } from '../../runtime/index.ts';
import { formatAddress } from '../../runtime/index.ts';
import { createTestAuthority, until } from '../mesh/libp2p-peers.ts';
import type { TestPeer } from '../mesh/libp2p-peers.ts';
import { startOrdered } from './mesh-bench-peer.ts';
import type { Echo, PeerOrder } from './mesh-bench-peer.ts';

const REQUESTS = 150_000;
const IN_FLIGHT = 64;
const BODY_BYTES = 256;
const BULK_BYTES = 512 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const IDLE_MS = 15_000;

interface Child {
  readonly id: string;
  readonly process: ChildProcess;
}

const authority = createTestAuthority();

function orderFor(peers: PeerOrder['peers']): PeerOrder {
  const identity = generateIdentity();
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return {
    cluster: authority.cluster,
    membershipKey: text(authority.keys.membershipKey),
    certificate: text(authority.certify(identity.peer)),
    signingSeed: text(identity.signing.seed),
    signingPublic: text(identity.signing.publicKey),
    peer: identity.peer,
    peers,
  };
}

async function startChild(peers: PeerOrder['peers']): Promise<Child> {
  const file = fileURLToPath(new URL('./mesh-bench-peer.js', import.meta.url));
  const child = fork(file, ['peer']);
  const order = orderFor(peers);
  child.send(order);
  await once(child, 'message');
  return { id: order.peer, process: child };
}

async function messageOf(child: Child, wanted: string): Promise<Record<string, number>> {
  for (;;) {
    const [message] = (await once(child.process, 'message')) as [Record<string, number | string>];
    if (message['type'] === wanted) return message as Record<string, number>;
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

/** CPU share of one core and resident bytes of each child over an idle while. */
async function idleCost(children: readonly Child[]): Promise<{ cpu: number; rss: number }[]> {
  const cost = async (child: Child): Promise<Record<string, number>> => {
    const answer = messageOf(child, 'cost');
    child.process.send('cost');
    return await answer;
  };
  const before = await Promise.all(children.map(cost));
  await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
  const after = await Promise.all(children.map(cost));
  return after.map((now, i) => ({
    cpu: (now['cpuUs']! - before[i]!['cpuUs']!) / 1000 / IDLE_MS,
    rss: now['rssBytes']!,
  }));
}

/** Milliseconds from a signal until every other process held the peer for suspect, and for dead. */
async function detection(
  victim: Child,
  others: readonly Child[],
  signal: 'SIGKILL' | 'SIGSTOP',
): Promise<{ suspect: number; dead: number }> {
  const times: Record<string, number[]> = { suspect: [], dead: [] };
  const all = others.map(
    async (child) =>
      await new Promise<void>((resolve) => {
        child.process.on('message', (saw: { peer?: string; status?: string; atMs?: number }) => {
          if (saw.peer !== victim.id || saw.status === undefined) return;
          times[saw.status]?.push(saw.atMs!);
          if (saw.status === 'dead') resolve();
        });
      }),
  );
  const startMs = Date.now();
  victim.process.kill(signal);
  await Promise.all(all);
  victim.process.kill('SIGKILL');
  const last = (status: string): number => Math.max(...times[status]!, startMs) - startMs;
  return { suspect: last('suspect'), dead: last('dead') };
}

const round = (value: number, digits = 0): number => Number(value.toFixed(digits));

const size = Math.max(4, Number(process.argv[2] ?? 5));
const here = await startOrdered(orderFor([]));
const known = [{ peer: here.identity.peer, addresses: here.transport.addresses() }];
const startMs = performance.now();
const children: Child[] = [];
while (children.length < size - 1) children.push(await startChild(known));
await until([here], () => here.mesh.members().length === size, 60_000, 'all here');
const startAllMs = performance.now() - startMs;

const idle = await idleCost(children);
const [target, killed, frozen, ...rest] = children as [Child, Child, Child, ...Child[]];
const requests = await requestsPerSecond(here, target.id);
const bulk = await bulkMegabytesPerSecond(here, target.id);
const kill = await detection(killed, [target, frozen, ...rest], 'SIGKILL');
const freeze = await detection(frozen, [target, ...rest], 'SIGSTOP');
for (const child of children) child.process.kill('SIGKILL');

process.stdout.write(
  `${JSON.stringify({
    bench: 'mesh',
    peers: size,
    startAllMs: round(startAllMs),
    idleCpuPercent: round(Math.max(...idle.map(({ cpu }) => cpu)) * 100, 2),
    idleRssMegabytes: round(Math.max(...idle.map(({ rss }) => rss)) / 1e6),
    requestsPerSecond: round(requests),
    bulkMegabytesPerSecond: round(bulk),
    killSuspectedByAllMs: kill.suspect,
    killDeadForAllMs: kill.dead,
    freezeDeadForAllMs: freeze.dead,
  })}\n`,
);
process.exit(0);
