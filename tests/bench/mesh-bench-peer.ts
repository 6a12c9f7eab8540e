// A peer of a benchmark: a member of a made-up cluster that echoes and swallows streams.

import { generateIdentity } from '../../mesh/index.ts';
import type { AuthorityKeys, Identity } from '../../mesh/index.ts';
import type { Actor, ActorRef } from '../../runtime/index.ts';
import { startPeer } from '../mesh/libp2p/libp2p-peers.ts';
import type { TestAuthority, TestPeer } from '../mesh/libp2p/libp2p-peers.ts';

/** All that a process needs to be this peer. Bytes travel as base64. */
export interface PeerOrder {
  readonly cluster: string;
  readonly membershipKey: string;
  readonly certificate: string;
  readonly signingSeed: string;
  readonly signingPublic: string;
  readonly peer: string;
  /** `host:port`; default any port of 127.0.0.1. */
  readonly listen?: string;
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

/** Of a peer with an identity of its own, told of no others yet. */
export function newMember(authority: TestAuthority): PeerOrder {
  const identity = generateIdentity();
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  return {
    cluster: authority.cluster,
    membershipKey: text(authority.keys.membershipKey),
    certificate: text(authority.certify(identity.peer)),
    signingSeed: text(identity.signing.seed),
    signingPublic: text(identity.signing.publicKey),
    peer: identity.peer,
    peers: [],
  };
}

/** The order's peer as one that can start. */
export function readOrder(order: PeerOrder): {
  readonly authority: TestAuthority;
  readonly identity: Identity;
} {
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
  return { authority, identity };
}

/** Starts a peer as ordered. */
export async function startOrdered(order: PeerOrder): Promise<TestPeer> {
  const { authority, identity } = readOrder(order);
  const peer = await startPeer(authority, {
    identity,
    peers: order.peers,
    ...(order.listen === undefined ? {} : { listen: order.listen }),
    name: order.peer.slice(-6),
  });
  peer.system.spawn('echo', echo, undefined);
  peer.mesh.handleStream('swallow', (_from, _header, stream) => {
    stream.on('end', () => stream.end('done'));
    stream.resume();
  });
  return peer;
}
