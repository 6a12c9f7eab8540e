// Tokens of ServiceAccounts: how they are asked for, whom they make of who shows them, when they die.

import assert from 'node:assert/strict';
import type { JsonObject } from '../../../actors/gateway/request/body.ts';
import type { Fixture } from './gateway-fixture.ts';
import { createFixture, pod } from './gateway-fixture.ts';

const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts';
const PODS = '/api/v1/namespaces/default/pods';
const SELF = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const ISSUER = 'https://kubernetes.default.svc.cluster.local';

const shown = (token: string) => ({ authorization: `Bearer ${token}` });
const tokenOf = (reply: JsonObject): string => {
  const { token } = (reply['status'] ?? {}) as { readonly token?: unknown };
  assert.ok(typeof token === 'string', JSON.stringify(reply));
  return token;
};
const claimsOf = (token: string): JsonObject =>
  JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as JsonObject;

async function withRobot(): Promise<Fixture> {
  const fixture = await createFixture({ roles: true });
  const made = await fixture.json('POST', ACCOUNTS, { metadata: { name: 'robot' } });
  assert.equal(made['kind'], 'ServiceAccount', JSON.stringify(made));
  return fixture;
}

describe('a token of a ServiceAccount', () => {
  const ask = ({ json }: Fixture, spec: JsonObject = {}, name = 'robot') =>
    json('POST', `${ACCOUNTS}/${name}/token`, { spec });
  const who = async ({ json }: Fixture, token: string): Promise<unknown> => {
    const self = await json('POST', SELF, {}, shown(token));
    return self['code'] ?? (self['status'] as JsonObject)['userInfo'];
  };

  it('makes its account of who shows it, for an hour', async () => {
    const fixture = await withRobot();
    const reply = await ask(fixture);
    assert.deepEqual(reply['spec'], { audiences: [ISSUER], expirationSeconds: 3_600 });
    const token = tokenOf(reply);
    const account = await fixture.json('GET', `${ACCOUNTS}/robot`);
    const { uid } = account['metadata'] as JsonObject;
    assert.deepEqual(await who(fixture, token), {
      username: 'system:serviceaccount:default:robot',
      uid,
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'],
    });
    await fixture.clock.advance(3_599_000);
    assert.notEqual(await who(fixture, token), 401);
    await fixture.clock.advance(1_000);
    assert.equal(await who(fixture, token), 401);
  });

  it('dies with its account, also when one of that name comes again', async () => {
    const fixture = await withRobot();
    const token = tokenOf(await ask(fixture));
    await fixture.json('DELETE', `${ACCOUNTS}/robot`);
    assert.equal(await who(fixture, token), 401);
    await fixture.json('POST', ACCOUNTS, { metadata: { name: 'robot' } });
    assert.equal(await who(fixture, token), 401);
  });

  it('dies with the pod that it is bound to', async () => {
    const fixture = await withRobot();
    const { json } = fixture;
    const made = pod('worker');
    const spec = { ...(made['spec'] as JsonObject), serviceAccountName: 'robot' };
    await json('POST', PODS, { ...made, spec });
    const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: 'worker' };
    const token = tokenOf(await ask(fixture, { boundObjectRef }));
    assert.notEqual(await who(fixture, token), 401);
    await json('DELETE', `${PODS}/worker?gracePeriodSeconds=0`);
    assert.equal(await who(fixture, token), 401);
  });

  it('dies with the secret that it is bound to', async () => {
    const fixture = await withRobot();
    const secrets = '/api/v1/namespaces/default/secrets';
    await fixture.json('POST', secrets, { metadata: { name: 's' } });
    const boundObjectRef = { kind: 'Secret', apiVersion: 'v1', name: 's' };
    const token = tokenOf(await ask(fixture, { boundObjectRef }));
    assert.notEqual(await who(fixture, token), 401);
    await fixture.json('DELETE', `${secrets}/s`);
    assert.equal(await who(fixture, token), 401);
  });

  it('is bound only to what is there, is the account’s, and is meant', async () => {
    const fixture = await withRobot();
    await fixture.json('POST', PODS, pod('other'));
    const bind = async (ref: JsonObject) =>
      (await ask(fixture, { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...ref } }))['code'];
    assert.equal(await bind({ name: 'none' }), 404);
    assert.equal(await bind({ name: 'other' }), 403);
    assert.equal(await bind({ name: 'other', uid: 'x' }), 409);
    assert.equal(await bind({ name: 'other', kind: 'Deployment' }), 400);
  });

  it('lives ten minutes at least and thirty days at most', async () => {
    const fixture = await withRobot();
    const short = await ask(fixture, { expirationSeconds: 599 });
    assert.equal(short['code'], 422);
    assert.match(String(short['message']), /may not specify a duration less than 10 minutes$/);
    assert.equal((await ask(fixture, { expirationSeconds: 'x' }))['code'], 400);
    const long = await ask(fixture, { expirationSeconds: 86_400 * 365 });
    const { iat, exp } = claimsOf(tokenOf(long));
    assert.equal(Number(exp) - Number(iat), 30 * 86_400);
  });

  it('for others is none for the API, and known to those who ask as these', async () => {
    const fixture = await withRobot();
    const token = tokenOf(await ask(fixture, { audiences: ['vault', 'other'] }));
    assert.equal(await who(fixture, token), 401);
    const review = async (audiences: readonly string[]) => {
      const spec = { token, audiences };
      const path = '/apis/authentication.k8s.io/v1/tokenreviews';
      return (await fixture.json('POST', path, { spec }))['status'] as JsonObject;
    };
    const known = await review(['vault', 'nobody']);
    assert.equal(known['authenticated'], true);
    assert.deepEqual(known['audiences'], ['vault']);
    assert.equal((await review(['nobody']))['authenticated'], false);
    assert.equal((await review([]))['authenticated'], false);
  });

  it('is for an account that is there, by those who may, and can be checked by anybody', async () => {
    const fixture = await withRobot();
    assert.equal((await ask(fixture, {}, 'nobody'))['code'], 404);
    const token = tokenOf(await ask(fixture));
    const refused = await fixture.json('POST', `${ACCOUNTS}/robot/token`, {}, shown(token));
    assert.equal(refused['code'], 403);
    const [header, body, signature] = token.split('.');
    const changed = { ...claimsOf(token), sub: 'system:serviceaccount:kube-system:robot' };
    const forged = Buffer.from(JSON.stringify(changed)).toString('base64url');
    assert.equal(await who(fixture, `${header}.${forged}.${signature}`), 401);
    const jwks = await fixture.json('GET', '/openid/v1/jwks', undefined, shown(token));
    const [key] = jwks['keys'] as JsonObject[];
    const imported = await crypto.subtle.importKey('jwk', key!, 'Ed25519', false, ['verify']);
    const isSigned = await crypto.subtle.verify(
      'Ed25519',
      imported,
      Buffer.from(signature!, 'base64url'),
      Buffer.from(`${header}.${body}`),
    );
    assert.ok(isSigned);
    const path = '/.well-known/openid-configuration';
    assert.equal((await fixture.json('GET', path, undefined, shown(token)))['issuer'], ISSUER);
  });
});
