// Peers that come back at another address, and clusters that do so as a whole, over libp2p on loopback.

import { ok } from 'node:assert/strict';
import { createMemoryAddressBook, generateIdentity } from '../../../mesh/index.ts';
import type { AddressBook } from '../../../mesh/index.ts';
import { somePorts } from '../../some-ports.ts';
import { createTestAuthority, seesAll, startPeer, until } from '../libp2p/libp2p-peers.ts';
import type { TestAuthority, TestPeer } from '../libp2p/libp2p-peers.ts';

const LIMIT_MS = 8_000;

describe('a peer that moved', function () {
  this.timeout(30_000);
  let authority: TestAuthority;
  let peers: TestPeer[];
  const size = 3;
  const identities = Array.from({ length: size }, () => generateIdentity());
  let books: AddressBook[];
  /** Where the last peer listens, each time. */
  let stays: string;

  const start = async (
    i: number,
    first: readonly TestPeer[] = [],
    listen = '127.0.0.1:0',
  ): Promise<TestPeer> =>
    await startPeer(authority, {
      identity: identities[i]!,
      book: books[i]!,
      listen,
      peers: first.map((p) => ({ peer: p.identity.peer, addresses: p.transport.addresses() })),
    });
  /** Books are written a moment after a change. */
  const booksKnow = async (address: string): Promise<void> => {
    const deadlineMs = performance.now() + LIMIT_MS;
    for (const book of books.slice(1)) {
      const holds = async (): Promise<boolean> =>
        (await book.load()).some(({ addresses }) => addresses.includes(address));
      while (!(await holds())) {
        ok(performance.now() < deadlineMs, `no book knows ${address}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };

  beforeEach(async () => {
    authority = createTestAuthority();
    books = identities.map(() => createMemoryAddressBook());
    stays = `127.0.0.1:${(await somePorts(1))[0]}`;
    peers = [await start(0)];
    peers.push(await start(1, [peers[0]!]));
    peers.push(await start(2, [peers[0]!], stays));
    await until(peers, () => seesAll(peers), LIMIT_MS, 'all see all');
    await booksKnow(peers[0]!.transport.addresses()[0]!);
  });
  afterEach(async () => {
    await Promise.all(peers.map((peer) => peer.stop()));
  });

  it('is found while the others stay', async () => {
    const before = peers[0]!.transport.addresses()[0]!;
    await peers[0]!.stop();
    peers[0] = await start(0);
    const now = peers[0].transport.addresses()[0]!;
    ok(now !== before);
    await until(peers, () => seesAll(peers), LIMIT_MS, 'all see all again');
    await booksKnow(now);
    const entry = (await books[1]!.load()).find(({ peer }) => peer === identities[0]!.peer)!;
    ok(Object.keys(entry.workedMs).includes(before), 'the former address is remembered');
  });

  it('is found when all were off, and all but one came back elsewhere', async () => {
    await booksKnow(peers[0]!.transport.addresses()[0]!);
    const all = await Promise.all(books.map((book) => book.load()));
    ok(all.slice(0, 2).every((book) => book.some(({ addresses }) => addresses.includes(stays))));
    await Promise.all(peers.map((peer) => peer.stop()));
    peers = [await start(0), await start(1)];
    peers.push(await start(2, [], stays));
    await until(peers, () => seesAll(peers), LIMIT_MS, 'all see all again');
  });
});
