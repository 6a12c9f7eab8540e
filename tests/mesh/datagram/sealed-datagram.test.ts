// What is sealed opens once, unchanged, for the other end of the same link, and for nobody else.

import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict';
import fc from 'fast-check';
import { deriveLinkKeys } from '../../../mesh/datagram/datagram-cipher.ts';
import { REPLAY_WINDOW, createReplayWindow } from '../../../mesh/datagram/replay-window.ts';
import {
  WIRE_LIMIT_BYTES,
  createOpener,
  createSealer,
  sessionIdOf,
  sessionIdText,
} from '../../../mesh/datagram/sealed-datagram.ts';
import type { Opened } from '../../../mesh/datagram/sealed-datagram.ts';
import { linkKeys } from './link-keys.ts';

const plainOf = (opened: Opened | string): Buffer | string =>
  typeof opened === 'string' ? opened : Buffer.from(opened.plain);

describe('a sealed datagram', () => {
  const { a, b } = linkKeys('one link');

  it('opens at the other end, in any order, each once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 40 }),
        fc.array(fc.nat(), { maxLength: 80 }),
        (plains, order) => {
          const sealer = createSealer(a.out);
          const opener = createOpener(b.in);
          const sealed = plains.map((plain) => sealer.seal(plain)!);
          const seen = new Set<number>();
          for (const pick of order) {
            const at = pick % sealed.length;
            const expected = seen.has(at) ? 'replayed' : Buffer.from(plains[at]!);
            seen.add(at);
            deepEqual(plainOf(opener.open(sealed[at]!)), expected);
          }
        },
      ),
    );
  });

  it('does not open once any bit of it was changed, and then still opens as it was', () => {
    const sealer = createSealer(a.out);
    const opener = createOpener(b.in);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(), (plain, pick) => {
        const sealed = sealer.seal(plain)!;
        const changed = Buffer.from(sealed);
        // Version and session id are judged before a session is asked; each is part of what is authenticated.
        const bit = pick % (sealed.length * 8);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const verdict = opener.open(changed);
        ok(verdict === 'forged' || verdict === 'replayed', 'opened');
        deepEqual(plainOf(opener.open(sealed)), Buffer.from(plain));
      }),
    );
  });

  it('opens for no other link, and not for who sealed it', () => {
    const sealed = createSealer(a.out).seal(Buffer.from('words'))!;
    equal(createOpener(linkKeys('another link').b.in).open(sealed), 'forged');
    equal(createOpener(a.in).open(sealed), 'forged');
    notDeepEqual(a.out.sessionId, a.in.sessionId);
  });

  it('is sealed with keys that need the secrets of both sides', () => {
    const secret = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
    const sessionWith = (own: number, other: number): Uint8Array =>
      deriveLinkKeys({ peer: 'a', secret: secret(own) }, { peer: 'b', secret: secret(other) }).out
        .sessionId;
    deepEqual(sessionWith(1, 2), sessionWith(1, 2));
    notDeepEqual(sessionWith(1, 2), sessionWith(1, 3));
    notDeepEqual(sessionWith(1, 2), sessionWith(3, 2));
  });

  it('shows neither its words nor the same bytes twice', () => {
    const sealer = createSealer(a.out);
    const words = Buffer.from('a word that would be seen');
    const [one, two] = [Buffer.from(sealer.seal(words)!), Buffer.from(sealer.seal(words)!)];
    ok(!one.includes(words.subarray(0, 6)));
    notDeepEqual(one.subarray(13), two.subarray(13));
  });

  it('names the session of its receiver; what is too short, too long or of another version names none', () => {
    const sealed = createSealer(a.out).seal(new Uint8Array(3))!;
    equal(sessionIdOf(sealed), sessionIdText(b.in.sessionId));
    equal(sessionIdOf(sealed.subarray(0, 28)), undefined);
    equal(sessionIdOf(Buffer.concat([sealed, Buffer.alloc(WIRE_LIMIT_BYTES)])), undefined);
    equal(sessionIdOf(Buffer.concat([Buffer.of(2), sealed.subarray(1)])), undefined);
  });

  it('is the last one when the keys are used up', () => {
    const sealer = createSealer(a.out, 2);
    ok(sealer.seal(new Uint8Array(1)));
    ok(sealer.seal(new Uint8Array(1)));
    equal(sealer.seal(new Uint8Array(1)), undefined);
  });
});

describe('a replay window', () => {
  it('accepts what a list of all counters would, within its reach', () => {
    const step = fc.oneof(
      fc.integer({ min: -REPLAY_WINDOW - 40, max: 70 }),
      fc.integer({ min: 1, max: 3 * REPLAY_WINDOW }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const window = createReplayWindow();
        const marked = new Set<number>();
        let highest = 0;
        for (const by of steps) {
          const counter = Math.max(0, highest + by);
          const isInReach = counter > 0 && highest - counter < REPLAY_WINDOW;
          const expected = isInReach && !marked.has(counter);
          equal(window.isFresh(counter), expected, `${counter} with ${highest} the highest`);
          if (!expected) continue;
          window.mark(counter);
          marked.add(counter);
          highest = Math.max(highest, counter);
          equal(window.highest(), highest);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('holds at the top of its range', () => {
    const window = createReplayWindow();
    const top = 2 ** 32 - 1;
    window.mark(top);
    equal(window.isFresh(top), false);
    ok(window.isFresh(top - 1));
    window.mark(top - 1);
    equal(window.isFresh(top - 1), false);
    equal(window.isFresh(1), false);
  });
});
