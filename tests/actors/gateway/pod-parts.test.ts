// pods/ephemeralcontainers and pods/resize: what they may change of a pod, and that it is nothing else.

import assert from 'node:assert/strict';
import type { JsonObject } from '../../../actors/gateway/request/body.ts';
import type { Fixture } from './gateway-fixture.ts';
import { createFixture, pod } from './gateway-fixture.ts';

const PODS = '/api/v1/namespaces/default/pods';
const EPHEMERAL = `${PODS}/p/ephemeralcontainers`;
const RESIZE = `${PODS}/p/resize`;
const STRATEGIC = { 'content-type': 'application/strategic-merge-patch+json' };
const APPLY = { 'content-type': 'application/apply-patch+yaml' };

const specOf = (object: JsonObject): JsonObject => object['spec'] as JsonObject;
const generationOf = (object: JsonObject): unknown =>
  (object['metadata'] as JsonObject)['generation'];

const adding = (...containers: JsonObject[]): JsonObject => ({
  spec: { ephemeralContainers: containers },
});
const debug = { name: 'debug', image: 'busybox' };

describe('pods/ephemeralcontainers', () => {
  let fixture: Fixture;
  const patch = (body: unknown): Promise<JsonObject> =>
    fixture.json('PATCH', EPHEMERAL, body, STRATEGIC);

  beforeEach(async () => {
    fixture = await createFixture();
    await fixture.json('POST', PODS, pod('p'));
  });

  it('adds containers, counts a generation, and changes nothing else of the pod', async () => {
    const before = await fixture.json('GET', `${PODS}/p`);
    const other = { ...adding(debug), metadata: { labels: { x: 'y' } } };
    const added = await patch(other);
    const [container] = specOf(added)['ephemeralContainers'] as JsonObject[];
    assert.equal(container!['name'], 'debug');
    assert.equal(container!['imagePullPolicy'], 'Always');
    assert.equal(generationOf(added), 2);
    const { ephemeralContainers: _new, ...rest } = specOf(added);
    assert.deepEqual(rest, specOf(before));
    const labels = (of: JsonObject): unknown => (of['metadata'] as JsonObject)['labels'];
    assert.deepEqual(labels(added), labels(before));
    assert.deepEqual(await fixture.json('GET', EPHEMERAL), added);
    const again = await patch(other);
    assert.deepEqual(again, added);
  });

  it('takes the whole pod by PUT, and what is applied', async () => {
    const now = await fixture.json('GET', EPHEMERAL);
    const put = { ...now, spec: { ...specOf(now), ephemeralContainers: [debug] } };
    const added = await fixture.json('PUT', EPHEMERAL, put);
    assert.equal((specOf(added)['ephemeralContainers'] as JsonObject[]).length, 1);
    const wanted = { apiVersion: 'v1', kind: 'Pod', ...adding({ ...debug, name: 'more' }) };
    const target = `${EPHEMERAL}?fieldManager=a`;
    const applied = await fixture.json('PATCH', target, wanted, APPLY);
    assert.deepEqual(
      (specOf(applied)['ephemeralContainers'] as JsonObject[]).map(({ name }) => name),
      ['debug', 'more'],
    );
  });

  it('refuses to take away, to change, and what such a container cannot be', async () => {
    await patch(adding(debug));
    const rows: readonly (readonly [unknown, RegExp])[] = [
      [
        adding({ name: 'debug', $patch: 'delete' }),
        /spec\.ephemeralContainers: Forbidden: existing ephemeral containers "debug" may not be removed/,
      ],
      [
        adding({ ...debug, image: 'other' }),
        /existing ephemeral containers "debug" may not be changed/,
      ],
      [
        adding({ name: 'main', image: 'i' }),
        /spec\.ephemeralContainers\[\d\]\.name: Duplicate value: "main"/,
      ],
      [
        adding({ name: 'No', image: 'i' }),
        /spec\.ephemeralContainers\[\d\]\.name: Invalid value: "No"/,
      ],
      [
        adding({ name: 'x', image: 'i', targetContainerName: 'gone' }),
        /spec\.ephemeralContainers\[\d\]\.targetContainerName: Not found: "gone"/,
      ],
      [
        adding({ name: 'x', image: 'i', resources: { limits: { cpu: '1' } } }),
        /spec\.ephemeralContainers\[\d\]\.resources: Forbidden: cannot be set for an Ephemeral Container/,
      ],
      [
        adding({ name: 'x', image: 'i', ports: [{ containerPort: 80 }] }),
        /spec\.ephemeralContainers\[\d\]\.ports: Forbidden/,
      ],
    ];
    for (const [body, words] of rows) {
      const refused = await patch(body);
      assert.equal(refused['code'], 422, JSON.stringify(refused));
      assert.match(String(refused['message']), words);
    }
  });

  it('is the only way to such containers', async () => {
    const made = { ...pod('q'), spec: { ...specOf(pod('q')), ephemeralContainers: [debug] } };
    const created = await fixture.json('POST', PODS, made);
    assert.match(
      String(created['message']),
      /spec\.ephemeralContainers: Forbidden: cannot be set on create/,
    );
    const updated = await fixture.json('PATCH', `${PODS}/p`, adding(debug), STRATEGIC);
    assert.match(String(updated['message']), /pod updates may not change fields/);
  });

  it('of a pod that is not there is 404', async () => {
    const gone = await fixture.json('PATCH', `${PODS}/q/ephemeralcontainers`, {}, STRATEGIC);
    assert.equal(gone['code'], 404);
  });
});

