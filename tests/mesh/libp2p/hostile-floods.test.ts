// Floods: whoever floods gains nothing, what it floods does not grow, and honest peers go on.

import { equal, ok } from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { createLibp2p } from 'libp2p';
import { generateIdentity } from '../../../mesh/index.ts';
import type { Identity } from '../../../mesh/index.ts';
import { encodeGossip } from '../../../mesh/gossip-message.ts';
import { createFramedStream } from '../../../mesh/libp2p/framed-stream.ts';
import { parseHostPort, toMultiaddr } from '../../../mesh/libp2p/host-ports.ts';
import { laneProtocol } from '../../../mesh/libp2p/links.ts';
import { introduce, MEMBER_PROTOCOL } from '../../../mesh/libp2p/member-handshake.ts';
import { libp2pKey } from '../../../mesh/libp2p/peer-ids.ts';
import type { Actor } from '../../../runtime/index.ts';
import { formatAddress } from '../../../runtime/index.ts';
import { createTestAuthority, join, startPeer, until } from './libp2p-peers.ts';
import type { TestAuthority, TestPeer } from './libp2p-peers.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const MIB = 1024 * 1024;

/** What a peer may have more in memory once a flood is over: caches, compiled code, noise of the measurement. */
const GROWTH_LIMIT_BYTES = 24 * MIB;

/** The slowest answer between honest peers while a flood lasts; all of them share one process and its attacker here. */
const ANSWER_LIMIT_MS = 2_000;

const turn = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

interface Question {
  readonly id: number;
  readonly replyTo: { readonly tell: (answer: { readonly id: number }) => void };
}

const echo: Actor<Question, undefined> = {
  schema: (value) =>
    typeof (value as Partial<Question>).replyTo?.tell === 'function' ? undefined : 'no question',
  start: () => undefined,
  receive: (state, { id, replyTo }) => {
    replyTo.tell({ id });
    return state;
  },
};

/** Asks without pause until told to stop; gives how many answers came and how long the slowest took. */
function interview(asker: TestPeer, other: TestPeer) {
  const ref = asker.system.ref<Question>(
    formatAddress({ peer: other.identity.peer, path: 'echo' }),
  );
  let isOver = false;
  const asking = (async () => {
    let [answers, slowestMs] = [0, 0];
    while (!isOver) {
      const startMs = performance.now();
      const answer = await asker.system.ask<Question, { readonly id: number }>(
        ref,
        (replyTo) => ({ id: answers, replyTo }),
        10_000,
      );
      if (!answer.ok) throw answer.error;
      equal(answer.value.id, answers);
      answers += 1;
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
      await turn();
    }
    return { answers, slowestMs };
  })();
  return async () => {
    isOver = true;
    return await asking;
  };
}

/** A node that keeps no rule of ours. */
const startRogue = async (identity: Identity): Promise<Libp2p> =>
  await createLibp2p({
    privateKey: libp2pKey(identity.signing),
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxOutboundStreams: 100_000, maxInboundStreams: 100_000 })],
    connectionMonitor: { enabled: false },
    connectionGater: { denyDialMultiaddr: () => false },
  });

const dial = async (node: Libp2p, peer: TestPeer): Promise<Connection> =>
  await node.dial(await toMultiaddr(parseHostPort(peer.transport.addresses()[0]!)));

/** Becomes a member with lanes, by the usual handshake. */
async function enter(
  authority: TestAuthority,
  node: Libp2p,
  identity: Identity,
  victim: TestPeer,
): Promise<{ readonly connection: Connection; readonly control: Stream }> {
  const connection = await dial(node, victim);
  await introduce(createFramedStream(await connection.newStream(MEMBER_PROTOCOL)), {
    credentials: {
      cluster: authority.cluster,
      authorityKey: authority.keys.membershipKey,
      certificate: authority.certify(identity.peer),
    },
    remote: victim.identity.peer,
    wallMs: Date.now(),
    standing: () => 'unknown' as const,
    datagram: { port: 0, secret: new Uint8Array(32) },
  });
  const lanes = [];
  for (const lane of ['control', 'log', 'bulk'] as const) {
    lanes.push(await connection.newStream(laneProtocol(lane)));
  }
  return { connection, control: lanes[0]! };
}

