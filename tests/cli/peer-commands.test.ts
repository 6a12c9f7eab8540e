// Commands about peers, and streams of pods, against a gateway whose peers and pods are told by the test.

import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import type { ExtraResource } from '../../actors/gateway/extra-resources.ts';
import type { ExecOptions, LogOptions, PodStreams } from '../../actors/objects/pod-streams.ts';
import type { PeerObject } from '../../cli/commands/peers.ts';
import { peersTable } from '../../cli/commands/peers.ts';
import { statusText } from '../../cli/commands/status.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import { pod } from '../actors/gateway/gateway-fixture.ts';
import type { ApiServer } from './api-server.ts';
import { startApiServer } from './api-server.ts';

const apiVersion = 'skein.dev/v1';

const peerObject = (name: string, api: string, state = 'alive'): object => ({
  kind: 'Peer',
  apiVersion,
  metadata: { name },
  spec: {
    peerId: `id-${name}`,
    zone: 'home',
    addresses: ['127.0.0.1:7460'],
    labels: { rack: 'a' },
  },
  status: {
    state,
    role: 'voter',
    api,
    load: { cpu: 0.256, memory: 0.5 },
    version: '0.1.0',
    drivers: ['process'],
    price: '0.5',
    factsTime: new Date(Date.now() - 47.5 * 3_600_000).toISOString(),
  },
});

const status = {
  kind: 'PeerStatus',
  apiVersion,
  metadata: { name: 'self' },
  status: {
    peer: 'id-peer-1',
    name: 'peer-1',
    zone: 'home',
    version: '0.1.0',
    role: 'leader',
    leader: 'peer-1',
    term: 2,
    revision: 7,
    appliedIndex: 9,
    staleMs: 0,
    voters: ['peer-2', 'peer-1'],
    learners: [],
    nodeAddress: '127.1.1.1',
    fronts: [
      {
        namespace: 'default',
        service: 'hello',
        portName: 'http',
        port: 80,
        address: '127.1.1.1:80',
        endpoints: 3,
      },
    ],
  },
};

