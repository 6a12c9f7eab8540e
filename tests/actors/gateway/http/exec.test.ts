// Commands over a WebSocket: streams, exit codes, standard input, sizes, refusals.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { CHANNEL, frame } from '../../../../actors/gateway/streams/channel-protocol.ts';
import type { Status } from '../../../../actors/gateway/status.ts';
import { failed, ok, SkeinError } from '../../../../runtime/index.ts';
import { createSpdyClient } from '../streams/spdy-client.ts';
import type { HttpsFixture } from './https-fixture.ts';
import { createHttpsFixture } from './https-fixture.ts';

const POD = '/api/v1/namespaces/default/pods/p';
const EXEC = `${POD}/exec?command=sh&command=-c&command=true&stdin=true&stdout=true&stderr=true`;
const V5 = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** What came over the channels until the socket closed. */
async function collect(socket: WebSocket): Promise<Map<number, string>> {
  const channels = new Map<number, string>();
  socket.on('message', (data: Buffer) => {
    const channel = data[0]!;
    channels.set(channel, (channels.get(channel) ?? '') + data.subarray(1).toString());
  });
  await once(socket, 'close');
  return channels;
}

const statusOf = (channels: Map<number, string>): Partial<Status> =>
  JSON.parse(channels.get(CHANNEL.error) ?? '{}') as Partial<Status>;

