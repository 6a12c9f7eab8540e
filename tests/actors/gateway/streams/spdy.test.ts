// SPDY/3.1: frames in any cut, what is refused and in which words, limits, streams at the pace of their readers.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { SPDY_DICTIONARY } from '../../../../actors/gateway/streams/spdy/spdy-dictionary.ts';
import {
  createSpdyDecoder,
  encodeData,
  encodeGoAway,
  encodePing,
  encodeReset,
  encodeSynReply,
  encodeSynStream,
} from '../../../../actors/gateway/streams/spdy/spdy-frames.ts';
import type { SpdyFrame } from '../../../../actors/gateway/streams/spdy/spdy-frames.ts';
import {
  createHeaderReader,
  createHeaderWriter,
} from '../../../../actors/gateway/streams/spdy/spdy-headers.ts';
import {
  createSpdySession,
  MAX_STREAMS,
} from '../../../../actors/gateway/streams/spdy/spdy-session.ts';
import { serveSpdy } from '../../../../actors/gateway/streams/spdy/spdy-connection.ts';
import { SkeinError } from '../../../../runtime/index.ts';
import { createTestClock } from '../gateway-fixture.ts';
import { createSpdyClient } from './spdy-client.ts';

const block = Buffer.from('block');
const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

/** What came, with the pieces of data joined. */
function decode(chunks: readonly Buffer[]): SpdyFrame[] {
  const decoder = createSpdyDecoder();
  const frames: SpdyFrame[] = [];
  for (const chunk of chunks) {
    for (const frame of decoder.push(chunk)) {
      const last = frames.at(-1);
      if (frame.type === 'data' && last?.type === 'data' && !last.isFinal) {
        const joined = Buffer.concat([last.bytes, frame.bytes]);
        frames[frames.length - 1] = { ...frame, bytes: joined };
      } else frames.push(frame);
    }
  }
  return frames;
}

describe('frames of SPDY', () => {
  it('come out as they went in, however they are cut', () => {
    const sent = Buffer.concat([
      encodeSynStream(1, block, false),
      encodeSynReply(1, block),
      encodePing(7),
      encodeData(1, Buffer.from('hello'), true),
      encodeReset(3, 5),
      encodeGoAway(1, 0),
    ]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: sent.length })), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), sent.length];
        const chunks = at.slice(1).map((end, index) => sent.subarray(at[index], end));
        assert.deepEqual(decode(chunks), [
          { type: 'syn-stream', streamId: 1, isFinal: false, block },
          { type: 'syn-reply', streamId: 1, isFinal: false, block },
          { type: 'ping', id: 7 },
          { type: 'data', streamId: 1, bytes: Buffer.from('hello'), isFinal: true },
          { type: 'rst-stream', streamId: 3, status: 5 },
          { type: 'go-away' },
        ]);
      }),
    );
  });

  const wrong: readonly (readonly [string, Buffer, RegExp])[] = [
    ['another version', bytes('8002 0006 00 000004 00000001'), /version 2 instead of 3/],
    ['an unknown type', bytes('8003 00ff 00 000000'), /type 255 do not exist/],
    ['a short SYN_STREAM', bytes('8003 0001 00 000004 00000001'), /syn-stream frame of 4 bytes/],
    ['a long PING', bytes('8003 0006 00 000005 0000000100'), /5 bytes instead of 4/],
    ['a huge control frame', bytes('8003 0001 00 ffffff'), /16777215 bytes; 65536 are allowed/],
    ['HTTP', Buffer.from('\xff\xffGET / HTTP/1.1\r\n', 'latin1'), /version 32767/],
  ];
  for (const [what, sent, words] of wrong) {
    it(`are refused in words: ${what}`, () => {
      assert.throws(() => decode([sent]), words);
    });
  }

  it('of any bytes are read or refused, never worse', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
        try {
          decode(chunks.map((chunk) => Buffer.from(chunk)));
        } catch (error) {
          assert.ok(error instanceof SkeinError && error.code === 'invalid', String(error));
        }
      }),
    );
  });
});