describe('commands about peers', function () {
  this.timeout(20_000);
  let api: ApiServer;
  const asked: unknown[] = [];
  const others: { server: string } = { server: '' };

  const extra = (plural: string, handler: ExtraResource['handler']): ExtraResource => ({
    plural,
    singular: plural.slice(0, -1),
    kind: plural,
    verbs: ['get', 'list', 'create'],
    handler,
  });
  const logs: LogOptions[] = [];
  const execs: ExecOptions[] = [];
  const streams: Partial<PodStreams> = {
    logs: (_target, options) => {
      logs.push(options);
      return Promise.resolve(ok(Readable.from([Buffer.from('one\ntwo\n')])));
    },
    exec: (_target, options) => {
      execs.push(options);
      const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
      stdin.pipe(stdout);
      stderr.end('careful\n');
      const exited = new Promise<ReturnType<typeof ok<number>>>((done) =>
        stdout.on('end', () => done(ok(7))),
      );
      return Promise.resolve(
        ok({ stdin, stdout, stderr, exited, resize: () => undefined, kill: () => undefined }),
      );
    },
  };

  before(async () => {
    api = await startApiServer({
      streams,
      extras: [
        extra('peers', async ({ name }) => {
          const all = [
            peerObject('peer-2', 'https://127.0.0.1:1', 'dead'),
            peerObject('peer-1', others.server),
          ];
          if (name === '')
            return ok({ body: { kind: 'PeerList', apiVersion, metadata: {}, items: all } });
          if (name !== 'peer-1' && name !== 'peer-2') {
            return failed(new SkeinError('not-found', `no peer is named "${name}"`));
          }
          return ok({ body: name === 'peer-1' ? all[1] : all[0] });
        }),
        extra('peerstatuses', async () => ok({ body: status })),
        extra('jointokens', async ({ body }) => {
          asked.push(body['spec']);
          return ok({
            body: { ...body, status: { token: 'a.b.c', expiresAt: '2026-11-23T00:00:00Z' } },
          });
        }),
        extra('bearertokens', async ({ body }) => {
          asked.push(body['spec']);
          return ok({ body: { ...body, status: { token: 'skein.d.e' } } });
        }),
        extra('leaves', async ({ body }) => ok({ body })),
      ],
    });
    others.server = api.server;
    const made = await api.fixture.json('POST', '/api/v1/namespaces/default/pods', {
      ...pod('web'),
      spec: {
        nodeName: 'peer-1',
        containers: ['main', 'side'].map((name) => ({
          name,
          image: 'none',
          command: ['sleep', '1'],
        })),
      },
    });
    assert.equal(made['kind'], 'Pod', JSON.stringify(made));
  });
  after(() => api.close());

  it('peers are a table, by name', async () => {
    const { out } = await api.skein(['peers']);
    const lines = out
      .trim()
      .split('\n')
      .map((line) => line.split(/ {3,}/));
    assert.deepEqual(lines, [
      'NAME STATE ROLE ZONE CPU MEMORY DRIVERS PRICE VERSION TOLD'.split(' '),
      'peer-1 alive voter home 26% 50% process 0.5 0.1.0 47h'.split(' '),
      'peer-2 dead voter home 26% 50% process 0.5 0.1.0 47h'.split(' '),
    ]);
    assert.match((await api.skein(['peers', '-o', 'wide'])).out, /id-peer-1 +rack=a$/m);
    assert.equal(
      (await api.skein(['peers', '-o', 'name'])).out,
      'peer.skein.dev/peer-1\npeer.skein.dev/peer-2\n',
    );
  });

  it('status tells the peer and the services it serves', async () => {
    const { out } = await api.skein(['status']);
    assert.match(out, /^Voters: +peer-1, peer-2$/m);
    assert.doesNotMatch(out, /Full disks/);
    const full = { ...status.status, fullDisks: ['peer-2', 'peer-1'] };
    assert.match(statusText({ status: full }), /^Full disks: +peer-1, peer-2: free some space$/m);
    assert.match(out, /^default +hello +80 \(http\) +127\.1\.1\.1:80 +3$/m);
    assert.deepEqual(JSON.parse((await api.skein(['status', '-o', 'json'])).out), status);
  });

  it('a witness is called one, in the table and in its status', () => {
    const peer = peerObject('peer-3', 'https://127.0.0.1:2') as PeerObject;
    const table = peersTable([{ ...peer, spec: { ...peer.spec, witness: true } }], false);
    assert.match(table, /^peer-3 +alive +voter,witness +home /m);
    const { nodeAddress: _, ...rest } = status.status;
    const witnesses = ['peer-1'];
    const out = statusText({ status: { ...rest, role: 'follower', witnesses, fronts: [] } });
    assert.match(out, /^Role: +follower, witness$/m);
    assert.match(out, /^Voters: +peer-1 \(witness\), peer-2$/m);
    assert.match(out, /^Node address: +none$/m);
    assert.match(out, /A witness runs no pods/);
  });

  it('token create prints the token alone and passes on what was asked', async () => {
    const ran = await api.skein([
      'token',
      'create',
      '--ttl',
      '1h30m',
      '--uses=2',
      '--zone',
      'west',
    ]);
    assert.deepEqual(ran, { code: 0, out: 'a.b.c\n', err: 'Good until 2026-11-23T00:00:00Z.\n' });
    assert.deepEqual(asked.at(-1), { ttlSeconds: 5_400, uses: 2, zone: 'west' });
    assert.equal((await api.skein(['token', 'create', '--ttl', 'soon'])).code, 2);
    assert.equal((await api.skein(['token', 'create', '--uses', '0'])).code, 2);
  });

  it('token create --api prints a bearer token for the API', async () => {
    const ran = await api.skein(['token', 'create', '--api', '--ttl=15m']);
    assert.deepEqual(ran, { code: 0, out: 'skein.d.e\n', err: '' });
    assert.deepEqual(asked.at(-1), { ttlSeconds: 900 });
    assert.equal((await api.skein(['token', 'create', '--api', '--uses=1'])).code, 2);
  });

  it('a peer is found by its name through another, and an unknown name is refused', async () => {
    const [found, dead, unknown] = await Promise.all(
      [['peer-1'], ['peer-2'], ['peer-9']].map(([name]) => api.skein(['status', '--peer', name!])),
    );
    assert.equal(found!.code, 0, found!.err);
    assert.equal(dead!.code, 3);
    assert.match(dead!.err, /Cannot reach peer-2 \(https:\/\/127\.0\.0\.1:1\)/);
    assert.deepEqual(
      [unknown!.code, unknown!.err],
      [1, 'skein: There is no peer "peer-9". `skein peers` lists them.\n'],
    );
  });

  it('kubeconfig has a context for each peer, the asked one first in force', async () => {
    const { out } = await api.skein(['kubeconfig']);
    assert.match(out, /^current-context: peer-1$/m);
    assert.deepEqual(
      [...out.matchAll(/server: (.*)/g)].map(([, server]) => server),
      [api.server, 'https://127.0.0.1:1'],
    );
  });

  it('leave says who left', async () => {
    assert.deepEqual(await api.skein(['leave']), {
      code: 0,
      out: 'peer-1 left\n',
      err: 'peer-1 is leaving: its pods move, then it ends…\n',
    });
  });

  it('logs pass their flags on and print what comes', async () => {
    const ran = await api.skein([
      'logs',
      'web',
      '-c',
      'side',
      '--tail=5',
      '--since',
      '2m',
      '-p',
      '--timestamps',
    ]);
    assert.deepEqual(ran, { code: 0, out: 'one\ntwo\n', err: '' });
    const { container, tailLines, sinceMs, previous, timestamps } = logs.at(-1)!;
    assert.deepEqual(
      [container, tailLines, sinceMs, previous, timestamps],
      ['side', 5, 120_000, true, true],
    );
    const all = await api.skein(['logs', '-l', 'app=web', '--all-containers']);
    assert.equal(all.out, 'one\ntwo\none\ntwo\n');
  });

  it('logs refuse a pod of several containers without a name, and a wrong time', async () => {
    const several = await api.skein(['logs', 'web']);
    assert.equal(several.code, 1);
    assert.match(several.err, /choose one of: \[main side\]/);
    assert.equal((await api.skein(['logs', 'web', '--since', 'now'])).code, 2);
    assert.equal((await api.skein(['logs'])).code, 2);
  });

  it('exec passes the command and its input on, and ends with its code', async () => {
    const ran = await api.skein(
      ['exec', '-i', 'web', '-c', 'main', '--', 'tr', 'a', '-b'],
      'input\n',
    );
    assert.deepEqual(ran, { code: 7, out: 'input\n', err: 'careful\n' });
    assert.deepEqual(execs.at(-1)!.command, ['tr', 'a', '-b']);
    const refused = await api.skein(['exec', 'web', '--', 'ls']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /choose one of/);
  });
});
