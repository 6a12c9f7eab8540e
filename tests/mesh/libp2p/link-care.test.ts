// The rules of links, without any network: who ends, who is dead, what waits, which way is taken.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { DIAL_REASON } from '../../../mesh/index.ts';
import { createSimulation, SkeinError } from '../../../runtime/index.ts';
import { firstOpen, within } from '../../../mesh/libp2p/dial-race.ts';
import { reasonOf, triesText, withTry } from '../../../mesh/libp2p/dial-reasons.ts';
import type { DialTry } from '../../../mesh/libp2p/dial-reasons.ts';
import {
  careFor,
  mayEnd,
  ON_DEMAND_LIMIT,
  UNUSED_LIMIT_MS,
} from '../../../mesh/libp2p/link-care.ts';
import type { CaredLink } from '../../../mesh/libp2p/link-care.ts';
import { decodeLinkWord, encodeLinkWord } from '../../../mesh/libp2p/link-words.ts';
import { createWaitingFrames, WAITING_LIMIT_MS } from '../../../mesh/libp2p/waiting-frames.ts';

const NOW_MS = 1_000_000;

const link = (peer: string, given: Partial<CaredLink> = {}): CaredLink => ({
  peer,
  isKept: false,
  isBusy: false,
  heardMs: NOW_MS,
  echoedMs: NOW_MS,
  usedMs: NOW_MS,
  askedMs: 0,
  ...given,
});