describe('headers of SPDY', () => {
  it('are primed with the dictionary of version 3', () => {
    const first = createHeaderWriter()(new Map([['a', 'b']]));
    // Behind the two bytes of zlib: the dictionary's Adler-32, as every implementation has it.
    assert.equal(first.subarray(2, 6).toString('hex'), 'e3c6a7c2');
  });

  it('go on from block to block', () => {
    const [write, read] = [createHeaderWriter(), createHeaderReader()];
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/), fc.string({ maxLength: 40 })),
        (headers) => {
          const sent = new Map(Object.entries(headers));
          assert.deepEqual(read(write(sent)), sent);
        },
      ),
    );
  });

  const packed = (raw: Buffer): Buffer => deflateSync(raw, { dictionary: SPDY_DICTIONARY });
  const wrong: readonly (readonly [string, Buffer, RegExp])[] = [
    ['what is not compressed', Buffer.from('hello there'), /not compressed as SPDY\/3 asks/],
    ['too many names', packed(bytes('0000ffff')), /65535 of them; 64 are allowed/],
    ['text that is not there', packed(bytes('00000001 7fffffff 61')), /2147483647 bytes/],
    ['an end inside a length', packed(bytes('00000001 0000')), /ends inside a length/],
    ['a name without letters', packed(bytes('00000001 00000000 00000000')), /the name ""/],
    ['bytes that follow', packed(bytes('00000000 00')), /1 bytes follow/],
    ['a block that inflates without end', packed(Buffer.alloc(10_000_000)), /over 16384 bytes/],
  ];
  for (const [what, sent, words] of wrong) {
    it(`are refused in words: ${what}`, () => {
      assert.throws(() => createHeaderReader()(sent), words);
    });
  }
});

describe('a session of SPDY', () => {
  const syn = (write: ReturnType<typeof createHeaderWriter>, id: number): Buffer =>
    encodeSynStream(id, write(new Map([['n', String(id)]])), false);

  it('answers each stream and each ping', () => {
    const session = createSpdySession();
    const events = [
      ...session.receive(
        Buffer.concat([syn(createHeaderWriter(), 1), encodePing(1), encodePing(2)]),
      ),
    ];
    assert.deepEqual(
      events.map(({ type }) => type),
      ['send', 'opened', 'send'],
    );
  });

  it('refuses streams over the limit and goes on', () => {
    const session = createSpdySession();
    const write = createHeaderWriter();
    for (let i = 0; i < MAX_STREAMS; i++) {
      const opened = [...session.receive(syn(write, i * 2 + 1))];
      assert.equal(opened[1]?.type, 'opened');
    }
    const over = [...session.receive(syn(write, MAX_STREAMS * 2 + 1))];
    assert.deepEqual(over, [{ type: 'send', bytes: encodeReset(MAX_STREAMS * 2 + 1, 3) }]);
    assert.equal([...session.receive(encodeReset(1, 5))].length, 1);
    const again = [...session.receive(syn(write, MAX_STREAMS * 2 + 3))];
    assert.equal(again[1]?.type, 'opened');
  });

  const wrong: readonly (readonly [
    string,
    (write: ReturnType<typeof createHeaderWriter>) => Buffer,
  ])[] = [
    ['an even stream', (write) => syn(write, 2)],
    ['a stream opened twice', (write) => Buffer.concat([syn(write, 1), syn(write, 1)])],
    ['data on a stream that is not open', () => encodeData(9, Buffer.from('x'), false)],
    [
      'data after the end',
      (write) =>
        Buffer.concat([
          syn(write, 1),
          encodeData(1, new Uint8Array(), true),
          encodeData(1, Buffer.from('x'), false),
        ]),
    ],
  ];
  for (const [what, make] of wrong) {
    it(`is broken by ${what}, and reads nothing more`, () => {
      const session = createSpdySession();
      const events = [...session.receive(make(createHeaderWriter()))];
      const last = events.at(-1);
      assert.ok(last?.type === 'broken');
      assert.match(last.why, /SPDY/);
      assert.deepEqual([...session.receive(encodePing(1))], []);
    });
  }

  it('survives any frames: each stream is told of in order, and nothing throws', () => {
    const frame = fc.oneof(
      fc.nat(12).map((id) => ({ make: () => encodeReset(id, 5) })),
      fc.tuple(fc.nat(12), fc.boolean()).map(([id, fin]) => ({
        make: () => encodeData(id, Buffer.from('x'), fin),
      })),
      fc.nat(5).map((step) => ({ step, make: () => Buffer.alloc(0) })),
    );
    fc.assert(
      fc.property(fc.array(frame), (frames) => {
        const session = createSpdySession();
        const write = createHeaderWriter();
        const open = new Set<number>();
        let next = 1;
        for (const one of frames) {
          const sent = 'step' in one ? syn(write, next) : one.make();
          if ('step' in one) next += 2 * (one.step + 1);
          for (const event of session.receive(sent)) {
            if (event.type === 'opened') open.add(event.streamId);
            if (event.type === 'data') assert.ok(open.has(event.streamId));
            if (event.type === 'ended') assert.ok(open.delete(event.streamId));
            if (event.type === 'reset') open.delete(event.streamId);
          }
        }
      }),
    );
  });
});

