// Links over libp2p on loopback: on demand, through a third peer, and from one way to a better one.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { diagnose } from '../../../actors/doctor/diagnosis.ts';
import type { Diagnosis } from '../../../actors/doctor/diagnosis.ts';
import { doctorActor, doctorPath } from '../../../actors/doctor/doctor-actor.ts';
import { examine } from '../../../actors/doctor/examination.ts';
import type { LinkReport } from '../../../mesh/index.ts';
import type { Actor, ActorRef } from '../../../runtime/index.ts';
import { formatAddress } from '../../../runtime/index.ts';
import { somePorts } from '../../some-ports.ts';
import { clock, createTestAuthority, join, seesAll, startPeer, until } from './libp2p-peers.ts';
import type { PeerOptions, TestAuthority, TestPeer } from './libp2p-peers.ts';

const LIMIT_MS = 8_000;

const linkOf = (from: TestPeer, to: TestPeer): LinkReport | undefined =>
  from.mesh.links().find(({ peer }) => peer === to.identity.peer);

/** Waits turn by turn: links change without a word to anybody. */
async function eventually(condition: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + LIMIT_MS;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

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

/** Asks the echo at `to`; resolves with its answer, or undefined. */
function askEcho(from: TestPeer, to: TestPeer): Promise<string | undefined> {
  const address = formatAddress({ peer: to.identity.peer, path: 'echo' });
  return new Promise((resolve) => {
    const asker: Actor<{ answer: string | undefined }, undefined> = {
      start: (_, ctx) => {
        ctx.ask(
          from.system.ref<Echo>(address),
          (replyTo: ActorRef<string>): Echo => ({ type: 'echo', text: 'hello', replyTo }),
          4_000,
          (reply) => ({ answer: reply.ok ? reply.value : undefined }),
        );
        return undefined;
      },
      receive: (state, { answer }) => {
        resolve(answer);
        return state;
      },
    };
    from.system.spawn(`asker-${Math.round(performance.now() * 1000)}`, asker, undefined);
  });
}

/** Sends `text` over a byte stream to a peer that sends it back in capitals. */
async function shout(from: TestPeer, to: TestPeer, text: string): Promise<string> {
  const opened = await from.mesh.openStream(to.identity.peer, 'upper', {});
  if (!opened.ok) throw opened.error;
  opened.value.end(text);
  let answer = '';
  for await (const chunk of opened.value) answer += String(chunk);
  return answer;
}

function answer(peer: TestPeer): void {
  peer.system.spawn('echo', echoActor, undefined);
  peer.mesh.handleStream('upper', (_from, _header, stream) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    stream.on('end', () => stream.end(text.toUpperCase()));
  });
}

const examineFrom = async ({ system, mesh }: TestPeer): Promise<Diagnosis> =>
  diagnose(await examine({ system, mesh, clock }));

