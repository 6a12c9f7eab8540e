// The small pure parts: addresses, back-off, probes, log lines, frames, socket tables.

import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import {
  createLineCutter,
  CRI_LINE_BYTES,
  criTime,
  formatCriLine,
  parseCriLine,
} from '../../../actors/containers/cri-log.ts';
import { createLogOutput } from '../../../actors/containers/log-output.ts';
import { afterLook, beginProbe, look } from '../../../actors/containers/probe-state.ts';
import {
  formatAddress,
  nextFreeAddress,
  nodeAddressOf,
  parseAddressRange,
} from '../../../actors/containers/process/address-range.ts';
import { parseSocketTable } from '../../../actors/containers/process/process-table.ts';
import { quoted } from '../../../actors/containers/keeper/script-terminal.ts';
import {
  BACKOFF_MOST_MS,
  BACKOFF_RESET_MS,
  backoffAfterRestart,
  waitAfterEnd,
} from '../../../actors/containers/restart-backoff.ts';
import {
  createFrameDecoder,
  encodeFrame,
  FRAME_BYTES,
  framesOf,
  readFirstFrame,
} from '../../../actors/containers/stream-frames.ts';

describe('an address range', () => {
  it('keeps the first address for the node and gives each pod another', () => {
    const range = parseAddressRange('127.70.3.0/24');
    assert.equal(nodeAddressOf(range), '127.70.3.1');
    const taken = new Set<string>();
    let last = 0;
    for (;;) {
      const next = nextFreeAddress(range, taken, last);
      if (next === undefined) break;
      assert.ok(!taken.has(formatAddress(next)));
      taken.add(formatAddress(next));
      last = next;
    }
    assert.equal(taken.size, 253);
    assert.ok(!taken.has('127.70.3.1') && !taken.has('127.70.3.0') && !taken.has('127.70.3.255'));
  });

  it('lets an address that was given back rest as long as others are free', () => {
    const range = parseAddressRange('127.70.3.0/29');
    assert.equal(formatAddress(nextFreeAddress(range, new Set(), range.first + 2)!), '127.70.3.3');
    const taken = new Set(['127.70.3.3', '127.70.3.4', '127.70.3.5', '127.70.3.6']);
    assert.equal(formatAddress(nextFreeAddress(range, taken, range.first + 6)!), '127.70.3.2');
  });

  it('refuses what lies elsewhere or holds no pod', () => {
    for (const text of ['10.0.0.0/24', '127.0.0.0/8', '127.1.2.300/24', '127.1.2.0/31', 'x', '']) {
      assert.throws(() => parseAddressRange(text), { code: 'invalid' }, text);
    }
  });
});

describe('the restart back-off', () => {
  it('restarts at once, then after 10 s doubling to 5 min', () => {
    const waits: number[] = [];
    let backoff = 0;
    for (let i = 0; i < 8; i++) {
      const wait = waitAfterEnd(backoff, 100);
      waits.push(wait / 1_000);
      backoff = backoffAfterRestart(wait);
    }
    assert.deepEqual(waits, [0, 10, 20, 40, 80, 160, 300, 300]);
  });

  it('begins anew after a run of ten minutes, and never waits longer than five', () => {
    assert.equal(waitAfterEnd(BACKOFF_MOST_MS, BACKOFF_RESET_MS), 0);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 2 * BACKOFF_RESET_MS })), (runs) => {
        let backoff = 0;
        for (const ran of runs) {
          const wait = waitAfterEnd(backoff, ran);
          assert.ok(wait >= 0 && wait <= BACKOFF_MOST_MS);
          assert.ok(ran < BACKOFF_RESET_MS || wait === 0);
          backoff = backoffAfterRestart(wait);
        }
      }),
    );
  });
});

describe('a probe', () => {
  const probe = {
    initialDelaySeconds: 3,
    periodSeconds: 2,
    failureThreshold: 3,
    successThreshold: 2,
  };

  it('looks first after its delay and then every period', () => {
    const begun = beginProbe(probe, 1_000);
    assert.equal(begun.nextAtMs, 4_000);
    assert.equal(afterLook(look(begun), probe, true, '', 4_100).nextAtMs, 6_100);
  });

  it('says so only after as many outcomes in a row as its thresholds ask for', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (outcomes) => {
        let state = beginProbe(probe, 0);
        let verdict = 'unknown';
        outcomes.forEach((isSuccess, i) => {
          state = afterLook(look(state), probe, isSuccess, 'no', i);
          const lastOf = (count: number): readonly boolean[] =>
            outcomes.slice(0, i + 1).slice(-count);
          if (lastOf(2).length === 2 && lastOf(2).every(Boolean)) verdict = 'success';
          if (lastOf(3).length === 3 && !lastOf(3).some(Boolean)) verdict = 'failure';
          assert.equal(state.verdict, verdict);
          assert.equal(state.isLooking, false);
          assert.ok(state.successes === 0 || state.failures === 0);
        });
      }),
    );
  });
});

