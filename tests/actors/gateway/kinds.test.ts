// Kinds whose objects clients work with in ways of their own: locks, requests for certificates, scales.

import assert from 'node:assert/strict';
import type { JsonObject } from '../../../actors/gateway/request/body.ts';
import { manifest } from '../objects/kinds/manifests.ts';
import type { Fixture } from './gateway-fixture.ts';
import { createFixture } from './gateway-fixture.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const SETS = '/apis/apps/v1/namespaces/default/statefulsets';

const outcome = (answer: JsonObject): unknown => answer['reason'] ?? answer['kind'];

describe('a Lease', () => {
  let fixture: Fixture;
  let first: JsonObject;

  const held = (lease: JsonObject, holderIdentity: string): JsonObject => ({
    ...lease,
    spec: {
      holderIdentity,
      leaseDurationSeconds: 15,
      acquireTime: '2026-11-22T12:00:00.123456Z',
      renewTime: '2026-11-22T12:00:00.123456Z',
      leaseTransitions: 1,
    },
  });

  beforeEach(async () => {
    fixture = await createFixture();
    first = await fixture.json('POST', LEASES, manifest('Lease'));
  });

  it('is made by one candidate only', async () => {
    assert.equal(outcome(first), 'Lease');
    const second = await fixture.json('POST', LEASES, manifest('Lease'));
    assert.equal(outcome(second), 'AlreadyExists');
  });

  it('passes to one of two candidates that saw it free', async () => {
    const taken = await fixture.json('PUT', `${LEASES}/web`, held(first, 'b'));
    assert.equal(outcome(taken), 'Lease');
    const late = await fixture.json('PUT', `${LEASES}/web`, held(first, 'c'));
    assert.equal(outcome(late), 'Conflict');
    const now = await fixture.json('GET', `${LEASES}/web`);
    assert.deepEqual(now['spec'], held(first, 'b')['spec']);
  });

  it('is renewed by its holder as often as it likes', async () => {
    let lease = first;
    for (const holder of ['b', 'b', 'b']) {
      lease = await fixture.json('PUT', `${LEASES}/web`, held(lease, holder));
      assert.equal(outcome(lease), 'Lease');
    }
  });
});

describe('a CertificateSigningRequest', () => {
  it('keeps who asked, and is approved at its own path', async () => {
    const { json } = await createFixture();
    const body = manifest('CertificateSigningRequest');
    const asked = await json('POST', REQUESTS, body);
    const spec = asked['spec'] as JsonObject;
    assert.equal(spec['username'], 'admin');
    assert.ok((spec['groups'] as string[]).includes('system:masters'));

    const conditions = [{ type: 'Approved', status: 'True', reason: 'Known', message: 'of ours' }];
    const approved = await json('PUT', `${REQUESTS}/web/approval`, {
      ...asked,
      spec: { ...spec, username: 'root' },
      status: { conditions },
    });
    const times = {
      lastUpdateTime: '2026-11-22T12:00:00Z',
      lastTransitionTime: '2026-11-22T12:00:00Z',
    };
    assert.deepEqual(approved['status'], { conditions: [{ ...conditions[0], ...times }] });
    assert.equal((approved['spec'] as JsonObject)['username'], 'admin');
  });
});

describe('a StatefulSet', () => {
  it('is scaled by its scale', async () => {
    const { json } = await createFixture();
    await json('POST', SETS, manifest('StatefulSet'));
    const scale = await json(
      'PATCH',
      `${SETS}/web/scale`,
      { spec: { replicas: 4 } },
      { 'content-type': 'application/merge-patch+json' },
    );
    assert.deepEqual(scale['spec'], { replicas: 4 });
    assert.equal((scale['status'] as JsonObject)['selector'], 'app=web');
    const set = await json('GET', `${SETS}/web`);
    assert.equal((set['spec'] as JsonObject)['replicas'], 4);
    assert.equal((set['metadata'] as JsonObject)['generation'], 2);
  });
});