/** All promises that can go on have done so. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the care for links', () => {
  it('asks for an echo after silence, and gives up only what did not answer', () => {
    const silent = link('a', { heardMs: NOW_MS - 3_500, echoedMs: NOW_MS - 4_000 });
    deepEqual(careFor([link('a', { heardMs: NOW_MS - 2_500, echoedMs: 0 })], NOW_MS), []);
    deepEqual(careFor([silent], NOW_MS), [{ type: 'echo', peer: 'a' }]);
    const unasked = link('b', { heardMs: NOW_MS - 30_000, echoedMs: NOW_MS - 40_000 });
    deepEqual(careFor([unasked], NOW_MS), [{ type: 'echo', peer: 'b' }]);
    const dead = link('c', { heardMs: NOW_MS - 6_500, echoedMs: NOW_MS - 1_500 });
    deepEqual(careFor([dead], NOW_MS), [{ type: 'lost', peer: 'c', silentMs: 6_500 }]);
  });

  it('ends what nobody uses or keeps, and asks the other side no more often than it must', () => {
    const unused = { usedMs: NOW_MS - UNUSED_LIMIT_MS };
    const all = [
      link('a', unused),
      link('b', { ...unused, isKept: true }),
      link('c', { ...unused, isBusy: true }),
      link('d', { ...unused, askedMs: NOW_MS - 1_000 }),
      link('e'),
    ];
    deepEqual(careFor(all, NOW_MS), [{ type: 'ask-end', peer: 'a', unusedMs: UNUSED_LIMIT_MS }]);
    ok(mayEnd(all[0]!, UNUSED_LIMIT_MS, NOW_MS));
    ok(!mayEnd(all[1]!, UNUSED_LIMIT_MS, NOW_MS));
    ok(!mayEnd(all[2]!, UNUSED_LIMIT_MS, NOW_MS));
    ok(!mayEnd(all[4]!, UNUSED_LIMIT_MS, NOW_MS));
  });

  it('over the bound ends first what was not used for longest', () => {
    const links = Array.from({ length: ON_DEMAND_LIMIT + 3 }, (_, i) =>
      link(`p${i}`, { usedMs: NOW_MS - 10_000 - i }),
    );
    const ended = careFor(links, NOW_MS).map(({ peer }) => peer);
    deepEqual(ended, [`p${links.length - 1}`, `p${links.length - 2}`, `p${links.length - 3}`]);
    const inUse = links.map((one) => ({ ...one, usedMs: NOW_MS - 100 }));
    deepEqual(careFor(inUse, NOW_MS), []);
  });

  it('has words that no other frame is taken for', () => {
    for (const type of ['echo', 'reply', 'may-end', 'ended'] as const) {
      deepEqual(decodeLinkWord(encodeLinkWord({ type, value: 4_000_000_000 })), {
        type,
        value: 4_000_000_000,
      });
    }
    for (const frame of [[], [0x01, 0, 0, 0, 0, 1], [0xf0, 0], [0xf0, 9, 0, 0, 0, 1]]) {
      equal(decodeLinkWord(new Uint8Array(frame)), undefined);
    }
  });
});

describe('frames that wait for a link', () => {
  const frame = (bytes: number): Uint8Array => new Uint8Array(bytes);

  it('are bounded in number, in bytes for one peer and for all, and in time', () => {
    const waiting = createWaitingFrames();
    for (let i = 0; i < 256; i++) ok(waiting.add('a', 'control', frame(10), i));
    ok(!waiting.add('a', 'control', frame(10), 256));
    ok(!waiting.add('b', 'bulk', frame(1024 * 1024 + 1), 0));
    let peers = 0;
    while (waiting.add(`c${peers}`, 'bulk', frame(1024 * 1024), 0)) peers += 1;
    equal(peers, 15);
    equal(waiting.take('a', WAITING_LIMIT_MS + 100).length, 156);
    ok(!waiting.has('a'));
    ok(waiting.add('d', 'log', frame(1), 0));
  });
});

describe('a race of dials', () => {
  interface Dial {
    readonly way: string;
    readonly open: () => void;
    readonly fail: () => void;
    readonly signal: AbortSignal;
  }

  const race = (ways: readonly string[]) => {
    const simulation = createSimulation('race');
    const { clock } = simulation.peer('dialler');
    const dials: Dial[] = [];
    const failed: string[] = [];
    const late: string[] = [];
    const stop = new AbortController();
    const won = firstOpen<string, string>({
      ways,
      clock,
      signal: stop.signal,
      attempt: (way, signal) =>
        new Promise((resolve, reject) => {
          dials.push({ way, signal, open: () => resolve(way), fail: () => reject(new Error(way)) });
        }),
      failed: (way) => failed.push(way),
      late: (way) => late.push(way),
    });
    return { simulation, dials, failed, late, stop, won };
  };

  it('starts the next a little later, or at once when one fails, and takes the first that opens', async () => {
    const { simulation, dials, failed, late, won } = race(['a', 'b', 'c']);
    equal(dials.length, 1);
    await simulation.run({ untilMs: 260 });
    equal(dials.length, 2);
    dials[1]!.fail();
    await settled();
    equal(dials.length, 3);
    dials[2]!.open();
    deepEqual(await won, { way: 'c', opened: 'c' });
    deepEqual(failed, ['b']);
    ok(dials[0]!.signal.aborted && !dials[2]!.signal.aborted);
    dials[0]!.open();
    await settled();
    deepEqual(late, ['a']);
  });

  it('ends with nothing when all fail, when there is none, and when it is stopped', async () => {
    const all = race(['a', 'b']);
    all.dials[0]!.fail();
    await settled();
    all.dials[1]!.fail();
    equal(await all.won, undefined);
    deepEqual(all.failed, ['a', 'b']);
    equal(await race([]).won, undefined);
    const stopped = race(['a']);
    stopped.stop.abort();
    equal(await stopped.won, undefined);
    ok(stopped.dials[0]!.signal.aborted);
  });
});

describe('a deadline of a dial', () => {
  it('ends one that takes long, and never touches what has opened', async () => {
    const simulation = createSimulation('deadline');
    const { clock } = simulation.peer('dialler');
    const never = new AbortController();
    let given: AbortSignal | undefined;
    const opened = await within(clock, never.signal, 5_000, (signal) => {
      given = signal;
      return Promise.resolve('open');
    });
    equal(opened, 'open');
    const slow = within(clock, never.signal, 5_000, (signal) => {
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new Error())),
      );
    });
    const failure = slow.catch((error: unknown) => reasonOf(error));
    await simulation.run({ untilMs: 60_000 });
    never.abort();
    ok((await failure) === DIAL_REASON.silent);
    ok(!given!.aborted);
  });
});

describe('the reason of a dial that failed', () => {
  it('says what to look at, however deep it lies', () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    ok(reasonOf(new Error('all failed', { cause: refused })).startsWith('refused'));
    const late = new DOMException('not done within 5000 ms', 'TimeoutError');
    ok(reasonOf(new AggregateError([late], 'all')).startsWith('no answer'));
    const removed = new SkeinError('forbidden', 'peer x refused the link: membership ended');
    equal(reasonOf(removed), removed.message);
    equal(reasonOf('odd'), 'odd');
  });

  it('is kept once for each address, the latest first, and not without end', () => {
    let tries: readonly DialTry[] = [];
    for (let i = 0; i < 40; i++)
      tries = withTry(tries, { address: `h:${i % 20}`, reason: `r${i}` });
    equal(tries.length, 16);
    equal(tries[0]!.reason, 'r39');
    equal(triesText(tries.slice(0, 2)), 'h:19: r39; h:18: r38');
    equal(triesText([]), undefined);
  });
});
