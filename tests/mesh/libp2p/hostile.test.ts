// What strangers and misbehaving members get: nothing, and no hold on memory or links.

import { equal, ok } from 'node:assert/strict';
import { gossipsub } from '@chainsafe/libp2p-gossipsub';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { identify } from '@libp2p/identify';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { createLibp2p } from 'libp2p';
import { generateIdentity } from '../../../mesh/index.ts';
import type { Identity } from '../../../mesh/index.ts';
import { createFramedStream } from '../../../mesh/libp2p/framed-stream.ts';
import { parseHostPort, toMultiaddr } from '../../../mesh/libp2p/host-ports.ts';
import { laneProtocol } from '../../../mesh/libp2p/links.ts';
import { introduce, MEMBER_PROTOCOL } from '../../../mesh/libp2p/member-handshake.ts';
import { libp2pKey } from '../../../mesh/libp2p/peer-ids.ts';
import { HINT_TOPIC } from '../../../mesh/mesh-state.ts';
import { createTestAuthority, join, startPeer, until } from './libp2p-peers.ts';
import type { TestAuthority, TestPeer } from './libp2p-peers.ts';
import { hangUp, turn } from './rogue.ts';

/** A node that follows no rule of ours, with gossipsub of its own. */
async function startStranger(identity: Identity) {
  return await createLibp2p({
    privateKey: libp2pKey(identity.signing),
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    connectionGater: { denyDialMultiaddr: () => false },
    services: {
      identify: identify(),
      pubsub: gossipsub({
        globalSignaturePolicy: 'StrictNoSign',
        allowPublishToZeroTopicPeers: true,
      }),
    },
  });
}

async function dial(node: Libp2p, peer: TestPeer): Promise<Connection> {
  return await node.dial(await toMultiaddr(parseHostPort(peer.transport.addresses()[0]!)));
}

/** How a stream ends when the other side wants none of it. */
async function outcome(connection: Connection, protocol: string): Promise<string> {
  try {
    const stream = await connection.newStream(protocol);
    for await (const chunk of stream.source) return `${chunk.byteLength} bytes`;
    return 'ended';
  } catch {
    return 'refused';
  }
}

const closed = async (node: Libp2p): Promise<void> =>
  await new Promise((resolve) => {
    node.addEventListener('connection:close', () => resolve(), { once: true });
  });

const sink = (stream: Stream, ...chunks: Uint8Array[]): void => {
  stream.sink(chunks).catch(() => undefined);
};

describe('a stranger', function () {
  this.timeout(15_000);
  let authority: TestAuthority;
  let peer: TestPeer;
  let stranger: Awaited<ReturnType<typeof startStranger>>;

  beforeEach(async () => {
    authority = createTestAuthority();
    peer = await startPeer(authority, { name: 'node-0' });
    stranger = await startStranger(generateIdentity());
  });
  afterEach(async () => {
    await stranger.stop();
    await peer.stop();
  });

  it('gets no topic, lane, stream or identity', async () => {
    const heard: string[] = [];
    stranger.services.pubsub.subscribe(HINT_TOPIC);
    stranger.services.pubsub.addEventListener('message', ({ detail }) => heard.push(detail.topic));
    const connection = await dial(stranger, peer);
    for (const protocol of [
      '/meshsub/1.2.0',
      '/meshsub/1.1.0',
      '/meshsub/1.0.0',
      '/floodsub/1.0.0',
      '/ipfs/id/1.0.0',
      laneProtocol('control'),
      laneProtocol('log'),
      '/skein/stream/1',
    ]) {
      equal(await outcome(connection, protocol), 'refused', protocol);
    }
    peer.mesh.setFacts({ labels: { secret: 'yes' } });
    equal(stranger.services.pubsub.getSubscribers(HINT_TOPIC).length, 0);
    equal(stranger.services.pubsub.getPeers().length, 0);
    equal(heard.length, 0);
    equal(peer.mesh.members().length, 1);
  });

  it('is cut after 64 KiB, whatever it sends', async () => {
    const connection = await dial(stranger, peer);
    const end = closed(stranger);
    const stream = await connection.newStream(MEMBER_PROTOCOL);
    sink(stream, new Uint8Array(200_000));
    await end;
  });

  it('is refused with a membership of another cluster, of another peer, or out of date', async () => {
    const own = generateIdentity();
    const attempts: [Uint8Array, string][] = [
      [createTestAuthority().certify(own.peer), 'another cluster'],
      [authority.certify(peer.identity.peer), 'shows the membership of'],
      [authority.certify(own.peer, 0, 1000), 'holds from'],
      [new Uint8Array([1, 2, 3]), 'no membership certificate'],
    ];
    const node = await startStranger(own);
    try {
      for (const [certificate, reason] of attempts) {
        const connection = await dial(node, peer);
        const stream = createFramedStream(await connection.newStream(MEMBER_PROTOCOL));
        const terms = {
          credentials: {
            cluster: authority.cluster,
            authorityKey: authority.keys.membershipKey,
            certificate,
          },
          remote: peer.identity.peer,
          wallMs: Date.now(),
          standing: () => 'unknown' as const,
          datagram: { port: 0, secret: new Uint8Array(32) },
        };
        const refusal = await introduce(stream, terms).then(
          () => 'admitted',
          (error: Error) => error.message,
        );
        ok(refusal.includes(reason), refusal);
        equal(await outcome(connection, laneProtocol('control')), 'refused');
        await hangUp(connection);
      }
    } finally {
      await node.stop();
    }
  });
});

describe('a misbehaving member', function () {
  this.timeout(15_000);
  let authority: TestAuthority;
  let peers: TestPeer[];

  beforeEach(async () => {
    authority = createTestAuthority();
    const first = await startPeer(authority, { name: 'node-0' });
    const second = await join(authority, first, { name: 'node-1' });
    if (!second.ok) throw second.error;
    peers = [first, second.value];
    const linked = (): boolean => peers.every((peer) => peer.mesh.members().length === 2);
    await until(peers, linked, 5000, 'linked');
  });
  afterEach(async () => {
    await Promise.all(peers.map((peer) => peer.stop()));
  });

  it('loses its link for a malformed frame, is counted, and gets a new one', async () => {
    const [victim, attacker] = peers as [TestPeer, TestPeer];
    const id = attacker.identity.peer;
    for (const frame of [
      [0x04, 0xc1, 0xc1],
      [0x11, 0x93, 0x01, 0x02, 0x03],
    ]) {
      const before = victim.mesh.counters().malformed;
      ok(attacker.transport.send(victim.identity.peer, 'control', new Uint8Array(frame)));
      const linked = (): boolean =>
        victim.transport.isLinked(id) && attacker.transport.isLinked(victim.identity.peer);
      while (victim.mesh.counters().malformed === before || linked()) await turn();
      while (!linked()) await turn();
    }
    equal(victim.mesh.counters().malformed, 2);
  });

  it('cannot keep a place for actors it is not allowed to reach', async () => {
    const [victim, attacker] = peers as [TestPeer, TestPeer];
    const refusedBefore = victim.mesh.counters().refused;
    attacker.system
      .ref<unknown>(`skein://${victim.identity.peer}/mesh` as never)
      .tell({ type: 'leave' });
    while (victim.mesh.counters().refused === refusedBefore) await turn();
    equal(victim.mesh.member(victim.identity.peer)?.status, 'alive');
  });
});
