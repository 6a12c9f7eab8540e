// Datagrams of links in virtual time: when they pass, when it is noticed that they do not, and who gets no answer.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { createSeededRandom } from '../../../runtime/index.ts';
import { A, B, createDatagramWorld, link, linkedPair } from './simulated-datagrams.ts';
import type { DatagramWorld, LinkEnd } from './simulated-datagrams.ts';

const words = (text: string): Uint8Array => Buffer.from(text);

const bothOpen =
  ([a, b]: readonly [LinkEnd, LinkEnd]) =>
  (): boolean =>
    a.session.isOpen() && b.session.isOpen();
const bothClosed =
  ([a, b]: readonly [LinkEnd, LinkEnd]) =>
  (): boolean =>
    !a.session.isOpen() && !b.session.isOpen();

async function openPair(world: DatagramWorld): Promise<readonly [LinkEnd, LinkEnd]> {
  const ends = await linkedPair(world);
  ok(await world.simulation.run({ until: bothOpen(ends), limitMs: 1_000 }), 'open');
  return ends;
}

const passMs = async ({ simulation }: DatagramWorld, ms: number): Promise<void> => {
  await simulation.run({ untilMs: simulation.nowMs() + ms });
};

describe('datagrams of a link', () => {
  it('are refused until they were seen to pass both ways, and then pass', async () => {
    const world = createDatagramWorld('open');
    const ends = await linkedPair(world);
    const [a, b] = ends;
    equal(a.session.send(words('too early')), false);
    ok(await world.simulation.run({ until: bothOpen(ends), limitMs: 100 }), 'open in 100 ms');
    ok(a.session.send(words('to b')) && b.session.send(words('to a')));
    await passMs(world, 50);
    deepEqual([a.got, b.got], [['to a'], ['to b']]);
  });

  it('are given up within four seconds of being blocked, either way, and found again', async () => {
    for (const blocked of [[A], [B], [A, B]]) {
      const world = createDatagramWorld('blocked');
      const ends = await openPair(world);
      await passMs(world, 60_000);
      ok(bothOpen(ends)(), 'open while idle');
      world.passes = ({ from }) => !blocked.includes(from);
      ends.forEach(({ session }) => session.send(words('lost?')));
      ok(await world.simulation.run({ until: bothClosed(ends), limitMs: 4_000 }), 'given up');
      equal(ends[0].session.send(words('no')), false);
      await passMs(world, 600_000);
      ok(bothClosed(ends)(), 'still given up');
      world.passes = () => true;
      ok(await world.simulation.run({ until: bothOpen(ends), limitMs: 80_000 }), 'found again');
    }
  });

  it('are noticed to be blocked even when nobody sends any', async () => {
    const world = createDatagramWorld('silence');
    const ends = await openPair(world);
    world.passes = () => false;
    ok(await world.simulation.run({ until: bothClosed(ends), limitMs: 30_000 }));
  });

  it('cost an idle link less than one every five seconds', async () => {
    const world = createDatagramWorld('idle');
    await openPair(world);
    const before = world.carried.length;
    await passMs(world, 600_000);
    const perMinute = (world.carried.length - before) / 10;
    ok(perMinute <= 12, `${perMinute} a minute`);
  });

  it('stay with a peer through two seconds of loss each way at 30 %', async () => {
    const world = createDatagramWorld('loss');
    const random = createSeededRandom('loss of the way');
    const ends = await openPair(world);
    world.passes = () => random.float() >= 0.3;
    let open = 0;
    for (let second = 0; second < 600; second++) {
      ends.forEach(({ session }) => session.send(words('ping')));
      await passMs(world, 1_000);
      if (bothOpen(ends)()) open += 1;
    }
    ok(open > 480, `open in ${open} of 600 seconds`);
  });

  it('find a peer behind a NAT, and again when the NAT has forgotten it', async () => {
    const world = createDatagramWorld('nat');
    let outside = { host: '198.51.100.7', port: 40_001 };
    world.seenAs = (from) => (from === A ? outside : from);
    // Nobody reaches the inside address; what is sent to the outside one reaches A.
    world.passes = ({ bytes, from, to }) => {
      if (to.host === A.host) return false;
      if (to.host !== outside.host) return true;
      if (to.port === outside.port) world.inject({ bytes, from, to: A });
      return false;
    };
    const ends = await openPair(world);
    outside = { ...outside, port: 40_002 };
    ok(ends[0].session.send(words('from elsewhere')));
    await passMs(world, 100);
    ok(ends[1].session.send(words('to elsewhere')));
    await passMs(world, 100);
    deepEqual(ends[0].got, ['to elsewhere']);
    await passMs(world, 5_000);
    ok(bothOpen(ends)());
  });

  it('follow neither a copy nor an older datagram to where it comes from', async () => {
    const world = createDatagramWorld('copies');
    const elsewhere = { host: '203.0.113.9', port: 666 };
    const [a, b] = await openPair(world);
    world.passes = ({ from }) => from !== A;
    a.session.send(words('held back'));
    const held = world.carried.at(-1)!;
    world.passes = () => true;
    a.session.send(words('newer'));
    const newer = world.carried.at(-1)!;
    await passMs(world, 50);
    world.inject({ ...newer, from: elsewhere });
    world.inject({ ...held, from: elsewhere });
    await passMs(world, 50);
    deepEqual(b.got, ['newer', 'held back']);
    equal(b.datagrams.counters.replayed, 1);
    b.session.send(words('answer'));
    await passMs(world, 50);
    deepEqual(a.got, ['answer']);
    ok(world.carried.every(({ to }) => to.host !== elsewhere.host));
  });

  it('end with it: the next link has other keys', async () => {
    const world = createDatagramWorld('next');
    const [a, b] = await openPair(world);
    a.session.send(words('of the first'));
    const old = world.carried.at(-1)!;
    await passMs(world, 50);
    a.session.close();
    b.session.close();
    equal(a.session.send(words('closed')), false);
    const next = link(a.datagrams, b.datagrams);
    ok(await world.simulation.run({ until: bothOpen(next), limitMs: 1_000 }));
    const unknown = b.datagrams.counters.unknown;
    world.inject(old);
    await passMs(world, 50);
    equal(b.datagrams.counters.unknown, unknown + 1);
    next.forEach(({ session }) => session.close());
    await passMs(world, 50);
    const steps = world.simulation.steps();
    await passMs(world, 600_000);
    equal(world.simulation.steps(), steps, 'a timer is left');
  });
});