describe('a command in a pod', () => {
  let https: HttpsFixture;

  beforeEach(async () => {
    https = await createHttpsFixture();
    const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'x' }] };
    const body = { metadata: { name: 'p' }, spec };
    await https.fixture.json('POST', '/api/v1/namespaces/default/pods', body);
  });

  afterEach(async () => {
    await https.server.close(0);
    assert.deepEqual(https.fixture.log.errors, []);
  });

  for (const protocol of V5) {
    it(`speaks ${protocol}: output on its channels, then the exit code`, async () => {
      const next = https.streams.nextCommand();
      const socket = https.webSocket(EXEC, [protocol]);
      const collected = collect(socket);
      const command = await next;
      assert.deepEqual(command.options, {
        container: 'c',
        command: ['sh', '-c', 'true'],
        stdin: true,
        tty: false,
      });
      command.stdout.end('out');
      command.stderr.end('err');
      command.exit(ok(7));
      const channels = await collected;
      assert.equal(socket.protocol, protocol);
      assert.deepEqual(
        [channels.get(CHANNEL.stdout), channels.get(CHANNEL.stderr)],
        ['out', 'err'],
      );
      const status = statusOf(channels);
      assert.equal(status.reason, 'NonZeroExitCode');
      assert.deepEqual(status.details?.causes, [{ reason: 'ExitCode', message: '7' }]);
    });
  }

  it('reads standard input to its end, and the size of the terminal', async () => {
    const next = https.streams.nextCommand();
    const socket = https.webSocket(EXEC, V5);
    const collected = collect(socket);
    await once(socket, 'open');
    const command = await next;
    socket.send(frame(CHANNEL.resize, '{"Width":80,"Height":24}'));
    socket.send(frame(CHANNEL.stdin, 'hel'));
    socket.send(frame(CHANNEL.stdin, 'lo'));
    socket.send(Buffer.of(CHANNEL.close, CHANNEL.stdin));
    let read = '';
    for await (const chunk of command.stdin) read += String(chunk);
    assert.equal(read, 'hello');
    assert.deepEqual(command.sizes, [[80, 24]]);
    command.stdout.end();
    command.stderr.end();
    command.exit(ok(0));
    assert.equal(statusOf(await collected).status, 'Success');
  });

  it('sends more than fits in a buffer, byte for byte', async () => {
    const next = https.streams.nextCommand();
    const collected = collect(https.webSocket(EXEC, V5));
    const command = await next;
    const big = 'x'.repeat(5 * 1024 * 1024);
    command.stderr.end();
    command.stdout.end(big);
    command.exit(ok(0));
    assert.equal((await collected).get(CHANNEL.stdout), big);
  });

  it('is killed when its client goes', async () => {
    const next = https.streams.nextCommand();
    const socket = https.webSocket(EXEC, V5);
    await once(socket, 'open');
    const command = await next;
    socket.terminate();
    await command.killed;
  });

  it('ends the socket of a client that writes where it may not', async () => {
    const next = https.streams.nextCommand();
    const socket = https.webSocket(EXEC, V5);
    await once(socket, 'open');
    socket.send(frame(CHANNEL.stdout, 'mine'));
    const [code] = (await once(socket, 'close')) as [number];
    assert.equal(code, 1002);
    await (
      await next
    ).killed;
  });

  it('that cannot be run says why', async () => {
    const next = https.streams.nextCommand();
    const collected = collect(https.webSocket(EXEC, V5));
    const command = await next;
    command.exit(failed(new SkeinError('not-found', 'no program nope')));
    const status = statusOf(await collected);
    assert.deepEqual([status.reason, status.message], ['InternalError', 'no program nope']);
  });

  const refusals: readonly (readonly [string, string, string[], number])[] = [
    ['a pod that is not there', EXEC.replace('/p/', '/nope/'), V5, 404],
    ['no command', `${POD}/exec?stdout=true`, V5, 400],
    ['no stream', `${POD}/exec?command=a`, V5, 400],
    ['a container that is not there', `${EXEC}&container=z`, V5, 400],
    ['another protocol', EXEC, ['channel.k8s.io'], 403],
    ['what is no exec', POD, V5, 400],
    ['what the pod refuses', `${POD}/exec?command=missing&stdout=true`, V5, 400],
  ];
  for (const [what, path, protocols, code] of refusals) {
    it(`is refused before the handshake for ${what}`, async () => {
      const socket = https.webSocket(path, protocols);
      const [, response] = (await once(socket, 'unexpected-response')) as [
        unknown,
        { statusCode: number; destroy: () => void },
      ];
      assert.equal(response.statusCode, code);
      response.destroy();
    });
  }

  it('is told in words to who asks without an upgrade, or with one that is not known', async () => {
    const identity = https.admin;
    const plain = await https.call({ path: EXEC, identity });
    assert.equal(plain.status, 400);
    assert.match(plain.body, /Upgrade request required/);
    const headers = { connection: 'Upgrade', upgrade: 'h2c' };
    const other = await https.call({ method: 'POST', path: EXEC, identity, headers });
    assert.equal(other.status, 400);
    assert.match(other.body, /Upgrade request required/);
    const old = { connection: 'Upgrade', upgrade: 'SPDY/3.1', 'x-stream-protocol-version': 'v9' };
    const spdy = await https.call({ method: 'POST', path: EXEC, identity, headers: old });
    assert.equal(spdy.status, 403);
    assert.match(spdy.body, /client supports \[v9\], server accepts \[v4.channel.k8s.io/);
    const put = await https.call({ method: 'PUT', path: EXEC, identity, headers });
    assert.equal(put.status, 405);
  });

  it('is no longer run for a client that was never there', async () => {
    const identity = https.admin;
    const headers = { authorization: 'Bearer nobody', connection: 'Upgrade', upgrade: 'SPDY/3.1' };
    const answer = await https.call({ method: 'POST', path: EXEC, headers });
    assert.equal(answer.status, 401);
    assert.equal((await https.call({ path: `${POD}/status`, identity })).status, 200);
  });

  const v4 = 'v4.channel.k8s.io';

  it('speaks SPDY: input, outputs and the Status each on a stream', async () => {
    const next = https.streams.nextCommand();
    const client = createSpdyClient(await https.spdy(EXEC, v4));
    const command = await next;
    const error = client.open({ streamtype: 'error' });
    const stdin = client.open({ streamtype: 'stdin' });
    const stdout = client.open({ streamtype: 'stdout' });
    const stderr = client.open({ streamtype: 'stderr' });
    client.write(stdin, 'hello');
    client.end(stdin);
    let read = '';
    for await (const chunk of command.stdin) read += String(chunk);
    assert.equal(read, 'hello');
    const big = 'x'.repeat(5 * 1024 * 1024);
    command.stdout.end(big);
    command.stderr.end('err');
    command.exit(ok(7));
    assert.equal(await client.all(stdout), big);
    assert.equal(await client.all(stderr), 'err');
    const status = JSON.parse(await client.all(error)) as Partial<Status>;
    assert.deepEqual(status.details?.causes, [{ reason: 'ExitCode', message: '7' }]);
    await client.closed;
    assert.equal(client.seen.at(-1), 'go-away');
  });

  it('speaks SPDY to clients that know no Status: words for a failure, nothing for success', async () => {
    for (const [outcome, words] of [
      [ok(0), ''],
      [ok(3), 'command terminated with non-zero exit code: exit status 3'],
    ] as const) {
      const next = https.streams.nextCommand();
      const path = EXEC.replace('&stdin=true', '').replace('&stderr=true', '');
      const client = createSpdyClient(await https.spdy(path, 'v2.channel.k8s.io'));
      const command = await next;
      const error = client.open({ streamtype: 'error' });
      client.open({ streamtype: 'stdout' });
      command.stdout.end();
      command.stderr.end();
      command.exit(outcome);
      assert.equal(await client.all(error), words);
      await client.closed;
    }
  });

  it('takes the size of a terminal over SPDY, however its messages are cut', async () => {
    const next = https.streams.nextCommand();
    const client = createSpdyClient(await https.spdy(`${EXEC}&tty=true`, v4));
    const command = await next;
    for (const streamtype of ['error', 'stdin', 'stdout']) client.open({ streamtype });
    const resize = client.open({ streamtype: 'resize' });
    client.write(resize, '{"Width":80,"Hei');
    client.write(resize, 'ght":24}\n{"Width":132,"Height":43}\n');
    const stdin = 3;
    client.write(stdin, 'x');
    await once(command.stdin, 'data');
    assert.deepEqual(command.sizes, [
      [80, 24],
      [132, 43],
    ]);
    command.exit(ok(0));
    command.stdout.end();
    command.stderr.end();
    await client.closed;
  });

  it('resets a stream that was not asked for, and is killed when its SPDY client goes', async () => {
    const next = https.streams.nextCommand();
    const wire = await https.spdy(EXEC, v4);
    const client = createSpdyClient(wire);
    const command = await next;
    const odd = client.open({ streamtype: 'telemetry' });
    await client.all(odd);
    assert.ok(client.wasReset(odd));
    wire.destroy();
    await command.killed;
  });

  it('is attached to over WebSocket and SPDY alike', async () => {
    const attach = `${POD}/attach?stdin=true&stdout=true&stderr=true`;
    const first = https.streams.nextCommand();
    const collected = collect(https.webSocket(attach, V5));
    const seen = await first;
    assert.deepEqual(seen.options, { container: 'c', stdin: true });
    seen.stdout.end('from now on');
    seen.stderr.end();
    seen.exit(ok(0));
    const channels = await collected;
    assert.equal(channels.get(CHANNEL.stdout), 'from now on');
    assert.equal(statusOf(channels).status, 'Success');

    const second = https.streams.nextCommand();
    const wire = await https.spdy(attach, v4);
    const client = createSpdyClient(wire);
    const command = await second;
    const ids = ['error', 'stdin', 'stdout', 'stderr'].map((streamtype) =>
      client.open({ streamtype }),
    );
    client.write(ids[1]!, 'in');
    const [chunk] = (await once(command.stdin, 'data')) as [Buffer];
    assert.equal(chunk.toString(), 'in');
    wire.destroy();
    await command.killed;
  });
});