/** A gossipsub RPC with so many subscriptions, each to a topic of its own, behind its length. */
function subscriptions(from: number, count: number): Uint8Array {
  const options = [];
  for (let at = from; at < from + count; at++) {
    const topic = Buffer.from(`topic-${at}`);
    const option = Buffer.concat([Buffer.of(0x08, 1, 0x12, topic.length), topic]);
    options.push(Buffer.of(0x0a, option.length), option);
  }
  const body = Buffer.concat(options);
  return Buffer.concat([varint(body.length), body]);
}

function varint(value: number): Buffer {
  const bytes = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.of(...bytes, rest);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** The other side reads no more once so many turns have passed without a chunk taken. */
const STALLED_TURNS = 500;

/** Writes all there is, until the other side ends it or reads no more. */
const pour = async (stream: Stream, chunks: Iterable<Uint8Array>): Promise<void> => {
  let turns = 0;
  let isOver = false;
  const source = async function* (): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) {
      if (isOver) return;
      turns = 0;
      yield chunk;
      await turn();
    }
  };
  void stream.sink(source()).then(
    () => (isOver = true),
    // Ended by the other side: that is what it is for.
    () => (isOver = true),
  );
  while (!isOver && turns < STALLED_TURNS) {
    turns += 1;
    await turn();
  }
  isOver = true;
  stream.abort(new Error('enough'));
};

function* million(): Generator<Uint8Array> {
  const each = 1_000;
  for (let from = 0; from < 1_000_000; from += each) yield subscriptions(from, each);
}

/** What gossipsub keeps of topics and peers; private in its types. */
interface Kept {
  readonly topics: ReadonlyMap<string, unknown>;
  readonly peers: ReadonlyMap<string, unknown>;
  readonly streamsInbound: ReadonlyMap<string, unknown>;
}

const keptBy = (peer: TestPeer): Kept =>
  peer.transport.inside()!.node.services.pubsub as unknown as Kept;

