// Datagrams over the sockets of this machine: adapter, links and whole peers on loopback.

import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { createDatagrams } from '../../../mesh/datagram/datagrams.ts';
import type { Datagrams } from '../../../mesh/datagram/datagrams.ts';
import type { DatagramSession } from '../../../mesh/datagram/datagram-session.ts';
import type { DatagramSocket, Endpoint } from '../../../mesh/datagram/datagram-socket.ts';
import { openUdpSocket } from '../../../mesh/datagram/udp-datagram-socket.ts';
import { createRingLogger } from '../../../runtime/index.ts';
import {
  clock,
  createTestAuthority,
  join,
  random,
  seesAll,
  startPeer,
  until,
} from '../libp2p/libp2p-peers.ts';
import type { TestPeer } from '../libp2p/libp2p-peers.ts';

const log = createRingLogger(clock, 100);
const LOOPBACK: Endpoint = { host: '127.0.0.1', port: 0 };
const nothing = (): void => undefined;

/** Asks again until it holds: nobody is told when a path opens or closes. */
async function eventually(condition: () => boolean, limitMs: number, what: string): Promise<void> {
  const endMs = clock.monotonicMs() + limitMs;
  while (!condition()) {
    ok(clock.monotonicMs() < endMs, `not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a UDP socket', () => {
  it('takes the port it is given, and any when that is taken', async () => {
    const first = (await openUdpSocket(LOOPBACK, nothing, log))!;
    const second = (await openUdpSocket({ ...LOOPBACK, port: first.port }, nothing, log))!;
    notEqual(second.port, first.port);
    const port = first.port;
    first.close();
    second.close();
    const third = (await openUdpSocket({ ...LOOPBACK, port }, nothing, log))!;
    equal(third.port, port);
    third.close();
  });

  it('is none, and the log says so once, where this machine has no such address', async () => {
    const own = createRingLogger(clock, 10);
    equal(await openUdpSocket({ host: '192.0.2.1', port: 0 }, nothing, own), undefined);
    deepEqual(
      own.lines().map(({ level }) => level),
      ['warn'],
    );
  });

  const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === '::1'),
  );
  const hosts = hasIPv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'];
  it(`takes what is sent to any of ${hosts.join(' and ')}, on one port`, async () => {
    for (const wildcard of ['0.0.0.0', '::']) {
      for (const host of hosts) {
        let heard!: (from: Endpoint) => void;
        const came = new Promise<Endpoint>((resolve) => (heard = resolve));
        const all = (await openUdpSocket(
          { host: wildcard, port: 0 },
          (_bytes, from) => heard(from),
          log,
        ))!;
        const one = (await openUdpSocket({ host, port: 0 }, nothing, log))!;
        one.send(Buffer.from('x'), { host, port: all.port });
        deepEqual(await came, { host, port: one.port });
        all.close();
        one.close();
      }
    }
  });

  it('loses what cannot be sent, and goes on', async () => {
    const [heard, came] = [[] as string[], nothing];
    const to = (await openUdpSocket(LOOPBACK, (bytes) => heard.push(bytes.toString()), log))!;
    const from = (await openUdpSocket(LOOPBACK, came, log))!;
    from.send(Buffer.from('no family'), { host: '::1', port: to.port });
    from.send(Buffer.alloc(70_000), { host: '127.0.0.1', port: to.port });
    from.send(Buffer.from('no way'), { host: '192.0.2.1', port: 1 });
    from.send(Buffer.from('fine'), { host: '127.0.0.1', port: to.port });
    await eventually(() => heard.length > 0, 2_000, 'the last one');
    deepEqual(heard, ['fine']);
    from.close();
    to.close();
    from.send(Buffer.from('closed'), { host: '127.0.0.1', port: to.port });
  });
});

describe('datagrams over loopback', () => {
  const sockets: DatagramSocket[] = [];
  const sessions: DatagramSession[] = [];
  afterEach(() => {
    sessions.splice(0).forEach((session) => session.close());
    sockets.splice(0).forEach((socket) => socket.close());
  });

  async function start(self: string): Promise<Datagrams> {
    const datagrams = createDatagrams({ self, clock, random, log });
    await datagrams.start(async (received) => {
      const socket = (await openUdpSocket(LOOPBACK, received, log))!;
      sockets.push(socket);
      return socket;
    });
    return datagrams;
  }

  it('pass within a moment, and are given up within four seconds once the other socket is closed', async () => {
    const [a, b] = [await start('a'), await start('b')];
    const [ofA, ofB] = [a.offer(), b.offer()];
    const host = LOOPBACK.host;
    const open = (
      at: Datagrams,
      peer: string,
      own: typeof ofA,
      other: typeof ofA,
    ): DatagramSession => {
      const session = at.open({ peer, own, other, host, received: nothing })!;
      sessions.push(session);
      return session;
    };
    const [toB, toA] = [open(a, 'b', ofA, ofB), open(b, 'a', ofB, ofA)];
    await eventually(() => toB.isOpen() && toA.isOpen(), 2_000, 'open');
    b.stop();
    ok(toB.send(Buffer.from('into the void')));
    await eventually(() => !toB.isOpen(), 4_500, 'given up');
  });
});

describe('peers over loopback', function () {
  this.timeout(20_000);
  const peers: TestPeer[] = [];
  afterEach(async () => {
    await Promise.all(peers.splice(0).map((peer) => peer.stop()));
  });

  const grow = async (size: number): Promise<void> => {
    const authority = createTestAuthority();
    peers.push(await startPeer(authority));
    while (peers.length < size) {
      const joined = await join(authority, peers[0]!);
      if (!joined.ok) throw joined.error;
      peers.push(joined.value);
    }
    await until(peers, () => seesAll(peers), 5_000, 'all see all');
  };

  const allHave = (has: boolean): boolean =>
    peers.every(({ transport }) =>
      transport.links().every(({ hasDatagrams }) => hasDatagrams === has),
    );

  it('have datagrams on every link within a moment, and on a new link again', async () => {
    await grow(3);
    await eventually(() => allHave(true), 3_000, 'datagrams');
    const [a, b] = peers as [TestPeer, TestPeer, TestPeer];
    const id = b.identity.peer;
    const addresses = b.transport.addresses();
    a.transport.disconnect(id);
    equal(a.transport.sendDatagram(id, Buffer.from('no link')), false);
    a.transport.connect(id, addresses);
    await eventually(() => a.transport.isLinked(id) && allHave(true), 5_000, 'datagrams again');
  });

  it('are not moved by 20,000 datagrams of garbage, which nobody answers', async () => {
    await grow(2);
    await eventually(() => allHave(true), 3_000, 'datagrams');
    const port = Number(/:(\d+)$/.exec(peers[0]!.transport.addresses()[0]!)![1]);
    const flood = createSocket('udp4');
    let answers = 0;
    flood.on('message', () => (answers += 1));
    const suspected: string[] = [];
    peers.forEach(({ mesh }) =>
      mesh.onMember(({ member }) => {
        if (member.status !== 'alive') suspected.push(member.peer);
      }),
    );
    const before = process.memoryUsage().rss;
    for (let i = 0; i < 20_000; i++) {
      const bytes = Buffer.from(random.bytes(40 + random.integer(1_000)));
      bytes[0] = 1;
      flood.send(bytes, port, '127.0.0.1');
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    flood.close();
    await once(flood, 'close');
    ok(allHave(true) && seesAll(peers));
    deepEqual(suspected, []);
    equal(answers, 0);
    const grown = (process.memoryUsage().rss - before) / 1e6;
    ok(grown < 60, `${grown} MB more`);
  });
});
