// What kubectl sends in protobuf is what it prints in JSON of the same object, kind by kind.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeProtobuf } from '../../actors/gateway/protobuf/decode.ts';
import { createFixture } from '../actors/gateway/gateway-fixture.ts';
import { run, temporaryDirectory } from '../e2e/cluster.ts';
import { clientsOrSkip } from './clients.ts';

const FETCH_MS = 300_000;

/** Each makes one typed object. */
const CREATES: readonly string[] = [
  'clusterrole c --verb=get,list --resource=pods,deployments.apps',
  'clusterrolebinding c --clusterrole=c --user=u --group=g --serviceaccount=default:s',
  'configmap c --from-literal=key=value --from-file=binary=/bin/true',
  'cronjob c --image=i --schedule=@daily -- sleep 1',
  'deployment c --image=i --image=j --replicas=0 --port=80',
  'ingress c --rule=host/path*=service:http,tls=secret --class=class --annotation=key=value',
  'job c --image=i -- sleep 1',
  'namespace c',
  'poddisruptionbudget c --selector=app=c --min-available=50%',
  'priorityclass c --value=-5 --global-default=false --preemption-policy=Never',
  'quota c --hard=cpu=1500m,pods=3 --scopes=NotTerminating',
  'role c --verb=get --resource=pods --resource-name=one',
  'rolebinding c --role=c --serviceaccount=default:s',
  'secret generic c --from-literal=key=value --type=skein.dev/test',
  'secret docker-registry c --docker-username=u --docker-password=p',
  'service clusterip c --tcp=80:http --tcp=443:8443',
  'service externalname c --external-name=example.org',
  'service nodeport c --tcp=80 --node-port=30080',
  'serviceaccount c',
];

/** Null is the same as absent. */
function stripped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stripped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, inner]) =>
      inner === null ? [] : [[key, stripped(inner)]],
    ),
  );
}

describe('protobuf from kubectl 1.35', function () {
  this.timeout(30_000);
  let server: Server;
  let home: ReturnType<typeof temporaryDirectory>;
  let program: string;
  const bodies: Buffer[] = [];

  before(async function () {
    this.timeout(FETCH_MS);
    home = temporaryDirectory();
    const clients = await clientsOrSkip(this, '1.35');
    program = clients.kubectl;
    const { json } = await createFixture();
    // Says what there is, keeps what is posted, and answers that it cannot be.
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (request.method === 'POST') bodies.push(Buffer.concat(chunks));
      const isRead = request.method === 'GET';
      response.writeHead(isRead ? 200 : 404, { 'content-type': 'application/json' });
      response.end(isRead ? JSON.stringify(await json('GET', request.url ?? '/')) : '{}');
    };
    server = createServer((request, response) => {
      answer(request, response).catch(() => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    server?.close();
    home.remove();
  });

  const kubectl = (words: readonly string[]): ReturnType<typeof run> => {
    const { port } = server.address() as AddressInfo;
    const target = ['--server', `http://127.0.0.1:${port}`, '--namespace', 'default'];
    return run(program, [...target, ...words], { HOME: home.path, KUBECONFIG: '' });
  };

  for (const line of CREATES) {
    it(`create ${line}`, async () => {
      bodies.length = 0;
      const [kind, ...words] = line.split(' ');
      const printed = await kubectl(['create', kind!, '--dry-run=client', '-o=json', ...words]);
      assert.equal(printed.code, 0, printed.err);
      assert.equal(bodies.length, 0);
      await kubectl(['create', kind!, ...words]);
      assert.equal(bodies.length, 1);
      assert.equal(bodies[0]!.subarray(0, 4).toString(), 'k8s\0');
      assert.deepEqual(stripped(decodeProtobuf(bodies[0]!)), stripped(JSON.parse(printed.out)));
    });
  }

  it('create token, auth can-i', async () => {
    bodies.length = 0;
    await kubectl(['create', 'token', 'default', '--duration=1h', '--audience=a']);
    await kubectl(['auth', 'can-i', 'get', 'pods']);
    const [token, review] = bodies.map((body) => decodeProtobuf(body));
    const { kind, spec } = token!;
    assert.deepEqual([kind, spec], ['TokenRequest', { audiences: ['a'], expirationSeconds: 3600 }]);
    assert.deepEqual(review!['spec'], {
      resourceAttributes: { namespace: 'default', verb: 'get', resource: 'pods' },
    });
  });
});
