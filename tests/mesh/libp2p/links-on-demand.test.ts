// Links that are made when there is something to say, over libp2p on loopback, by a clock that runs twenty times as fast.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { createLibp2pTransport, generateIdentity } from '../../../mesh/index.ts';
import type { LinkChange, PeerId, Transport } from '../../../mesh/index.ts';
import { createRingLogger } from '../../../runtime/index.ts';
import type { Clock } from '../../../runtime/index.ts';
import { clock, createTestAuthority, random } from './libp2p-peers.ts';

const LIMIT_MS = 10_000;
const HASTE = 20;

/** How fast the clock of the peers runs from `sinceMs` on. */
let pace = { haste: HASTE, sinceMs: clock.monotonicMs(), atMs: 0 };

const hasty: Clock = {
  ...clock,
  monotonicMs: () => pace.atMs + (clock.monotonicMs() - pace.sinceMs) * pace.haste,
  setTimer: (delayMs, run) => clock.setTimer(delayMs / pace.haste, run),
};

/** A dial in haste has a quarter of a second: too little where others want the machine as well. */
const setHaste = (haste: number): void => {
  pace = { haste, sinceMs: clock.monotonicMs(), atMs: hasty.monotonicMs() };
};

interface Side {
  readonly self: PeerId;
  readonly transport: Transport;
  readonly frames: string[];
  /** What was told of links. */
  readonly links: LinkChange[];
}

describe('a link on demand', function () {
  this.timeout(30_000);
  const authority = createTestAuthority();
  let sides: Side[] = [];

  const start = async (options: { readonly announce?: readonly string[] } = {}): Promise<Side> => {
    const identity = generateIdentity();
    const certificate = authority.certify(identity.peer);
    const transport = createLibp2pTransport({
      identity,
      listen: '127.0.0.1:0',
      ...options,
      cluster: authority.cluster,
      authority: authority.keys,
      certificate: () => certificate,
      membership: { redeem: authority.redeem, standing: () => 'unknown' },
      clock: hasty,
      random,
      log: createRingLogger(clock, 100),
    });
    const side: Side = { self: identity.peer, transport, frames: [], links: [] };
    await transport.start({
      frame: (_from, _lane, frame) => side.frames.push(Buffer.from(frame).toString()),
      datagram: () => undefined,
      published: () => 'drop',
      link: (_peer, change) => side.links.push(change),
      stream: (_from, _protocol, _header, stream: Duplex) => stream.pipe(stream),
    });
    sides.push(side);
    return side;
  };

  const reach = (from: Side, to: Side): void =>
    from.transport.reach(to.self, to.transport.addresses());
  const say = (from: Side, to: Side, text: string): boolean =>
    from.transport.send(to.self, 'control', Buffer.from(text));
  const areLinked = (one: Side, other: Side): boolean =>
    one.transport.isLinked(other.self) || other.transport.isLinked(one.self);

  const eventually = async (condition: () => boolean, what: string): Promise<void> => {
    const deadlineMs = clock.monotonicMs() + LIMIT_MS;
    while (!condition()) {
      if (clock.monotonicMs() > deadlineMs) throw new Error(`not within ${LIMIT_MS} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };

  afterEach(async () => {
    setHaste(HASTE);
    await Promise.all(sides.map(({ transport }) => transport.stop()));
    sides = [];
  });

  it('is made for the first word, ends unused without a sound, and is made anew', async () => {
    setHaste(1);
    const [one, other] = [await start(), await start()];
    reach(one, other);
    reach(other, one);
    ok(!areLinked(one, other));
    ok(say(one, other, 'first'));
    ok(say(one, other, 'second'));
    await eventually(() => other.frames.length === 2, 'both words');
    ok(one.transport.isLinked(other.self));
    setHaste(HASTE);
    await eventually(() => !areLinked(one, other), 'it ends');
    setHaste(1);
    deepEqual(
      [one.links, other.links],
      [
        ['up', 'ended'],
        ['up', 'ended'],
      ],
    );
    ok(say(other, one, 'third'));
    await eventually(() => one.frames.length === 1, 'the third word');
    deepEqual(other.frames, ['first', 'second']);
    deepEqual(one.frames, ['third']);
  });

  it('stays while the other side keeps it, and while a stream is open', async () => {
    const [one, other, third] = [await start(), await start(), await start()];
    reach(one, other);
    other.transport.connect(one.self, one.transport.addresses());
    reach(one, third);
    const opened = await one.transport.open(third.self, 'echo', {});
    if (!opened.ok) throw opened.error;
    await eventually(() => areLinked(one, other) && areLinked(one, third), 'both are there');
    // Longer than a link lives unused.
    const untilMs = hasty.monotonicMs() + 90_000;
    await eventually(() => hasty.monotonicMs() > untilMs, 'time has passed');
    ok(areLinked(one, other));
    ok(areLinked(one, third));
    opened.value.write('still here');
    const [chunk] = (await once(opened.value, 'data')) as [Buffer];
    equal(chunk.toString(), 'still here');
    opened.value.end();
    opened.value.resume();
    await eventually(() => !areLinked(one, third), 'the unused one ends');
    ok(areLinked(one, other));
    ok(!one.links.includes('lost'));
  });

  it('that cannot be made refuses what is over the bound, and drops what waits', async () => {
    const [one, gone] = [await start(), await start()];
    reach(one, gone);
    await gone.transport.stop();
    sides = [one];
    let taken = 0;
    while (say(one, gone, `word ${taken}`)) taken += 1;
    equal(taken, 256);
    const reasonOf = (): string | undefined => one.transport.links()[0]?.reason;
    await eventually(() => reasonOf() !== undefined, 'the dial fails');
    ok(reasonOf()!.includes('refused: nothing listens there'), reasonOf());
    await eventually(() => !say(one, gone, 'once more'), 'it is known to be unreachable');
    const opened = await one.transport.open(gone.self, 'echo', {});
    ok(!opened.ok && opened.error.code === 'unavailable');
  });

  it('goes through a relay that the other side names, though they have no link in common', async () => {
    const [relay, other] = [await start(), await start()];
    const [hidden, seeker] = [await start({ announce: [] }), await start({ announce: [] })];
    hidden.transport.connect(relay.self, relay.transport.addresses());
    seeker.transport.connect(other.self, other.transport.addresses());
    await eventually(
      () => hidden.transport.isLinked(relay.self) && seeker.transport.isLinked(other.self),
      'both are out',
    );
    deepEqual(hidden.transport.addresses(), [`relay:${relay.self}`]);
    reach(seeker, relay);
    reach(seeker, hidden);
    ok(say(seeker, hidden, 'found you'));
    await eventually(() => hidden.frames.length === 1, 'the word');
    const found = seeker.transport.links().find(({ peer }) => peer === hidden.self);
    deepEqual([found?.path, found?.via], ['relayed', relay.self]);
    // Out of use it ends, and so does the link to the relay that was made for it.
    await eventually(() => !areLinked(seeker, hidden) && !areLinked(seeker, relay), 'both end');
    ok(areLinked(hidden, relay));
  });

  it('is forgotten with its peer', async () => {
    const [one, other] = [await start(), await start()];
    reach(one, other);
    ok(say(one, other, 'hello'));
    await eventually(() => areLinked(one, other), 'linked');
    one.transport.disconnect(other.self);
    ok(!one.transport.isLinked(other.self));
    ok(!say(one, other, 'again'));
    deepEqual(one.transport.links(), []);
  });
});
