// One peer of the mesh benchmark, a process of its own: echoes, swallows streams, reports what it costs.

import { generateIdentity } from '../../mesh/index.ts';
import type { AuthorityKeys, Identity } from '../../mesh/index.ts';
import type { Actor, ActorRef } from '../../runtime/index.ts';
import { startPeer } from '../mesh/libp2p-peers.ts';
import type { TestAuthority, TestPeer } from '../mesh/libp2p-peers.ts';

/** What the parent sends. Bytes travel as base64. */
export interface PeerOrder {
  readonly cluster: string;
  readonly membershipKey: string;
  readonly certificate: string;
  readonly signingSeed: string;
  readonly signingPublic: string;
  readonly peer: string;
  readonly peers: readonly { readonly peer: string; readonly addresses: readonly string[] }[];
}

export interface Echo {
  readonly type: 'echo';
  readonly body: Uint8Array;
  readonly replyTo: ActorRef<Uint8Array>;
}

/** Answers with the bytes it got. */
export const echo: Actor<Echo, undefined> = {
  start: () => undefined,
  receive: (state, { body, replyTo }) => {
    replyTo.tell(body);
    return state;
  },
  schema: (value) => ((value as Partial<Echo>).type === 'echo' ? undefined : 'not an echo'),
};

/** Starts a peer as ordered. */
export async function startOrdered(order: PeerOrder): Promise<TestPeer> {
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64');
  const keys: AuthorityKeys = {
    membershipKey: bytes(order.membershipKey),
    apiKey: new Uint8Array(0),
  };
  const identity: Identity = {
    ...generateIdentity(),
    peer: order.peer,
    signing: { seed: bytes(order.signingSeed), publicKey: bytes(order.signingPublic) },
  };
  const authority = {
    keys,
    cluster: order.cluster,
    members: new Map(),
    revoked: new Set(),
    certify: () => bytes(order.certificate),
    redeem: () => Promise.reject(new Error('nobody joins here')),
    newToken: () => '',
  } as unknown as TestAuthority;
  const peer = await startPeer(authority, {
    identity,
    certificate: bytes(order.certificate),
    peers: order.peers,
    name: order.peer.slice(-6),
  });
  peer.system.spawn('echo', echo, undefined);
  peer.mesh.handleStream('swallow', (_from, _header, stream) => {
    stream.on('end', () => stream.end('done'));
    stream.resume();
  });
  return peer;
}

/** Times at which this peer saw another change, on the wall clock all processes share. */
function report(peer: TestPeer): void {
  peer.mesh.onMember(({ type, member }) => {
    if (type !== 'status') return;
    process.send?.({ type: 'saw', peer: member.peer, status: member.status, atMs: Date.now() });
  });
}

if (process.argv[2] === 'peer') {
  process.once('message', (order: PeerOrder) => {
    void startOrdered(order).then((peer) => {
      report(peer);
      process.send?.({ type: 'ready', addresses: peer.transport.addresses() });
      process.on('message', (text) => {
        if (text !== 'cost') return;
        const { user, system } = process.cpuUsage();
        process.send?.({ type: 'cost', cpuUs: user + system, rssBytes: process.memoryUsage().rss });
      });
    });
  });
}