describe('what is not genuine', () => {
  it('gets no answer, moves nobody and is only counted', async () => {
    const world = createDatagramWorld('garbage');
    const random = createSeededRandom('garbage bytes');
    const [a, b] = await openPair(world);
    a.session.send(words('seen on the way'));
    const genuine = world.carried.at(-1)!;
    await passMs(world, 50);
    const before = world.carried.length;
    const elsewhere = { host: '203.0.113.9', port: 666 };
    for (let i = 0; i < 3_000; i++) {
      const noise = Buffer.from(random.bytes(random.integer(1_500)));
      world.inject({ bytes: noise, from: elsewhere, to: B });
      // The right version and session, and any counter.
      const forged = Buffer.concat([genuine.bytes.subarray(0, 9), random.bytes(40)]);
      world.inject({ bytes: forged, from: elsewhere, to: B });
    }
    await passMs(world, 50);
    deepEqual(b.datagrams.counters, {
      genuine: b.datagrams.counters.genuine,
      unknown: 3_000,
      replayed: 0,
      forged: 3_000,
    });
    equal(world.carried.length, before);
    ok(b.session.send(words('still here')));
    await passMs(world, 50);
    deepEqual(a.got, ['still here']);
    deepEqual(b.got, ['seen on the way']);
  });
});
