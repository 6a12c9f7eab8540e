import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { hostPeer } from '../../actors/index.ts';
import type { HostedPeer, HostOptions } from '../../actors/index.ts';
import { createRingLogger, createSystemClock, SkeinError } from '../../runtime/index.ts';

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Record<string, string> }[];
  readonly users: readonly { readonly user: Record<string, string> }[];
}

interface Usage {
  readonly metadata: { readonly name: string };
  readonly status: { readonly containers: readonly { readonly memoryBytes: number }[] };
}

const root = mkdtempSync(join(tmpdir(), 'skein-host-'));
const running: HostedPeer[] = [];

const optionsOf = (name: string, over: Partial<HostOptions> = {}): HostOptions => ({
  name,
  dataDirectory: join(root, name),
  meshListen: { host: '127.0.0.1', port: 0 },
  apiListen: { host: '127.0.0.1', port: 0 },
  labels: { 'topology.kubernetes.io/zone': `rack-${name}` },
  taints: [],
  log: createRingLogger(createSystemClock(), 100),
  ...over,
});

async function start(name: string, over: Partial<HostOptions> = {}): Promise<HostedPeer> {
  const peer = await hostPeer(optionsOf(name, over));
  running.push(peer);
  return peer;
}

/** As a client with the peer's kubeconfig; `anonymous` shows no certificate. */
async function call(
  peer: HostedPeer,
  method: string,
  path: string,
  body?: unknown,
  anonymous = false,
  bearer?: string,
): Promise<{ readonly status: number; readonly body: Record<string, never> }> {
  const config = parse(readFileSync(peer.kubeconfig, 'utf8')) as Kubeconfig;
  const text = (value: string | undefined): string => Buffer.from(value!, 'base64').toString();
  const { cluster } = config.clusters[0]!;
  const { user } = config.users[0]!;
  return new Promise((resolve, reject) => {
    const sent = request(
      `${cluster['server']}${path}`,
      {
        method,
        agent: false,
        ca: text(cluster['certificate-authority-data']),
        ...(anonymous
          ? {}
          : {
              cert: text(user['client-certificate-data']),
              key: text(user['client-key-data']),
            }),
        headers: {
          'content-type': 'application/json',
          ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        },
      },
      (response) => {
        let answer = '';
        response.on('data', (chunk: Buffer) => (answer += chunk.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode!, body: JSON.parse(answer) as never }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function newToken(peer: HostedPeer, spec: object = {}): Promise<string> {
  const created = await call(peer, 'POST', '/apis/skein.dev/v1/jointokens', {
    kind: 'JoinToken',
    apiVersion: 'skein.dev/v1',
    spec,
  });
  return (created.body as unknown as { status: { token: string } }).status.token;
}

const rolesSeenBy = async (peer: HostedPeer): Promise<readonly string[]> => {
  const { body } = await call(peer, 'GET', '/apis/skein.dev/v1/peers');
  const { items } = body as unknown as {
    items: { metadata: { name: string }; status: { role: string; state: string } }[];
  };
  return items.map(({ metadata, status }) => `${metadata.name} ${status.state} ${status.role}`);
};

const refused = (wish: Partial<HostOptions>, name = 'x') =>
  hostPeer(optionsOf(name, wish)).then(
    () => assert.fail('the peer started'),
    (error: unknown) => {
      assert.ok(error instanceof SkeinError, String(error));
      return error;
    },
  );

describe('a peer on this machine', function () {
  this.timeout(30_000);
  let founder: HostedPeer;

  before(async () => {
    founder = await start('ada');
  });
  after(async () => {
    await Promise.all(running.map((peer) => peer.stop()));
    rmSync(root, { recursive: true, force: true });
  });

  it('founds a cluster, serves its API and keeps its secrets to itself', async () => {
    const answer = await call(founder, 'GET', '/api/v1/nodes/ada');
    assert.equal(answer.status, 200);
    for (const name of ['identity.json', 'membership.json', 'kubeconfig']) {
      assert.equal(statSync(join(root, 'ada', name)).mode & 0o077, 0, `${name} is private`);
    }
    const kept = readFileSync(join(root, 'ada', 'membership.json'), 'utf8');
    assert.ok(!kept.includes('founding'), 'the authority is in the log only, sealed');
  });

  it('asks who one is: without a certificate only its health and version are told', async () => {
    assert.equal((await call(founder, 'GET', '/api/v1/pods', undefined, true)).status, 401);
    assert.equal((await call(founder, 'GET', '/version', undefined, true)).status, 200);
  });

  it('knows the owner of a bearer token, at any peer', async () => {
    const created = await call(founder, 'POST', '/apis/skein.dev/v1/bearertokens', {
      kind: 'BearerToken',
      apiVersion: 'skein.dev/v1',
    });
    const { token } = (created.body as unknown as { status: { token: string } }).status;
    const withToken = (bearer: string) =>
      call(founder, 'GET', '/api/v1/namespaces', undefined, true, bearer);
    assert.equal((await withToken(token)).status, 200);
    assert.equal((await withToken(`${token}x`)).status, 401);
  });

  it('runs a pod, and says what it uses', async () => {
    const pods = '/api/v1/namespaces/default/pods';
    const container = { name: 'main', image: 'none', command: ['sh', '-c', 'exec sleep 1000'] };
    await call(founder, 'POST', pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'sleeper' },
      spec: { containers: [container], terminationGracePeriodSeconds: 1 },
    });
    const listed = async (): Promise<readonly Usage[]> => {
      const { body } = await call(founder, 'GET', '/apis/skein.dev/v1/podusages');
      return (body as unknown as { items: readonly Usage[] }).items;
    };
    // Asked again and again until it runs; a pod that never does fails by the test's timeout.
    let usages = await listed();
    while (usages.length === 0) usages = await listed();
    const [usage] = usages;
    assert.equal(usage?.metadata.name, 'sleeper');
    assert.ok(usage.status.containers[0]!.memoryBytes > 100_000);
    await call(founder, 'DELETE', `${pods}/sleeper`);
    while ((await call(founder, 'GET', `${pods}/sleeper`)).status !== 404);
  });

  it('lets a peer in by a token, also through a peer that does not hold the authority', async () => {
    const bob = await start('bob', {
      join: { address: founder.meshAddress, token: await newToken(founder) },
    });
    // Two peers are one voter and a learner: bob has no authority, and passes the request on.
    assert.deepEqual([...(await rolesSeenBy(bob))].sort(), [
      'ada alive leader',
      'bob alive learner',
    ]);
    const eve = await start('eve', {
      join: { address: bob.meshAddress, token: await newToken(bob) },
    });
    const serving = new X509Certificate(
      (
        JSON.parse(readFileSync(join(root, 'eve', 'membership.json'), 'utf8')) as {
          servingCertificate: string;
        }
      ).servingCertificate,
    );
    assert.equal(serving.checkHost('eve'), 'eve');
    assert.equal((await call(eve, 'GET', '/api/v1/nodes/ada')).status, 200);
  });

  it('refuses a token that is used up, a name that is taken and an address where nobody is', async () => {
    const once = await newToken(founder, { uses: 1 });
    const address = founder.meshAddress;
    const taken = await refused({ name: 'ada', join: { address, token: once } });
    assert.equal(taken.code, 'conflict');
    assert.match(taken.message, /name ada belongs to another peer/);
    const token = await newToken(founder, { uses: 1 });
    const flo = await start('flo', { join: { address, token } });
    await flo.stop();
    const spent = await refused({ join: { address, token } });
    assert.equal(spent.code, 'unauthorized');
    const nobody = await refused({ join: { address: '127.0.0.1:9', token } });
    assert.match(nobody.message, /127\.0\.0\.1:9/);
  });

  it('says what is wrong with its directory, its ports, its zone and its driver', async () => {
    const locked = await refused({ dataDirectory: join(root, 'ada') });
    assert.match(locked.message, /in use by process/);
    const [host, port] = founder.meshAddress.split(':') as [string, string];
    const taken = await refused({ meshListen: { host, port: Number(port) } }, 'y');
    assert.match(taken.message, new RegExp(`${founder.meshAddress}.*--mesh-listen`));
    const cri = await refused({ driver: 'cri' });
    assert.match(cri.message, /"cri" is not built yet/);
    const file = join(root, 'ada', 'membership.json');
    const inFile = await refused({ dataDirectory: join(file, 'below') });
    assert.match(inFile.message, /--data DIR/);
    chmodSync(root, 0o700);
  });

  it('comes back from its disk with its membership, its name and its zone', async () => {
    const bob = running.find(({ name }) => name === 'bob')!;
    await bob.stop();
    running.splice(running.indexOf(bob), 1);
    const zone = await refused({ zone: 'elsewhere', dataDirectory: join(root, 'bob') }, 'bob');
    assert.match(zone.message, /zone default, not elsewhere/);
    const witness = await refused({ isWitness: true, dataDirectory: join(root, 'bob') }, 'bob');
    assert.match(witness.message, /bob, a full peer, which cannot become a witness; .*--data DIR/);
    const again = await start('bob');
    assert.equal(again.peerId, bob.peerId);
    assert.equal(again.zone, 'default');
    assert.equal(again.nodeAddress, bob.nodeAddress);
  });

  it('founds no zone as a witness', async () => {
    const first = await refused({ isWitness: true }, 'wim');
    assert.match(first.message, /witness cannot be the first peer of a zone: .*--join ADDRESS/);
  });

  it('leaves nothing running when its start fails, so that it can be started again', async () => {
    const kubeconfig = join(root, 'ivy', 'kubeconfig');
    mkdirSync(join(kubeconfig, 'in-the-way'), { recursive: true });
    await assert.rejects(start('ivy'), /kubeconfig/);
    rmSync(kubeconfig, { recursive: true });
    assert.equal((await start('ivy')).name, 'ivy');
  });
});