describe('log lines', () => {
  it('are in the format of CRI, with nanoseconds', () => {
    const line = formatCriLine(criTime(Date.UTC(2026, 0, 1)), 'stdout', 'F', Buffer.from('a line'));
    assert.equal(line.toString(), '2026-01-01T00:00:00.000000000Z stdout F a line\n');
    assert.deepEqual(parseCriLine(line.subarray(0, -1)), {
      time: '2026-01-01T00:00:00.000000000Z',
      stream: 'stdout',
      tag: 'F',
      text: Buffer.from('a line'),
    });
    assert.equal(parseCriLine(Buffer.from('not a line')), undefined);
  });

  it('give back every byte, however the stream was cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 })),
        fc.integer({ min: 0, max: 2 }),
        (chunks, long) => {
          const all = [
            ...chunks.map((chunk) => Buffer.from(chunk)),
            Buffer.alloc(long * CRI_LINE_BYTES, 'x'),
          ];
          const cutter = createLineCutter();
          const output = createLogOutput({ timestamps: false });
          const shown: Buffer[] = [];
          const take = (tag: 'P' | 'F', text: Buffer): void => {
            assert.ok(text.length <= CRI_LINE_BYTES);
            const line = formatCriLine(criTime(0), 'stdout', tag, text);
            shown.push(output.take(line.subarray(0, -1))!);
          };
          for (const chunk of all) cutter.push(chunk, take);
          cutter.end(take);
          assert.deepEqual(Buffer.concat(shown), Buffer.concat(all));
        },
      ),
    );
  });

  it('are shown with their time once, from a time on, and up to a size', () => {
    const lines = [
      '2026-01-01T00:00:00.000000000Z stdout F old',
      '2026-01-01T00:00:02.000000000Z stdout P lo',
      '2026-01-01T00:00:03.000000000Z stdout F ng',
      '2026-01-01T00:00:04.000000000Z stderr F last',
    ].map((text) => Buffer.from(text));
    const show = (options: Parameters<typeof createLogOutput>[0]): string => {
      const output = createLogOutput(options);
      return Buffer.concat(lines.map((line) => output.take(line) ?? Buffer.alloc(0))).toString();
    };
    assert.equal(show({ timestamps: false }), 'old\nlong\nlast\n');
    assert.equal(
      show({ timestamps: true, sinceMs: Date.UTC(2026, 0, 1, 0, 0, 1) }),
      '2026-01-01T00:00:02.000000000Z long\n2026-01-01T00:00:04.000000000Z last\n',
    );
    assert.equal(show({ timestamps: false, limitBytes: 6 }), 'old\nlo');
  });
});

describe('frames', () => {
  it('come out as they went in, however the stream was cut', () => {
    const frame = fc.record({ type: fc.integer({ min: 0, max: 255 }), payload: fc.uint8Array() });
    fc.assert(
      fc.property(fc.array(frame), fc.integer({ min: 1, max: 50 }), (frames, size) => {
        const bytes = Buffer.concat(frames.map((f) => encodeFrame(f.type, Buffer.from(f.payload))));
        const decoder = createFrameDecoder();
        const got: { type: number; payload: Buffer }[] = [];
        for (let at = 0; at < bytes.length; at += size) {
          got.push(...decoder.push(bytes.subarray(at, at + size)));
        }
        assert.deepEqual(
          got.map(({ type, payload }) => ({ type, payload: [...payload] })),
          frames.map(({ type, payload }) => ({ type, payload: [...payload] })),
        );
        assert.equal(decoder.rest().length, 0);
      }),
    );
  });

  it('over the limit are refused, and long bytes become several', () => {
    const tooLong = Buffer.alloc(5);
    tooLong.writeUInt32BE(FRAME_BYTES + 1, 1);
    assert.throws(() => createFrameDecoder().push(tooLong), { code: 'too-large' });
    assert.equal([...framesOf(1, Buffer.alloc(FRAME_BYTES * 2 + 1))].length, 3);
  });

  it('leave what follows the first one to be read', async () => {
    const stream = new PassThrough();
    const first = encodeFrame(0, Buffer.from('first'));
    stream.write(first.subarray(0, 3));
    const frame = readFirstFrame(stream);
    setImmediate(() => stream.end(Buffer.concat([first.subarray(3), Buffer.from('rest')])));
    assert.equal((await frame).payload.toString(), 'first');
    let rest = '';
    for await (const chunk of stream) rest += String(chunk);
    assert.equal(rest, 'rest');
  });
});

describe('the table of sockets', () => {
  it('names those that listen on all addresses, for IPv4 and IPv6', () => {
    const text = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1',
      '   1: 0303467F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1',
      '   2: 00000000:1F92 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 333 1',
      '   3: 00000000000000000000000000000000:1F93 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 444 1',
    ].join('\n');
    assert.deepEqual(parseSocketTable(text), [
      { inode: '111', port: 8080 },
      { inode: '444', port: 8083 },
    ]);
  });
});

describe('words for a shell', () => {
  it('are quoted so that they stay one word', () => {
    assert.equal(quoted("it's $HOME"), `'it'\\''s $HOME'`);
  });
});
