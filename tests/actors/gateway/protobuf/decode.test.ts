// Protobuf bodies become the plain objects that their JSON forms give, and what is malformed is refused in words.

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeProtobuf } from '../../../../actors/gateway/protobuf/decode.ts';
import { StatusError } from '../../../../actors/gateway/status.ts';
import { createFixture } from '../gateway-fixture.ts';
import type { Fixture } from '../gateway-fixture.ts';
import { body, deploymentBody, message, named, PROTOBUF } from './protobuf-bodies.ts';
import type { WireField } from './protobuf-bodies.ts';

const secret = (...fields: readonly WireField[]): Record<string, unknown> =>
  decodeProtobuf(body('v1', 'Secret', message(...fields)));

describe('a protobuf body', () => {
  it('says what was given and not the zeros that are always written', () => {
    assert.deepEqual(decodeProtobuf(deploymentBody('web')), {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [
              {
                name: 'main',
                image: 'nginx',
                command: ['sleep', '1'],
                resources: { requests: { cpu: '100m' } },
                lifecycle: { postStart: { httpGet: { path: '/', port: 'http' } } },
              },
            ],
          },
        },
        strategy: {},
      },
      status: {},
    });
  });

  it('keeps a zero that was given: a pointer in Go', () => {
    const given = decodeProtobuf(deploymentBody('web', [1, 0], [6, 0]));
    const { replicas, revisionHistoryLimit } = given['spec'] as Record<string, unknown>;
    assert.deepEqual({ replicas, revisionHistoryLimit }, { replicas: 0, revisionHistoryLimit: 0 });
  });

  it('reads bytes as base64, times, and maps with any key', () => {
    const entry = message([1, '__proto__'], [2, Buffer.from([0, 255])]);
    const time = message([1, Date.parse('2026-11-22T12:00:00Z') / 1000], [2, 5]);
    const read = secret([1, message([1, 's'], [8, time])], [2, entry], [5, true]);
    assert.deepEqual(Object.entries(read['data'] as object), [['__proto__', 'AP8=']]);
    assert.equal(read['immutable'], true);
    assert.deepEqual(read['metadata'], { name: 's', creationTimestamp: '2026-11-22T12:00:00Z' });
  });

  it('reads microseconds, negative numbers, packed lists and messages that are lists', () => {
    const lease = decodeProtobuf(
      body(
        'coordination.k8s.io/v1',
        'Lease',
        message([2, message([2, -1], [3, message([1, -1], [2, 1_000])])]),
      ),
    );
    assert.deepEqual(lease['spec'], {
      leaseDurationSeconds: -1,
      acquireTime: '1969-12-31T23:59:59.000001Z',
    });
    const packed = message([4, Buffer.from([1, 2, 0x80, 1])]);
    const pod = decodeProtobuf(body('v1', 'Pod', message([2, message([14, packed])])));
    assert.deepEqual(pod['spec'], { securityContext: { supplementalGroups: [1, 2, 128] } });
    const extra = message([1, 'scopes'], [2, message([1, 'a'], [1, 'b'])]);
    const review = decodeProtobuf(
      body('authorization.k8s.io/v1', 'SubjectAccessReview', message([2, message([5, extra])])),
    );
    assert.deepEqual(review['spec'], { extra: { scopes: ['a', 'b'] } });
  });

  it('puts the parts of one message together, the last value winning', () => {
    const read = secret([1, message([1, 'a'], [2, 'b'])], [1, message([1, 'c'])]);
    assert.deepEqual(read['metadata'], { name: 'c', generateName: 'b' });
  });

  it('passes over fields it does not know', () => {
    const read = secret([1, named('s')], [99, 'later'], [100, 7]);
    assert.deepEqual(read, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } });
  });

  const raw = (kind: string, bytes: Uint8Array): Uint8Array => body('v1', kind, bytes);
  const wrong: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['nothing', new Uint8Array(), /expected prefix \[107 56 115 0\]/],
    ['JSON', Buffer.from('{"kind":"Pod"}'), /expected prefix \[107 56 115 0\]/],
    ['no kind', raw('', message()), /Object 'Kind' is missing/],
    ['no version', body('', 'Pod', message()), /Object 'apiVersion' is missing/],
    ['an unknown kind', raw('Podd', message()), /no kind "Podd" is registered for version "v1"/],
    ['a kind named as a part', raw('PodSpec.x', message()), /no kind "PodSpec.x"/],
    [
      'a name that is a number',
      raw('Secret', message([1, message([1, 7])])),
      /wrong wireType = 0 for field name/,
    ],
    [
      'a message that is cut off',
      raw('Secret', Buffer.from([0x0a, 0x7f, 1])),
      /not valid protobuf/,
    ],
    [
      'a length beyond all memory',
      raw('Secret', Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])),
      /not valid protobuf/,
    ],
    [
      'text that is no UTF-8',
      raw('Secret', message([1, message([1, Buffer.from([0xff])])])),
      /not valid protobuf/,
    ],
    ['groups within groups', raw('Secret', Buffer.alloc(100_000, 0x0b)), /not valid protobuf/],
    ['field number 0', raw('Secret', Buffer.from([0x02, 0])), /not valid protobuf/],
    [
      'a year that is none',
      raw('Secret', message([1, message([8, message([1, 1e15])])])),
      /are no time/,
    ],
  ];
  for (const [what, bytes, words] of wrong) {
    it(`is refused for ${what}`, () => {
      assert.throws(
        () => decodeProtobuf(bytes),
        (error) =>
          error instanceof StatusError && error.status.code === 400 && words.test(error.message),
      );
    });
  }

  it('of any bytes is read or refused, never more', () => {
    const whole = deploymentBody('web');
    const mangled = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 })
      .map((changes) => {
        const bytes = Uint8Array.from(whole);
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    const cut = fc.nat(whole.length).map((length) => whole.subarray(0, length));
    const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => body('v1', 'Pod', bytes));
    fc.assert(
      fc.property(fc.oneof(mangled, cut, noise, fc.uint8Array()), (bytes) => {
        try {
          assert.equal(typeof decodeProtobuf(bytes)['kind'], 'string');
        } catch (error) {
          assert.ok(error instanceof StatusError && error.status.code === 400, String(error));
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('the gateway, asked in protobuf', () => {
  const path = '/apis/apps/v1/namespaces/default/deployments';
  let fixture: Fixture;
  beforeEach(async () => (fixture = await createFixture()));

  it('creates what the same object in JSON creates', async () => {
    const made = await fixture.json('POST', path, deploymentBody('web'), PROTOBUF);
    const again = decodeProtobuf(deploymentBody('web'));
    const other = await fixture.json('POST', `${path}?dryRun=All`, {
      ...again,
      metadata: { name: 'other' },
    });
    assert.deepEqual(made['spec'], other['spec']);
    assert.equal((made['spec'] as Record<string, unknown>)['replicas'], 1);
  });

  it('takes options of a delete', async () => {
    await fixture.json('POST', path, deploymentBody('web'), PROTOBUF);
    const options = body('apps/v1', 'DeleteOptions', message([2, message([1, 'not-its-uid'])]));
    const refused = await fixture.json('DELETE', `${path}/web`, options, PROTOBUF);
    assert.equal(refused['reason'], 'Conflict');
  });

  it('answers JSON to whoever would rather have protobuf, and 415 to a patch in it', async () => {
    for (const accept of [
      'application/vnd.kubernetes.protobuf, application/json',
      'application/vnd.kubernetes.protobuf, */*',
    ]) {
      const answer = await fixture.ask('GET', path, undefined, { accept });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['content-type'], 'application/json');
    }
    const only = await fixture.ask('GET', path, undefined, { accept: PROTOBUF['content-type'] });
    assert.equal(only.status, 406);
    await fixture.json('POST', path, deploymentBody('web'), PROTOBUF);
    const patched = await fixture.json('PATCH', `${path}/web`, deploymentBody('web'), PROTOBUF);
    assert.equal(patched['code'], 415);
  });

  it('never answers 500 and never changes an object, whatever the bytes', async () => {
    await fixture.json('POST', path, deploymentBody('web'), PROTOBUF);
    const before = await fixture.json('GET', `${path}/web`);
    const whole = deploymentBody('web');
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, value) => {
        const bytes = Uint8Array.from(whole);
        bytes[at] = value;
        const answer = await fixture.ask('POST', `${path}?dryRun=All`, bytes, PROTOBUF);
        assert.ok([201, 400, 409, 415, 422].includes(answer.status), JSON.stringify(answer));
      }),
      { numRuns: 300 },
    );
    assert.deepEqual(await fixture.json('GET', `${path}/web`), before);
    assert.deepEqual(fixture.log.errors, []);
  });
});
