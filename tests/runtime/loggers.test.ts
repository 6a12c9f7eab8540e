// What the loggers write and keep.

import assert from 'node:assert/strict';

import { createRingLogger, createSimulation, createStreamLogger } from '../../runtime/index.ts';
import type { StreamLoggerOptions } from '../../runtime/index.ts';

function createLog(options: Partial<StreamLoggerOptions> & { readonly isTTY?: boolean }) {
  const lines: string[] = [];
  const stream = {
    write: (text: string) => lines.push(text),
    ...(options.isTTY === undefined ? {} : { isTTY: options.isTTY }),
  };
  const { clock } = createSimulation(1).peer('a');
  return { lines, log: createStreamLogger({ stream, clock, ...options }) };
}

describe('the logger of a stream', () => {
  it('writes aligned text on a terminal', () => {
    const { lines, log } = createLog({ isTTY: true });
    log.info('peer is ready', { peer: 'a', port: 6443, reason: undefined });
    log.child({ actor: 'a/b' }).warn('slow', { text: 'two words', empty: '' });
    assert.deepEqual(lines, [
      '00:00:00.000  info   peer is ready                     peer=a port=6443\n',
      '00:00:00.000  warn   slow                              actor=a/b text="two words" empty=""\n',
    ]);
  });

  it('writes a stack below its line', () => {
    const { lines, log } = createLog({ format: 'text' });
    log.error('failed', { stack: 'Error: oh\n    at one (a.ts:1)\n    at two (b.ts:2)' });
    assert.deepEqual(lines, [
      '00:00:00.000  error  failed\n    at one (a.ts:1)\n    at two (b.ts:2)\n',
    ]);
  });

  it('writes one JSON object a line elsewhere', () => {
    const { lines, log } = createLog({});
    log.child({ actor: 'a' }).info('hello\nworld', { count: 1, isLeader: true });
    assert.deepEqual(lines, [
      '{"time":"2026-01-01T00:00:00.000Z","level":"info","message":"hello\\nworld",' +
        '"actor":"a","count":1,"isLeader":true}\n',
    ]);
  });

  it('lets no field take the place of the time, the level or the message', () => {
    const { lines, log } = createLog({});
    log.info('true', { level: 'error', message: 'false', time: 'never' });
    const line = JSON.parse(lines[0]!) as Record<string, unknown>;
    assert.deepEqual([line['level'], line['message']], ['info', 'true']);
  });

  it('writes nothing below its level', () => {
    const { lines, log } = createLog({ level: 'warn' });
    log.debug('no');
    log.child({}).info('no');
    log.warn('yes');
    log.error('yes');
    assert.equal(lines.length, 2);
  });

  it('cuts what is too long and lets no control character through', () => {
    const { lines, log } = createLog({ format: 'text' });
    log.info('x', { long: 'y'.repeat(5_000), evil: '\u001b[2J', line: 'a\nb' });
    assert(lines[0]!.length < 4_200);
    assert.match(lines[0]!, /… \(5000 characters\)" evil="\\u001b\[2J" line="a\\nb"\n$/);
  });
});

describe('the logger of a ring', () => {
  it('keeps the newest lines of all its children, oldest first', () => {
    const log = createRingLogger(createSimulation(1).peer('a').clock, 3);
    const child = log.child({ actor: 'a' });
    log.info('one');
    child.debug('two', { count: 2 });
    assert.deepEqual(
      log.lines().map(({ message }) => message),
      ['one', 'two'],
    );
    log.warn('three');
    log.error('four');
    log.info('five');
    assert.deepEqual(
      log.lines().map(({ message }) => message),
      ['three', 'four', 'five'],
    );
    assert.deepEqual(child === log, false);
  });
});
