// Addresses and node ports of Services: one holder each, given back, taken over from the dead.

import assert from 'node:assert/strict';
import type { JsonObject } from '../../../actors/gateway/request/body.ts';
import { addressKey, nodePortKey } from '../../../actors/gateway/writes/service-addresses.ts';
import type { Fixture } from './gateway-fixture.ts';
import { createFixture } from './gateway-fixture.ts';

const SERVICES = '/api/v1/namespaces/default/services';
const MERGE = { 'content-type': 'application/merge-patch+json' };

const service = (name: string, spec: JsonObject = {}): JsonObject => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
});
const specOf = (object: JsonObject): JsonObject => object['spec'] as JsonObject;
const addressOf = (object: JsonObject): string => String(specOf(object)['clusterIP']);
const nodePortOf = (object: JsonObject): number =>
  (specOf(object)['ports'] as { nodePort: number }[])[0]!.nodePort;

describe('a Service', () => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await createFixture();
  });

  it('gets an address of 10.96.0.0/12 that no other has, also when all are made at once', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `s${index}`);
    const made = await Promise.all(
      names.map((name) => fixture.json('POST', SERVICES, service(name))),
    );
    const addresses = made.map(addressOf);
    assert.equal(new Set(addresses).size, names.length);
    for (const address of addresses) assert.match(address, /^10\.(9[6-9]|10\d|11[01])\./);
    assert.deepEqual(specOf(made[0]!)['clusterIPs'], [addresses[0]]);
  });

  it('gets the same address for the same name at every peer', async () => {
    const other = await createFixture();
    const here = addressOf(await fixture.json('POST', SERVICES, service('s')));
    assert.equal(addressOf(await other.json('POST', SERVICES, service('s'))), here);
  });

  it('is refused when another asked for the same address at the same time', async () => {
    const asked = { clusterIP: '10.96.7.7' };
    const held = fixture.store.hold();
    const both = [
      fixture.json('POST', SERVICES, service('one', asked)),
      fixture.json('POST', SERVICES, service('two', asked)),
    ];
    held.release();
    const codes = (await Promise.all(both)).map((answer) => answer['code']);
    assert.deepEqual(new Set(codes), new Set([422, undefined]));
  });

  it('may ask for an address, not for one that is taken or outside', async () => {
    const asked = { clusterIP: '10.96.7.7' };
    assert.equal(addressOf(await fixture.json('POST', SERVICES, service('a', asked))), '10.96.7.7');
    const taken = await fixture.json('POST', SERVICES, service('b', asked));
    assert.equal(taken['code'], 422);
    assert.match(String(taken['message']), /provided IP is already allocated/);
    for (const clusterIP of ['10.0.0.1', '10.112.0.1', '10.96.0.0']) {
      const outside = await fixture.json('POST', SERVICES, service('c', { clusterIP }));
      assert.equal(outside['code'], 422, clusterIP);
    }
  });

  it('has none when it is headless or an external name', async () => {
    const headless = await fixture.json('POST', SERVICES, service('h', { clusterIP: 'None' }));
    assert.equal(addressOf(headless), 'None');
    const external = service('e', { type: 'ExternalName', externalName: 'example.com' });
    assert.equal(specOf(await fixture.json('POST', SERVICES, external))['clusterIP'], undefined);
    assert.equal(fixture.store.view.range('/skein/service', '/skein/servicf').kvs.length, 0);
  });

  it('keeps address and ports over updates and gives them back when it goes', async () => {
    const made = await fixture.json('POST', SERVICES, service('s', { type: 'NodePort' }));
    const port = nodePortOf(made);
    assert.ok(port >= 30_000 && port <= 32_767);
    const updated = await fixture.json('PUT', `${SERVICES}/s`, service('s', { type: 'NodePort' }));
    assert.deepEqual([addressOf(updated), nodePortOf(updated)], [addressOf(made), port]);
    const patch = { spec: { type: 'ClusterIP', ports: [{ port: 80, nodePort: null }] } };
    await fixture.json('PATCH', `${SERVICES}/s`, patch, MERGE);
    assert.equal(fixture.store.view.get(nodePortKey(port)), undefined, 'the port is free again');
    await fixture.json('DELETE', `${SERVICES}/s`);
    assert.equal(fixture.store.view.get(addressKey(addressOf(made))), undefined);
  });

  it('gets a port of its own for each port that asks for one', async () => {
    const ports = [
      { name: 'a', port: 80 },
      { name: 'b', port: 81, nodePort: 30_080 },
    ];
    const made = await fixture.json('POST', SERVICES, service('s', { type: 'NodePort', ports }));
    const given = (specOf(made)['ports'] as { nodePort: number }[]).map(({ nodePort }) => nodePort);
    assert.equal(given[1], 30_080);
    assert.notEqual(given[0], given[1]);
    const again = [{ port: 90, nodePort: 30_080 }];
    const spec = { type: 'NodePort', ports: again };
    const taken = await fixture.json('POST', SERVICES, service('t', spec));
    assert.match(String(taken['message']), /provided port is already allocated/);
    const low = { type: 'NodePort', ports: [{ port: 90, nodePort: 80 }] };
    assert.equal((await fixture.json('POST', SERVICES, service('u', low)))['code'], 422);
  });

  it('takes over the address of one that was deleted without the gateway', async () => {
    const asked = { clusterIP: '10.96.7.7' };
    await fixture.json('POST', SERVICES, service('a', asked));
    fixture.store.apply({
      compare: [],
      success: [{ type: 'delete', key: '/registry/services/default/a' }],
    });
    assert.equal(addressOf(await fixture.json('POST', SERVICES, service('b', asked))), '10.96.7.7');
  });
});
