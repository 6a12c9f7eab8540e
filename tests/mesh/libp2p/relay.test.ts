// What a relay refuses, and what one that lies gets: nothing.

import { equal, ok, rejects } from 'node:assert/strict';
import { z } from 'zod';
import { generateIdentity } from '../../../mesh/index.ts';
import type { Identity } from '../../../mesh/index.ts';
import { createGreetedStream } from '../../../mesh/libp2p/greeted-stream.ts';
import type { GreetedStream } from '../../../mesh/libp2p/greeted-stream.ts';
import { parseHostPort, toMultiaddr } from '../../../mesh/libp2p/host-ports.ts';
import { createDialOnlyNode } from '../../../mesh/libp2p/node.ts';
import { libp2pKey } from '../../../mesh/libp2p/peer-ids.ts';
import { RELAY_PROTOCOLS } from '../../../mesh/libp2p/relay.ts';
import { createTestAuthority, join, seesAll, startPeer, until } from './libp2p-peers.ts';
import type { TestAuthority, TestPeer } from './libp2p-peers.ts';

const answer = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ refused: z.string().max(512) }),
]);
const [RELAY, RELAYED] = RELAY_PROTOCOLS as [string, string];
const never = new AbortController().signal;

/** The connection that a peer's own node has to another. */
function connectionOf(from: TestPeer, to: TestPeer) {
  const { node } = from.transport.inside()!;
  const found = node
    .getConnections()
    .find(({ remotePeer }) => remotePeer.toString() === to.identity.peer);
  if (found === undefined) throw new Error('no connection');
  return found;
}

describe('a relay', function () {
  this.timeout(20_000);
  let authority: TestAuthority;
  let peers: TestPeer[];

  beforeEach(async () => {
    authority = createTestAuthority();
    peers = [await startPeer(authority)];
    while (peers.length < 3) {
      const joined = await join(authority, peers[0]!);
      if (!joined.ok) throw joined.error;
      peers.push(joined.value);
    }
    await until(peers, () => seesAll(peers), 5_000, 'all see all');
  });
  afterEach(async () => {
    await Promise.all(peers.map((peer) => peer.stop()));
  });

  const strange = async (
    identity: Identity,
    to: TestPeer,
    protocol: string,
    act: (stream: GreetedStream) => Promise<void>,
  ): Promise<void> => {
    const node = await createDialOnlyNode(libp2pKey(identity.signing));
    try {
      const [address] = to.transport.addresses();
      const connection = await node.dial(await toMultiaddr(parseHostPort(address!)));
      await act(createGreetedStream(await connection.newStream(protocol), never));
    } finally {
      await node.stop();
    }
  };

  it('carries nothing for a stranger, and takes none in that one brings', async () => {
    const [relay, target] = peers as [TestPeer, TestPeer];
    await strange(generateIdentity(), relay, RELAY, async (stream) => {
      stream.write({ for: target.identity.peer });
      await rejects(stream.read(answer));
    });
    await strange(generateIdentity(), relay, RELAYED, async (stream) => {
      stream.write({ from: target.identity.peer });
      await rejects(stream.read(answer));
    });
    ok(seesAll(peers));
  });

  it('says that it has no direct link, when a member asks for one who is not there, or for itself', async () => {
    const [relay, asker] = peers as [TestPeer, TestPeer];
    for (const target of [generateIdentity().peer, asker.identity.peer]) {
      const stream = await connectionOf(asker, relay).newStream(RELAY);
      const greeted = createGreetedStream(stream, never);
      greeted.write({ for: target });
      const said = await greeted.read(answer);
      equal('refused' in said ? said.refused : 'ready', 'no direct link to it');
    }
  });

  it('cannot bring in somebody else than whom encryption shows', async () => {
    const [victim, liar] = peers as [TestPeer, TestPeer];
    const before = victim.transport.inside()!.node.getConnections().length;
    const stream = await connectionOf(liar, victim).newStream(RELAYED);
    const greeted = createGreetedStream(stream, never);
    greeted.write({ from: peers[2]!.identity.peer });
    ok('ready' in (await greeted.read(answer)));
    // What it sends is no handshake of the one it named: the connection never comes about.
    await greeted.sink(
      (async function* () {
        yield Buffer.from('not a handshake of anybody');
      })(),
    );
    const read = async (): Promise<void> => {
      for await (const chunk of greeted.source()) ok(chunk.byteLength > 0);
    };
    await rejects(read(), { message: /reset/ });
    equal(victim.transport.inside()!.node.getConnections().length, before);
    ok(seesAll(peers));
  });
});
