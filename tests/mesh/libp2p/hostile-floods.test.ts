// Floods: whoever floods gains nothing, what it floods does not grow, and honest peers go on.

import { equal, ok } from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { encodeGossip } from '../../../mesh/gossip-message.ts';
import { parseHostPort } from '../../../mesh/libp2p/host-ports.ts';
import { MEMBER_PROTOCOL } from '../../../mesh/libp2p/member-handshake.ts';
import { join } from './libp2p-peers.ts';
import type { TestPeer } from './libp2p-peers.ts';
import { ended, enter, hangUp, pour, turn, turnUntil } from './rogue.ts';
import { beginSiege, MIB } from './siege.ts';
import type { Siege } from './siege.ts';

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

function* million(): Generator<Uint8Array> {
  const each = 1_000;
  for (let from = 0; from < 1_000_000; from += each) yield subscriptions(from, each);
}

/** What gossipsub keeps of topics and peers; private in its types. */
interface Kept {
  readonly subscriptions: ReadonlySet<string>;
  readonly topics: ReadonlyMap<string, unknown>;
  readonly peers: ReadonlyMap<string, unknown>;
  readonly streamsInbound: ReadonlyMap<string, unknown>;
}

const keptBy = (peer: TestPeer): Kept =>
  peer.transport.inside()!.node.services.pubsub as unknown as Kept;

describe('a flood', function () {
  this.timeout(30_000);
  let siege: Siege;

  beforeEach(async () => {
    siege = await beginSiege();
  });
  afterEach(async () => {
    await siege.end();
  });

  it('of a million topics by a stranger reaches no gossipsub', async () => {
    await siege.withstand(async () => {
      const { victim, rogue } = siege;
      const connection = await rogue.dial(victim);
      const stream = await connection.newStream('/meshsub/1.1.0').catch(() => undefined);
      if (stream !== undefined) await pour(stream, million());
      const { topics, peers, streamsInbound, subscriptions } = keptBy(victim);
      equal(topics.has('topic-0'), false);
      equal(peers.has(rogue.identity.peer), false);
      equal(streamsInbound.has(rogue.identity.peer), false);
      equal(subscriptions.size, 1);
      await hangUp(connection);
    });
  });

  it('of a million topics by a member is decoded within limits and kept nowhere (CVE-2026-46679)', async () => {
    await siege.withstand(async () => {
      const { authority, victim, rogue } = siege;
      const { connection } = await enter(authority, rogue, victim);
      const stream = await connection.newStream('/meshsub/1.1.0');
      const bytes = await pour(stream, million());
      ok(bytes <= MIB, `${bytes} bytes of it were read`);
      const { topics, subscriptions } = keptBy(victim);
      ok(topics.size <= 1, `${topics.size} topics are kept`);
      equal(subscriptions.size, 1);
      await hangUp(connection);
    });
  });

  it('of silent connections takes the places of nobody else, and ends by itself', async () => {
    const { authority, victim } = siege;
    const { host, port } = parseHostPort(victim.transport.addresses()[0]!);
    await siege.withstand(async () => {
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
    await siege.withstand(async () => {
      const { victim, rogue } = siege;
      const connection = await rogue.dial(victim);
      const streams = Array.from({ length: 500 }, () => connection.newStream(MEMBER_PROTOCOL));
      await Promise.allSettled(streams);
      await ended(rogue, connection);
    });
  });

  it('of datagrams that nobody sealed is dropped unread and unanswered', async () => {
    const { victim } = siege;
    const { host, port } = parseHostPort(victim.transport.addresses()[0]!);
    await siege.withstand(async () => {
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
    await siege.withstand(async () => {
      const { authority, victim, rogue } = siege;
      const before = victim.mesh.counters().excess;
      const { connection, lanes } = await enter(authority, rogue, victim);
      const hash = encodeGossip({ type: 'members-hash', hash: 1 });
      const framed = Buffer.concat([Buffer.of(0, 0, 0, hash.length), hash]);
      const many = Buffer.concat(Array.from({ length: 500 }, () => framed));
      await Promise.race([
        pour(
          lanes.control,
          Array.from({ length: 200 }, () => many),
        ),
        // It reads none of what is said to it, so the link may be given up before all is sent.
        ended(rogue, connection),
      ]);
      await turnUntil(() => victim.mesh.counters().excess >= before + 10_000);
      await hangUp(connection);
    });
  });
});