describe('a connection of SPDY', () => {
  const serve = () => {
    const [far, near] = duplexPair();
    const streams: Duplex[] = [];
    const clock = createTestClock();
    let told: (() => void) | undefined;
    const connection = serveSpdy(near, clock, (_headers, stream) => {
      streams.push(stream);
      told?.();
    });
    // A lost connection is seen at both ends.
    near.once('close', () => far.destroy());
    const opened = async (count: number): Promise<void> => {
      while (streams.length < count) await new Promise<void>((resolve) => (told = resolve));
    };
    return { client: createSpdyClient(far), near, far, streams, connection, opened, clock };
  };

  it('carries bytes both ways, each side ending by itself', async () => {
    const { client, streams, opened } = serve();
    const id = client.open({ streamtype: 'data' });
    client.write(id, 'hello');
    client.end(id);
    await opened(1);
    let read = '';
    streams[0]!.on('data', (chunk) => (read += String(chunk)));
    await once(streams[0]!, 'end');
    streams[0]!.end(`${read} back`);
    assert.equal(await client.all(id), 'hello back');
  });

  it('reads nothing more while one reader is behind, and goes on after', async () => {
    const { client, near, streams, opened } = serve();
    const [slow, fast] = [client.open({}), client.open({})];
    await opened(2);
    client.write(slow, Buffer.alloc(100_000));
    while (!near.isPaused()) await new Promise((resolve) => setImmediate(resolve));
    client.write(fast, 'x');
    assert.equal(streams[1]!.readableLength, 0);
    streams[0]!.resume();
    const [chunk] = (await once(streams[1]!, 'data')) as [Buffer];
    assert.equal(chunk.toString(), 'x');
  });

  it('lets go of a stream whose reader was behind when it went', async () => {
    const { client, near, streams, opened } = serve();
    const [slow, fast] = [client.open({}), client.open({})];
    await opened(2);
    client.write(slow, Buffer.alloc(100_000));
    while (!near.isPaused()) await new Promise((resolve) => setImmediate(resolve));
    client.write(fast, 'x');
    streams[0]!.destroy();
    await once(streams[1]!, 'data');
    await client.all(slow);
    assert.ok(client.wasReset(slow));
  });

  it('ends, with all its streams, when what comes is not SPDY', async () => {
    const { client, far, streams, opened, connection } = serve();
    client.open({});
    await opened(1);
    const gone = once(streams[0]!, 'close');
    far.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(4)));
    far.write(Buffer.from('\xff\xff\xff\xff\xff\xff\xff\xff', 'latin1'));
    assert.match((await connection.closed) ?? '', /SPDY: /);
    await gone;
    await client.closed;
    assert.equal(client.seen.at(-1), 'go-away');
  });

  it('is pinged, so that a client that went without a word is found', async () => {
    const { client, near, clock, far } = serve();
    await clock.advance(30_000);
    while (!client.seen.includes('ping')) await once(far, 'data');
    near.destroy();
  });
});