describe('a flood', function () {
  this.timeout(30_000);
  let authority: TestAuthority;
  let victim: TestPeer;
  let friend: TestPeer;
  let rogue: Libp2p;
  let identity: Identity;

  beforeEach(async () => {
    authority = createTestAuthority();
    victim = await startPeer(authority, { name: 'victim' });
    const joined = await join(authority, victim, { name: 'friend' });
    if (!joined.ok) throw joined.error;
    friend = joined.value;
    const linked = (): boolean => [victim, friend].every(({ mesh }) => mesh.members().length === 2);
    await until([victim, friend], linked, 5_000, 'linked');
    victim.system.spawn('echo', echo, undefined);
    identity = generateIdentity();
    rogue = await startRogue(identity);
  });
  afterEach(async () => {
    await rogue.stop();
    await Promise.all([victim.stop(), friend.stop()]);
  });

  /** The victim is asked by its friend all the while, and is afterwards what it was before. */
  const withstand = async (flood: () => Promise<void>): Promise<void> => {
    collectGarbage();
    const beforeBytes = process.memoryUsage().heapUsed;
    const finish = interview(friend, victim);
    await flood();
    const { answers, slowestMs } = await finish();
    ok(answers > 0, 'the friend got no answer');
    ok(slowestMs < ANSWER_LIMIT_MS, `an answer took ${Math.round(slowestMs)} ms`);
    collectGarbage();
    const grownBytes = process.memoryUsage().heapUsed - beforeBytes;
    ok(grownBytes < GROWTH_LIMIT_BYTES, `${Math.round(grownBytes / MIB)} MiB more in memory`);
    ok(victim.transport.isLinked(friend.identity.peer));
    equal(victim.mesh.member(friend.identity.peer)?.status, 'alive');
  };

  it('of a million topics by a stranger reaches no gossipsub', async () => {
    await withstand(async () => {
      const connection = await dial(rogue, victim);
      const stream = await connection.newStream('/meshsub/1.1.0').catch(() => undefined);
      if (stream !== undefined) await pour(stream, million());
      equal(keptBy(victim).topics.has('topic-0'), false);
      equal(keptBy(victim).peers.has(identity.peer), false);
      equal(keptBy(victim).streamsInbound.has(identity.peer), false);
      await connection.close();
    });
  });

  it('of a million topics by a member is decoded within limits and kept nowhere (CVE-2026-46679)', async () => {
    await withstand(async () => {
      const { connection } = await enter(authority, rogue, identity, victim);
      const stream = await connection.newStream('/meshsub/1.1.0');
      await pour(stream, million());
      ok(keptBy(victim).topics.size <= 1, `${keptBy(victim).topics.size} topics are kept`);
      await connection.close();
    });
  });

  it('of silent connections takes the places of nobody else, and ends by itself', async () => {
    const { host, port } = parseHostPort(victim.transport.addresses()[0]!);
    await withstand(async () => {
      const sockets: Socket[] = [];
      for (let at = 0; at < 400; at++) {
        const socket = connect({ host, port, localAddress: '127.0.0.66' });
        socket.on('error', () => undefined);
        sockets.push(socket);
      }
      const closed = sockets.map((socket) => once(socket, 'close'));
      const joined = await join(authority, victim, { name: 'late' });
      if (!joined.ok) throw joined.error;
      await joined.value.stop();
      // None is admitted, so the deadline ends each that was taken in.
      await Promise.all(closed);
    });
  });

  it('of streams by a stranger ends its connection', async () => {
    await withstand(async () => {
      const connection = await dial(rogue, victim);
      const ended = new Promise<void>((resolve) => {
        rogue.addEventListener('connection:close', () => resolve(), { once: true });
      });
      const streams = Array.from({ length: 500 }, () => connection.newStream(MEMBER_PROTOCOL));
      await Promise.allSettled(streams);
      await ended;
    });
  });

  it('of datagrams that nobody sealed is dropped unread and unanswered', async () => {
    const { host, port } = parseHostPort(victim.transport.addresses()[0]!);
    await withstand(async () => {
      const socket = createSocket('udp4');
      let answered = 0;
      socket.on('message', () => (answered += 1));
      socket.bind(0, '127.0.0.1');
      await once(socket, 'listening');
      for (let at = 0; at < 20_000; at++) {
        socket.send(Buffer.alloc(64 + (at % 900), at & 0xff), port, host);
        if (at % 200 === 0) await turn();
      }
      await new Promise<void>((resolve) => socket.send('last', port, host, () => resolve()));
      for (let at = 0; at < 100; at++) await turn();
      equal(answered, 0);
      socket.close();
    });
  });

  it('of gossip by a member is cut down to its share, and costs the others nothing', async () => {
    await withstand(async () => {
      const before = victim.mesh.counters().excess;
      const { connection, control } = await enter(authority, rogue, identity, victim);
      const hash = encodeGossip({ type: 'members-hash', hash: 1 });
      const framed = Buffer.concat([Buffer.of(0, 0, 0, hash.length), hash]);
      const many = Buffer.concat(Array.from({ length: 500 }, () => framed));
      await Promise.race([
        pour(
          control,
          Array.from({ length: 200 }, () => many),
        ),
        // It reads none of what is said to it, so the link may be given up before all is sent.
        new Promise<void>((resolve) => {
          rogue.addEventListener('connection:close', () => resolve(), { once: true });
        }),
      ]);
      while (victim.mesh.counters().excess < before + 10_000) await turn();
      await connection.close();
    });
  });
});