describe('pods/resize', () => {
  let fixture: Fixture;
  const resize = (resources: JsonObject, more: JsonObject = {}): Promise<JsonObject> =>
    fixture.json(
      'PATCH',
      RESIZE,
      { spec: { containers: [{ name: 'main', resources, ...more }] } },
      STRATEGIC,
    );
  const make = (more: JsonObject = {}): Promise<JsonObject> => {
    const resources = { requests: { cpu: '1' } };
    const containers = [{ name: 'main', image: 'none', command: ['sleep'], resources }];
    return fixture.json('POST', PODS, pod('p', { spec: { containers, ...more } }));
  };

  beforeEach(async () => {
    fixture = await createFixture();
  });

  it('changes CPU and memory of a pod that waits for a node, and nothing else', async () => {
    const before = await make();
    const after = await resize({ requests: { cpu: '2', memory: '1Gi' } }, { image: 'other' });
    const [container] = specOf(after)['containers'] as JsonObject[];
    assert.deepEqual(container!['resources'], { requests: { cpu: '2', memory: '1Gi' } });
    assert.equal(container!['image'], 'none');
    assert.equal(generationOf(after), Number(generationOf(before)) + 1);
  });

  it('refuses another class of service and other resources', async () => {
    await make();
    const rows: readonly (readonly [JsonObject, RegExp])[] = [
      [
        { limits: { cpu: '1', memory: '1' }, requests: { cpu: '1', memory: '1' } },
        /Pod QOS Class may not change as a result of resizing/,
      ],
      [
        { requests: { cpu: '1', 'ephemeral-storage': '1Gi' } },
        /only cpu and memory resources are mutable/,
      ],
      [{ requests: { cpu: '-1' } }, /must be greater than or equal to 0/],
    ];
    for (const [resources, words] of rows) {
      const refused = await resize(resources);
      assert.equal(refused['code'], 422, JSON.stringify(refused));
      assert.match(String(refused['message']), words);
    }
  });

  it('of a pod on a node is refused: its room there is promised', async () => {
    await make({ nodeName: 'n' });
    const refused = await resize({ requests: { cpu: '2' } });
    assert.match(String(refused['message']), /Pod running on node without support for resize/);
  });

  it('by an ordinary update is refused', async () => {
    await make();
    const body = {
      spec: { containers: [{ name: 'main', resources: { requests: { cpu: '2' } } }] },
    };
    const refused = await fixture.json('PATCH', `${PODS}/p`, body, STRATEGIC);
    assert.match(String(refused['message']), /pod updates may not change fields/);
  });
});
