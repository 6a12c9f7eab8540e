// Who may what, at real peers: an account made at one and bound there is itself at the other, and dies everywhere.

import assert from 'node:assert/strict';
import { request } from 'node:https';
import type { SmallZone } from './small-zone.ts';
import { createSmallZone, eventually } from './small-zone.ts';

const HOME = '/namespaces/default';
const RBAC = '/apis/rbac.authorization.k8s.io/v1';

interface Reply {
  readonly status: number;
  readonly text: string;
}

/** A request with nothing but a token; the peer's certificate is another test's matter. */
function ask(api: string, path: string, token = '', method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const headers = token === '' ? {} : { authorization: `Bearer ${token}` };
    const asked = request(
      `${api}${path}`,
      { method, headers, rejectUnauthorized: false },
      (got) => {
        const chunks: Buffer[] = [];
        got.on('data', (chunk: Buffer) => chunks.push(chunk));
        got.on('end', () =>
          resolve({ status: got.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
        );
      },
    );
    asked.on('error', reject).end();
  });
}

describe('who may what', function () {
  this.timeout(60_000);
  let zone: SmallZone;
  before(async () => {
    zone = createSmallZone();
    await zone.start('one');
    await zone.start('two');
  });
  after(() => zone.end());

  const post = <T>(path: string, body: unknown): Promise<T> =>
    zone.at('one').json<T>({ method: 'POST', path, body });

  it('is told by default roles, which come back when they are deleted', async () => {
    const path = `${RBAC}/clusterroles/view`;
    const uidNow = async (): Promise<unknown> => {
      const got = await zone.at('two').json<{ metadata?: { uid?: string } }>({ path });
      return got.metadata?.uid;
    };
    const look = (): Promise<unknown> => uidNow().catch(() => undefined);
    const first = await eventually(look, (uid) => uid !== undefined, 5_000);
    await zone.at('one').json({ method: 'DELETE', path });
    await eventually(look, (uid) => uid !== undefined && uid !== first, 5_000);
  });

  it('is the same at every peer, for an account by its token', async () => {
    const metadata = { name: 'robot' };
    await post(`/api/v1${HOME}/serviceaccounts`, { metadata });
    const { status } = await post<{ status: { token: string } }>(
      `/api/v1${HOME}/serviceaccounts/robot/token`,
      {},
    );
    const pods = (): Promise<Reply> => ask(zone.apiOf('two'), `/api/v1${HOME}/pods`, status.token);
    const before = await pods();
    assert.equal(before.status, 403);
    assert.match(
      before.text,
      /User \\"system:serviceaccount:default:robot\\" cannot list resource/,
    );
    const subjects = [{ kind: 'ServiceAccount', name: 'robot', namespace: 'default' }];
    const roleRef = { kind: 'ClusterRole', name: 'view' };
    await post(`${RBAC}${HOME}/rolebindings`, { metadata, roleRef, subjects });
    await eventually(pods, (reply) => reply.status === 200, 5_000);
    await zone.at('one').json({ method: 'DELETE', path: `/api/v1${HOME}/serviceaccounts/robot` });
    await eventually(pods, (reply) => reply.status === 401, 5_000);
  });

  it('is health and version for who proves nothing', async () => {
    const api = zone.apiOf('two');
    for (const path of ['/livez', '/readyz', '/version']) {
      assert.equal((await ask(api, path)).status, 200, path);
    }
    for (const path of ['/api', '/metrics', `/api/v1${HOME}/pods`, '/openid/v1/jwks']) {
      assert.equal((await ask(api, path)).status, 401, path);
    }
  });

  it('is everything for skein, as administrator', async () => {
    assert.match((await zone.skein('two', ['get', 'clusterroles'])).out, /cluster-admin/);
    assert.match((await zone.skein('two', ['get', 'sa', '-o', 'name'])).out, /default/);
  });
});
