// Frames and envelopes: what goes in comes out, however it is cut, and nonsense is an error and not a crash.

import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import fc from 'fast-check';
import { decodeEnvelope, encodeEnvelope } from '../../../mesh/messages/envelope.ts';
import { createFrameReader, framed, joinedFrames } from '../../../mesh/messages/framing.ts';
import { decodeGossip, decodeHint, encodeGossip } from '../../../mesh/gossip-message.ts';
import { judgeHello } from '../../../mesh/libp2p/link-table.ts';
import { redialPauseMs } from '../../../mesh/libp2p/redial.ts';
import type { ActorRef, Address } from '../../../runtime/index.ts';
import { createSeededRandom } from '../../../runtime/index.ts';

const ends = { from: 'q', to: 'p' };
const to = 'skein://p/there#12' as Address;
const refTo = (address: string): ActorRef<never> => ({
  address: address as Address,
  tell: () => undefined,
});

describe('framing', () => {
  it('gives back the frames, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 30 }),
        (frames, cuts) => {
          const bytes = Buffer.concat(frames.map(framed));
          const got: Buffer[] = [];
          const reader = createFrameReader(100, (frame) => {
            got.push(Buffer.from(frame));
            return true;
          });
          for (let at = 0, i = 0; at < bytes.length; i++) {
            const size = cuts[i % cuts.length]!;
            reader.push(bytes.subarray(at, at + size));
            at += size;
          }
          deepEqual(
            got,
            frames.map((frame) => Buffer.from(frame)),
          );
        },
      ),
    );
  });

  it('joins frames, small and large, to the same bytes as one after the other', () => {
    const sizes = fc.array(fc.constantFrom(0, 1, 300, 8_191, 8_192, 20_000), { maxLength: 12 });
    fc.assert(
      fc.property(sizes, (lengths) => {
        const frames = lengths.map((length, i) => new Uint8Array(length).fill(i + 1));
        const joined = Buffer.concat(joinedFrames(frames));
        ok(joined.equals(Buffer.concat(frames.map(framed))));
      }),
    );
  });

  it('keeps what follows the last wanted frame', () => {
    for (const cut of [1, 4, 7, 9]) {
      const reader = createFrameReader(100, () => false);
      const bytes = Buffer.concat([framed(Buffer.from('head')), Buffer.from('body')]);
      reader.push(bytes.subarray(0, cut));
      reader.push(bytes.subarray(cut));
      equal(Buffer.from(reader.rest()).toString(), 'body');
    }
  });

  it('refuses a frame over the limit before it takes memory', () => {
    const reader = createFrameReader(100, () => true);
    throws(() => reader.push(new Uint8Array([0xff, 0xff, 0xff, 0xff])), /over the limit of 100/);
  });
});

describe('an envelope', () => {
  it('carries messages with bytes, lists and refs, and refs live again', () => {
    const message = {
      type: 'ask',
      bytes: new Uint8Array([1, 2, 3]),
      list: [{ replyTo: refTo('skein://q/asks/7') }, refTo('skein://r/third#3')],
      none: undefined,
      big: 2 ** 50,
    };
    const frame = encodeEnvelope('q', to, message);
    ok(frame.ok);
    const back = decodeEnvelope(ends, frame.value, (address) => refTo(`live ${address}`));
    ok(back.ok);
    equal(back.value.to, to);
    const got = back.value.message as {
      readonly list: readonly [{ readonly replyTo: ActorRef<never> }, ActorRef<never>];
      readonly bytes: Uint8Array;
      readonly big: number;
    };
    equal(got.list[0].replyTo.address, 'live skein://q/asks/7');
    equal(got.list[1].address, 'live skein://r/third#3');
    deepEqual(Buffer.from(got.bytes), Buffer.from([1, 2, 3]));
    equal(got.big, 2 ** 50);
  });

  it('does not change the message it is made of', () => {
    const message = { replyTo: refTo('skein://q/a') };
    encodeEnvelope('q', to, message);
    equal(typeof message.replyTo.tell, 'function');
  });

  it('does not name its ends', () => {
    const frame = encodeEnvelope('q', to, { replyTo: refTo('skein://q/asks/7') });
    ok(frame.ok && !Buffer.from(frame.value).includes('skein'));
  });

  it('lets in no address that is none, or too long for one', () => {
    const refused = (path: string): string => {
      const frame = encodeEnvelope('q', `skein://p/${path}` as Address, {});
      const back = frame.ok ? decodeEnvelope(ends, frame.value, () => refTo('x')) : frame;
      return back.ok ? '' : back.error.code;
    };
    equal(refused('a/b#7'), '');
    for (const path of ['', '#7', 'a#b', 'a#1#2', 'a'.repeat(2_000)]) {
      equal(refused(path), 'corrupt', path.slice(0, 10));
    }
  });

  it('over the limit, or with what cannot travel, is an error that says so', () => {
    const large = encodeEnvelope('q', to, { bytes: new Uint8Array(9 * 1024 * 1024) });
    equal(large.ok ? 'sent' : large.error.code, 'too-large');
    let deep: unknown = 1;
    for (let i = 0; i < 100; i++) deep = [deep];
    equal(encodeEnvelope('q', to, deep).ok, false);
  });

  it('of random bytes is an error and never a crash', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(0, 1, 2, 0x11),
        (bytes, kind) => {
          const frame = Buffer.concat([Buffer.of(kind), bytes]);
          decodeEnvelope(ends, frame, () => refTo('x'));
          decodeGossip(frame);
          decodeHint(frame);
        },
      ),
    );
    const none = decodeEnvelope(ends, new Uint8Array(0), () => refTo('x'));
    equal(none.ok ? '' : none.error.code, 'unsupported');
  });
});

describe('gossip', () => {
  it('of another format is unsupported, of a wrong shape corrupt', () => {
    const frame = encodeGossip({ type: 'nack', seq: 1 });
    ok(decodeGossip(frame).ok);
    const later = decodeGossip(Buffer.concat([Buffer.of(9), frame.subarray(1)]));
    equal(later.ok ? '' : later.error.code, 'unsupported');
    const wrong = decodeGossip(encodeGossip({ type: 'nack', seq: -1 }));
    equal(wrong.ok ? '' : wrong.error.code, 'corrupt');
  });
});

describe('two dials at once', () => {
  const view = { upSinceMs: undefined, isBetter: false, isGreeting: true, nowMs: 10_000 };

  it('leave exactly one link: the dial of the smaller id', () => {
    equal(judgeHello({ ...view, self: 'a', remote: 'b' }), 'crossed');
    equal(judgeHello({ ...view, self: 'b', remote: 'a' }), 'accept');
  });

  it('do not replace a link that just came up, but do replace a stale one', () => {
    const quiet = { ...view, self: 'a', remote: 'b', isGreeting: false };
    equal(judgeHello({ ...quiet, upSinceMs: 9_000 }), 'crossed');
    equal(judgeHello({ ...quiet, upSinceMs: 1_000 }), 'accept');
    equal(judgeHello({ ...quiet, upSinceMs: 9_000, isBetter: true }), 'accept');
  });
});

describe('redialling', () => {
  it('waits longer each time, up to a limit, and never stops', () => {
    const random = createSeededRandom('redial');
    for (const failures of [1, 5, 50, 5000]) {
      const pauseMs = redialPauseMs(failures, random);
      ok(pauseMs >= 50 && pauseMs <= 22_500, `${pauseMs} ms after ${failures} failures`);
    }
  });
});
