// Port-forwarding over SPDY, over SPDY in a WebSocket, and over WebSocket channels.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import { frame } from '../../../../actors/gateway/streams/channel-protocol.ts';
import { failed, ok, SkeinError } from '../../../../runtime/index.ts';
import { createSpdyClient } from '../streams/spdy-client.ts';
import type { HttpsFixture } from './https-fixture.ts';
import { createHttpsFixture } from './https-fixture.ts';

const PATH = '/api/v1/namespaces/default/pods/p/portforward';
const TUNNEL = 'SPDY/3.1+portforward.k8s.io';

describe('port-forwarding', () => {
  let https: HttpsFixture;
  /** The pod's ends of the connections, by port, newest last. */
  let served: { readonly port: number; readonly connection: Duplex }[];
  let told: () => void;

  const connections = async (count: number): Promise<typeof served> => {
    while (served.length < count) await new Promise<void>((resolve) => (told = resolve));
    return served;
  };

  beforeEach(async () => {
    https = await createHttpsFixture();
    const spec = { nodeName: 'n1', containers: [{ name: 'c', image: 'x' }] };
    const body = { metadata: { name: 'p' }, spec };
    await https.fixture.json('POST', '/api/v1/namespaces/default/pods', body);
    served = [];
    told = () => undefined;
    https.streams.dial = (port) => {
      if (port === 9) return failed(new SkeinError('unavailable', 'connection refused'));
      const [near, far] = duplexPair();
      near.once('close', () => far.destroy());
      far.once('close', () => near.destroy());
      near.on('error', () => undefined);
      far.on('error', () => undefined);
      served.push({ port, connection: far });
      told();
      return ok(near);
    };
  });

  afterEach(async () => {
    await https.server.close(0);
    assert.deepEqual(https.fixture.log.errors, []);
  });

  const transports: readonly (readonly [string, () => Promise<Duplex>])[] = [
    ['SPDY', () => https.spdy(PATH, 'portforward.k8s.io')],
    ['SPDY in a WebSocket', () => https.tunnel(PATH, TUNNEL)],
  ];
  for (const [name, open] of transports) {
    describe(`over ${name}`, () => {
      const connect = (client: ReturnType<typeof createSpdyClient>, port: number, id: number) => {
        const common = { port: String(port), requestid: String(id) };
        const error = client.open({ streamtype: 'error', ...common });
        client.end(error);
        return { error, data: client.open({ streamtype: 'data', ...common }) };
      };

      it('joins many connections at once, each end passed on by itself', async () => {
        const wire = await open();
        const client = createSpdyClient(wire);
        const asked = Array.from({ length: 20 }, (_, id) => connect(client, 80 + id, id));
        for (const [id, { data }] of asked.entries()) {
          client.write(data, `question ${id}`);
          client.end(data);
        }
        for (const { port, connection } of await connections(20)) {
          let read = '';
          connection.on('data', (chunk) => (read += String(chunk)));
          connection.once('end', () => connection.end(`${port}: ${read}`));
        }
        for (const [id, { data, error }] of asked.entries()) {
          assert.equal(await client.all(data), `${80 + id}: question ${id}`);
          assert.equal(await client.all(error), '');
        }
        wire.destroy();
      });

      it('tells on the error stream what cannot be connected', async () => {
        const wire = await open();
        const client = createSpdyClient(wire);
        const { data, error } = connect(client, 9, 0);
        assert.equal(await client.all(error), 'error forwarding port 9: connection refused');
        assert.equal(await client.all(data), '');
        wire.destroy();
      });

      it('cuts the connection of a stream that is reset, and the other way round', async () => {
        const wire = await open();
        const client = createSpdyClient(wire);
        const first = connect(client, 80, 0);
        const gone = once((await connections(1))[0]!.connection, 'close');
        client.reset(first.data);
        await gone;
        const second = connect(client, 80, 1);
        (await connections(2))[1]!.connection.destroy();
        await client.all(second.data);
        assert.ok(client.wasReset(second.data));
        wire.destroy();
      });

      it('resets streams without a port or a partner', async () => {
        const wire = await open();
        const client = createSpdyClient(wire);
        for (const headers of [
          { streamtype: 'data', requestid: '1' },
          { streamtype: 'data', requestid: '1', port: '70000' },
          { streamtype: 'data', port: '80' },
          { streamtype: 'stdin', requestid: '1', port: '80' },
        ] as Record<string, string>[]) {
          const id = client.open(headers);
          await client.all(id);
          assert.ok(client.wasReset(id), JSON.stringify(headers));
        }
        wire.destroy();
      });

      it('leaves no connection behind when the client goes', async () => {
        const wire = await open();
        const client = createSpdyClient(wire);
        connect(client, 80, 0);
        connect(client, 81, 1);
        const closed = (await connections(2)).map(({ connection }) => once(connection, 'close'));
        wire.destroy();
        await Promise.all(closed);
      });
    });
  }

  describe('over WebSocket channels', () => {
    it('gives each port a pair of channels that begin with it', async () => {
      const socket = https.webSocket(`${PATH}?ports=8080&ports=9`, ['v4.channel.k8s.io']);
      const channels = new Map<number, Buffer>();
      socket.on('message', (data: Buffer) => {
        const before = channels.get(data[0]!) ?? Buffer.alloc(0);
        channels.set(data[0]!, Buffer.concat([before, data.subarray(1)]));
      });
      await once(socket, 'open');
      socket.send(frame(0, 'hello'));
      const [{ connection }] = (await connections(1)) as [(typeof served)[0]];
      const [chunk] = (await once(connection, 'data')) as [Buffer];
      connection.end(`${String(chunk)} back`);
      await once(socket, 'close');
      assert.equal(channels.get(0)?.toString('latin1'), '\x90\x1fhello back');
      assert.equal(channels.get(1)?.toString('latin1'), '\x90\x1f');
      assert.equal(channels.get(2)?.toString('latin1'), '\x09\x00');
      assert.match(channels.get(3)?.toString('latin1') ?? '', /port 9: connection refused$/);
    });

    it('leaves no connection behind when the client goes', async () => {
      const socket = https.webSocket(`${PATH}?ports=80`, ['v4.channel.k8s.io']);
      await once(socket, 'open');
      const closed = once((await connections(1))[0]!.connection, 'close');
      socket.terminate();
      await closed;
    });

    const refusals: readonly (readonly [string, string, string, number])[] = [
      ['no ports', PATH, 'v4.channel.k8s.io', 400],
      ['what is no port', `${PATH}?ports=http`, 'v4.channel.k8s.io', 400],
      ['a port too large', `${PATH}?ports=65536`, 'v4.channel.k8s.io', 400],
      ['another protocol', `${PATH}?ports=80`, 'v9.channel.k8s.io', 403],
      [
        'a pod that is not there',
        `${PATH.replace('/p/', '/q/')}?ports=80`,
        'v4.channel.k8s.io',
        404,
      ],
    ];
    for (const [what, path, protocol, code] of refusals) {
      it(`is refused before the handshake for ${what}`, async () => {
        const socket = https.webSocket(path, [protocol]);
        const [, response] = (await once(socket, 'unexpected-response')) as [
          unknown,
          { statusCode: number; destroy: () => void },
        ];
        assert.equal(response.statusCode, code);
        response.destroy();
      });
    }
  });
});
