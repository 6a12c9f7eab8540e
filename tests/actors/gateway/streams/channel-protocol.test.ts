// The messages of exec: every stream its channel, and nothing else let in.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  CHANNEL,
  chooseProtocol,
  frame,
  parseFrame,
} from '../../../../actors/gateway/streams/channel-protocol.ts';
import { exitStatus } from '../../../../actors/gateway/streams/pod-exec.ts';
import { failed, ok, SkeinError } from '../../../../runtime/index.ts';

describe('a message of exec', () => {
  it('carries standard input byte for byte', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const read = parseFrame(frame(CHANNEL.stdin, bytes), 'v4.channel.k8s.io');
        assert.ok(read.ok && read.value.type === 'stdin');
        assert.deepEqual(new Uint8Array(read.value.bytes), bytes);
      }),
    );
  });

  it('resizes within what a terminal can be', () => {
    const size = (words: string) => parseFrame(frame(CHANNEL.resize, words), 'v5.channel.k8s.io');
    assert.deepEqual(
      size('{"Width":80,"Height":24}'),
      ok({ type: 'resize', columns: 80, rows: 24 }),
    );
    for (const words of ['', 'null', '{"Width":-1,"Height":1}', '{"Width":1e9,"Height":1}', '[]']) {
      assert.equal(size(words).ok, false, words);
    }
  });

  it('ends standard input in v5 only', () => {
    const end = Buffer.of(CHANNEL.close, CHANNEL.stdin);
    assert.deepEqual(parseFrame(end, 'v5.channel.k8s.io'), ok({ type: 'stdin-end' }));
    assert.equal(parseFrame(end, 'v4.channel.k8s.io').ok, false);
  });

  it('is refused on channels that a client does not write to, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const read = parseFrame(Buffer.from(bytes), 'v5.channel.k8s.io');
        if (bytes[0] !== 0 && bytes[0] !== 4 && bytes[0] !== 255) assert.equal(read.ok, false);
      }),
    );
  });

  it('is in the newest protocol that both sides know', () => {
    assert.equal(chooseProtocol(['v4.channel.k8s.io', 'v5.channel.k8s.io']), 'v5.channel.k8s.io');
    assert.equal(chooseProtocol(['v4.channel.k8s.io', 'x']), 'v4.channel.k8s.io');
    assert.equal(chooseProtocol(['base64.channel.k8s.io']), undefined);
  });

  it('tells the exit code as clients read it', () => {
    assert.equal(exitStatus(ok(0)).status, 'Success');
    const failure = exitStatus(ok(7));
    assert.equal(failure.reason, 'NonZeroExitCode');
    assert.deepEqual(failure.details?.causes, [{ reason: 'ExitCode', message: '7' }]);
    const broken = exitStatus(failed(new SkeinError('not-found', 'no such program')));
    assert.deepEqual([broken.code, broken.message], [500, 'no such program']);
  });
});
