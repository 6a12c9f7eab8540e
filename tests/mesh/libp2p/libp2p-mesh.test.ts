// Real peers over libp2p on loopback: joining, talking, noticing, finding each other again.

import { equal, ok } from 'node:assert/strict';
import { createMemoryAddressBook, generateIdentity } from '../../../mesh/index.ts';
import { SkeinError } from '../../../runtime/index.ts';
import type { Actor, ActorRef } from '../../../runtime/index.ts';
import { formatAddress } from '../../../runtime/index.ts';
import { somePorts } from '../../some-ports.ts';
import { ask, createTestAuthority, join, seesAll, startPeer, until } from './libp2p-peers.ts';
import type { TestAuthority, TestPeer } from './libp2p-peers.ts';

interface Echo {
  readonly type: 'echo';
  readonly text: string;
  readonly replyTo: ActorRef<string>;
}

const echoActor: Actor<Echo, undefined> = {
  start: () => undefined,
  receive: (state, { text, replyTo }) => {
    replyTo.tell(`${text} back`);
    return state;
  },
  schema: (value) => ((value as Partial<Echo>).type === 'echo' ? undefined : 'not an echo'),
};

describe('peers over libp2p', function () {
  this.timeout(20_000);
  let authority: TestAuthority;
  let peers: TestPeer[];

  const grow = async (size: number): Promise<void> => {
    peers.push(await startPeer(authority, { name: 'node-0' }));
    while (peers.length < size) {
      const joined = await join(authority, peers[0]!, { name: `node-${peers.length}` });
      if (!joined.ok) throw joined.error;
      peers.push(joined.value);
    }
    await until(peers, () => seesAll(peers), 5000, 'all see all');
  };

  beforeEach(() => {
    authority = createTestAuthority();
    peers = [];
  });
  afterEach(async () => {
    await Promise.all(peers.map((peer) => peer.stop()));
  });

  it('join with a token, see each other and read what each says of itself', async () => {
    await grow(3);
    const named = (): boolean =>
      peers.every((peer) =>
        peers.every((other, i) => peer.mesh.memberNamed(`node-${i}`)?.peer === other.identity.peer),
      );
    await until(peers, named, 3000, 'names everywhere');
    peers[1]!.mesh.setFacts({ labels: { disk: 'fast' } });
    const id = peers[1]!.identity.peer;
    const labelled = (): boolean =>
      peers.every((peer) => peer.mesh.member(id)?.facts.labels?.['disk'] === 'fast');
    await until(peers, labelled, 1500, 'labels everywhere');
  });

  it('refuse a wrong token, a spent one and one of another cluster', async () => {
    await grow(1);
    const address = peers[0]!.transport.addresses()[0]!;
    const right = authority.newToken(1);
    const wrongSecret = right.replace(/\.[^.]+\./, `.${'A'.repeat(22)}.`);
    const refused = await ask(address, wrongSecret, generateIdentity());
    equal(refused.ok ? 'joined' : refused.error.code, 'unauthorized');
    const foreign = await ask(address, createTestAuthority().newToken(), generateIdentity());
    ok(!foreign.ok && foreign.error.message.includes('another cluster'));
    ok((await ask(address, right, generateIdentity())).ok);
    const again = await ask(address, right, generateIdentity());
    equal(again.ok ? 'joined' : again.error.code, 'unauthorized');
  });

  it('answer questions of actors on other peers', async () => {
    await grow(2);
    const [here, there] = peers as [TestPeer, TestPeer];
    there.system.spawn('echo', echoActor, undefined);
    const address = formatAddress({ peer: there.identity.peer, path: 'echo' });
    const answer = await new Promise<unknown>((resolve) => {
      const asker: Actor<string | { answer: unknown }, undefined> = {
        start: (_, ctx) => {
          ctx.ask(
            here.system.ref<Echo>(address),
            (replyTo): Echo => ({ type: 'echo', text: 'hello', replyTo }),
            2000,
            (reply) => ({ answer: reply }),
          );
          return undefined;
        },
        receive: (state, message) => {
          resolve(typeof message === 'string' ? message : message.answer);
          return state;
        },
      };
      here.system.spawn('asker', asker, undefined);
    });
    equal((answer as { value?: string }).value, 'hello back');
  });

  it('carry byte streams both ways, and each side ends by itself', async () => {
    await grow(2);
    const [here, there] = peers as [TestPeer, TestPeer];
    there.mesh.handleStream('upper', (from, header, stream) => {
      equal(from, here.identity.peer);
      equal((header as { tag: string }).tag, 'x');
      let text = '';
      stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
      stream.on('end', () => stream.end(text.toUpperCase()));
    });
    const opened = await here.mesh.openStream(there.identity.peer, 'upper', { tag: 'x' });
    if (!opened.ok) throw opened.error;
    opened.value.write('quiet ');
    opened.value.end('words');
    let answer = '';
    for await (const chunk of opened.value) answer += String(chunk);
    equal(answer, 'QUIET WORDS');
  });

  it('notice within one and a half seconds that a peer is gone', async () => {
    await grow(3);
    const gone = peers.pop()!;
    await gone.stop();
    const id = gone.identity.peer;
    const isDead = (): boolean => peers.every((peer) => peer.mesh.member(id)?.status === 'dead');
    await until(peers, isDead, 1800, 'dead');
    ok(seesAll(peers));
  });

  it('find each other again from their address books after all have stopped', async () => {
    const listen = (await somePorts(3)).map((port) => `127.0.0.1:${port}`);
    const books = listen.map(() => createMemoryAddressBook());
    const identities = listen.map(() => generateIdentity());
    const start = async (i: number, first: readonly TestPeer[]): Promise<TestPeer> =>
      await startPeer(authority, {
        identity: identities[i]!,
        listen: listen[i]!,
        book: books[i]!,
        peers: first.map((p) => ({ peer: p.identity.peer, addresses: p.transport.addresses() })),
      });
    peers.push(await start(0, []));
    peers.push(await start(1, [peers[0]!]));
    peers.push(await start(2, [peers[0]!]));
    await until(peers, () => seesAll(peers), 5000, 'all see all');
    await Promise.all(
      books.map(async (book) => {
        while ((await book.load()).length < 2)
          await new Promise((resolve) => setTimeout(resolve, 50));
      }),
    );
    await Promise.all(peers.map((peer) => peer.stop()));
    peers = await Promise.all([start(0, []), start(1, []), start(2, [])]);
    await until(peers, () => seesAll(peers), 5000, 'all see all again');
  });

  it('say which port is taken and what to do', async () => {
    await grow(1);
    const listen = peers[0]!.transport.addresses()[0]!;
    await startPeer(authority, { listen }).then(
      () => ok(false, 'it must not start'),
      (error: unknown) => {
        ok(error instanceof SkeinError);
        equal(error.code, 'conflict');
        ok(error.message.includes(listen) && error.message.includes('--mesh-listen'));
      },
    );
  });

  it('cut a peer whose membership was ended', async () => {
    await grow(3);
    const removed = peers[2]!;
    authority.revoke(removed.identity.peer);
    const rest = peers.slice(0, 2);
    const isGone = (): boolean =>
      rest.every((peer) => peer.mesh.member(removed.identity.peer)?.status === 'left');
    await until(rest, isGone, 5000, 'left');
    ok(rest.every((peer) => !peer.transport.isLinked(removed.identity.peer)));
  });
});
