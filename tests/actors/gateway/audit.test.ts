// Lines that say who did what: which requests get one, what is in them, and how many there are at most.

import assert from 'node:assert/strict';
import { as, createFixture, pod, request } from './gateway-fixture.ts';

const PODS = '/api/v1/namespaces/default/pods';

describe('the audit log', () => {
  it('tells of changes and refusals, and not of reads and questions', async () => {
    const { ask, log, gateway } = await createFixture({ roles: true });
    log.infos.length = 0;
    await ask('POST', PODS, pod('a'));
    await ask('GET', PODS);
    await ask('GET', `${PODS}?watch=true`);
    const spec = { resourceAttributes: { verb: 'get', resource: 'pods' } };
    await ask('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec });
    await ask('DELETE', `${PODS}/a`, undefined, as('carol'));
    await ask('PATCH', `${PODS}/a/status`, {}, { 'impersonate-user': 'carol' });
    await gateway.handle(request('GET', '/api'));
    const place = { resource: 'pods', namespace: 'default' };
    assert.deepEqual(log.infos, [
      { user: 'admin', verb: 'create', ...place, code: 201, latencyMs: 0 },
      { user: 'carol', verb: 'delete', ...place, name: 'a', code: 403, latencyMs: 0 },
      {
        user: 'carol',
        impersonator: 'admin',
        verb: 'patch',
        ...place,
        resource: 'pods/status',
        name: 'a',
        code: 403,
        latencyMs: 0,
      },
      { user: 'system:anonymous', verb: 'get', path: '/api', code: 401, latencyMs: 0 },
    ]);
  });

  it('holds nothing of what was sent or answered', async () => {
    const { ask, log } = await createFixture({ roles: true });
    const secret = 'correct-horse-battery';
    const body = { ...pod('a'), metadata: { name: 'a', annotations: { secret } } };
    await ask('POST', `${PODS}?fieldManager=${secret}`, body);
    const wrong = { authorization: `Bearer ${secret}` };
    await ask('POST', PODS, body, wrong);
    await ask('GET', `/nope?token=${secret}`, undefined, wrong);
    const made = await ask('POST', '/api/v1/namespaces/default/serviceaccounts', {
      metadata: { name: 'robot' },
    });
    assert.equal(made.status, 201);
    await ask('POST', '/api/v1/namespaces/default/serviceaccounts/robot/token', {});
    const told = JSON.stringify(log.infos);
    assert.ok(!told.includes(secret) && !told.includes('eyJ'), told);
    assert.ok(told.includes('serviceaccounts/token'));
  });

  it('has a bound, and says how many lines it left out', async () => {
    const { ask, log, clock } = await createFixture({ roles: true });
    log.infos.length = 0;
    for (let i = 0; i < 600; i++) await ask('GET', '/metrics', undefined, as('carol'));
    assert.ok(log.infos.length <= 500 && log.infos.length > 400, String(log.infos.length));
    const omitted = 600 - log.infos.length;
    await clock.advance(1_000);
    await ask('GET', '/metrics', undefined, as('carol'));
    assert.equal(log.infos.at(-1)?.['omitted'], omitted);
  });
});