describe('links', function () {
  this.timeout(30_000);
  let authority: TestAuthority;
  let peers: TestPeer[];

  const add = async (options: PeerOptions): Promise<TestPeer> => {
    if (peers.length === 0) peers.push(await startPeer(authority, options));
    else {
      const joined = await join(authority, peers[0]!, options);
      if (!joined.ok) throw joined.error;
      peers.push(joined.value);
    }
    return peers.at(-1)!;
  };

  beforeEach(() => {
    authority = createTestAuthority();
    peers = [];
  });
  afterEach(async () => {
    await Promise.all(peers.map((peer) => peer.stop()));
  });

  it('of two that only dial out go through a third, for messages and for streams', async () => {
    const b = await add({ name: 'b' });
    const a = await add({ name: 'a', announce: [] });
    const c = await add({ name: 'c', announce: [] });
    await until(peers, () => seesAll(peers), 5_000, 'all see all');
    await eventually(() => linkOf(a, c)?.path === 'relayed', 'a and c are linked');
    await eventually(() => linkOf(c, a)?.path === 'relayed', 'c and a are linked');
    equal(linkOf(a, c)?.via, b.identity.peer);
    equal(linkOf(c, a)?.via, b.identity.peer);
    ok(linkOf(a, c)?.reason?.includes('no address'), linkOf(a, c)?.reason);
    equal(linkOf(a, b)?.path, 'direct');
    [a, c].forEach(answer);
    const isNamed = (): boolean =>
      peers.every(({ mesh }) => mesh.members().every(({ facts }) => facts.name !== undefined));
    await eventually(isNamed, 'all know all names');
    for (const { system, mesh } of peers) {
      const name = mesh.member(mesh.self)!.facts.name!;
      system.spawn(doctorPath, doctorActor, { name, version: '1', mesh });
    }
    equal(await askEcho(a, c), 'hello back');
    equal(await askEcho(c, a), 'hello back');
    const { direct, relayed, findings } = await examineFrom(c);
    deepEqual([direct, relayed], [2, 1]);
    const pair = findings.find(({ check }) => check === 'links')!;
    equal(pair.severity, 'note');
    ok(pair.sentence.startsWith('a and c are relayed via b'), pair.sentence);
    const text = 'long words '.repeat(100_000);
    equal(await shout(c, a, text), text.toUpperCase());
  });

  it('go through another peer when the one in between is lost', async () => {
    const one = await add({});
    const other = await add({});
    const a = await add({ announce: [] });
    const c = await add({ announce: [] });
    await eventually(() => linkOf(a, c)?.path === 'relayed', 'a and c are linked');
    await eventually(
      () =>
        [one, other].every(
          (peer) => linkOf(a, peer)?.path === 'direct' && linkOf(c, peer)?.path === 'direct',
        ),
      'both ways are there',
    );
    answer(c);
    const [lost, rest] = linkOf(a, c)!.via === one.identity.peer ? [one, other] : [other, one];
    await lost.stop();
    peers = peers.filter((peer) => peer !== lost);
    await eventually(() => linkOf(a, c)?.via === rest.identity.peer, 'linked through the other');
    equal(await askEcho(a, c), 'hello back');
  });

  it('become direct once a dial arrives, and no frame is lost or overtaken', async () => {
    await add({});
    const listen = `127.0.0.1:${(await somePorts(1))[0]}`;
    const a = await add({ announce: [], listen });
    const c = await add({ announce: [] });
    await eventually(() => linkOf(a, c)?.path === 'relayed', 'a and c are linked');
    await eventually(() => linkOf(c, a)?.path === 'relayed', 'c and a are linked');
    const seen: number[] = [];
    const sink: Actor<{ readonly n: number }, undefined> = {
      start: () => undefined,
      receive: (state, { n }) => {
        seen.push(n);
        return state;
      },
      schema: (value) =>
        typeof (value as { n?: unknown }).n === 'number' ? undefined : 'no number',
    };
    a.system.spawn('sink', sink, undefined);
    const to = c.system.ref<{ n: number }>(formatAddress({ peer: a.identity.peer, path: 'sink' }));
    const changes: string[] = [];
    c.mesh.onMember((event) => {
      if (event.type === 'status') changes.push(event.member.status);
    });
    const isToldOf = (one: TestPeer, other: TestPeer): boolean =>
      other.mesh.member(one.identity.peer)!.addresses.length > 0;
    await eventually(() => isToldOf(a, c) && isToldOf(c, a), 'both have said who relays for them');
    let sent = 0;
    while (linkOf(c, a)?.path !== 'direct') {
      // What an announcement of the address that a listens on would do; c's mesh, which has heard of none, takes it back.
      c.transport.connect(a.identity.peer, [listen]);
      to.tell({ n: sent++ });
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (let i = 0; i < 50; i++) to.tell({ n: sent++ });
    await eventually(() => seen.length === sent, 'all have arrived');
    deepEqual(
      seen,
      Array.from({ length: sent }, (_, i) => i),
    );
    // Announcements apart, nobody was given cause to doubt anybody.
    ok(
      changes.every((status) => status === 'alive'),
      changes.join(),
    );
  });
});
