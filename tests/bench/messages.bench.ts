// Actor messages between two processes over an encrypted link on loopback: questions with 64 on their way, and bulk bytes.
//
//   node dist/tests/bench/messages.bench.js [ROUNDS]      ROUNDS defaults to 5; prints the median of each

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { generateIdentity } from '../../mesh/index.ts';
import type { Actor, Context } from '../../runtime/index.ts';
import { formatAddress } from '../../runtime/index.ts';
import { createTestAuthority, until } from '../mesh/libp2p/libp2p-peers.ts';
import type { TestPeer } from '../mesh/libp2p/libp2p-peers.ts';
import { startOrdered } from './mesh-bench-peer.ts';
import type { Echo, PeerOrder } from './mesh-bench-peer.ts';

const REQUESTS = 150_000;
const IN_FLIGHT = 64;
const BODY_BYTES = 256;
const BULK_BYTES = 512 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

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

async function startOther(here: TestPeer): Promise<{ id: string; process: ChildProcess }> {
  const other = fork(fileURLToPath(new URL('./mesh-bench-peer.js', import.meta.url)), ['peer']);
  const known = { peer: here.identity.peer, addresses: here.transport.addresses() };
  const order = orderFor([known]);
  other.send(order);
  await once(other, 'message');
  await until([here], () => here.transport.isLinked(order.peer), 20_000, 'linked');
  return { id: order.peer, process: other };
}

type Answered = { readonly ok: boolean };

async function questionsPerSecond(here: TestPeer, to: string, round: number): Promise<number> {
  const target = here.system.ref<Echo>(formatAddress({ peer: to, path: 'echo' }));
  const body = new Uint8Array(BODY_BYTES).fill(7);
  let sent = 0;
  let answered = 0;
  const startMs = performance.now();
  await new Promise<void>((resolve, reject) => {
    const ask = (ctx: Context<Answered>): void => {
      sent += 1;
      ctx.ask(
        target,
        (replyTo): Echo => ({ type: 'echo', body, replyTo }),
        10_000,
        (reply) => ({ ok: reply.ok }),
      );
    };
    const asker: Actor<Answered, undefined> = {
      start: (_, ctx) => {
        while (sent < IN_FLIGHT) ask(ctx);
        return undefined;
      },
      receive: (state, reply, ctx) => {
        if (!reply.ok) reject(new Error('a question failed'));
        answered += 1;
        if (answered === REQUESTS) resolve();
        else if (sent < REQUESTS) ask(ctx);
        return state;
      },
    };
    here.system.spawn(`asker-${round}`, asker, undefined);
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

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

const rounds = Number(process.argv[2] ?? 5);
const here = await startOrdered(orderFor([]));
const other = await startOther(here);
const questions: number[] = [];
const bulk: number[] = [];
// Alternating, so that both meet the same moods of the machine; the first of each warms up.
for (let round = 0; round <= rounds; round++) {
  questions.push(Math.round(await questionsPerSecond(here, other.id, round)));
  bulk.push(Math.round(await bulkMegabytesPerSecond(here, other.id)));
}
other.process.kill('SIGKILL');
process.stdout.write(
  `${JSON.stringify({
    bench: 'messages',
    questionsPerSecond: median(questions.slice(1)),
    allQuestionsPerSecond: questions.slice(1),
    bulkMegabytesPerSecond: median(bulk.slice(1)),
    allBulkMegabytesPerSecond: bulk.slice(1),
  })}\n`,
);
process.exit(0);
