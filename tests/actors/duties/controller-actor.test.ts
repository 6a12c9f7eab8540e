// The shell of controllers: fenced writes, retries after lost races, work once per change.

import assert from 'node:assert/strict';
import type { Controller } from '../../../actors/duties/controller.ts';
import { NO_PLAN } from '../../../actors/duties/controller.ts';
import { controllerActor } from '../../../actors/duties/controller-actor.ts';
import type { Fence } from '../../../actors/duties/duty.ts';
import { dutyKey } from '../../../actors/duties/duty.ts';
import { schedulerActor } from '../../../actors/scheduling/scheduler-actor.ts';
import { SkeinError } from '../../../runtime/index.ts';
import { testNode } from '../replication/cluster.ts';
import type { Zone } from './zone.ts';
import { createZone } from './zone.ts';

/** Labels every namespace that is not labelled. */
function labeller(looked: string[]): Controller {
  return {
    name: 'labeller',
    kinds: ['Namespace'],
    keysOf: ({ key }) => [key.name],
    allKeys: (view) => view.list('Namespace').map(({ metadata }) => metadata?.name ?? ''),
    reconcile: (view, key) => {
      looked.push(key);
      const namespace = view.get('Namespace', '', key);
      if (namespace === undefined || namespace.metadata?.labels?.['seen'] === 'yes') return NO_PLAN;
      const metadata = { ...namespace.metadata, labels: { seen: 'yes' } };
      return {
        writes: [{ type: 'update', kind: 'Namespace', object: { ...namespace, metadata } }],
      };
    },
  };
}

/** Puts a lock in the store and returns the fence of who took it. */
function takeLock(zone: Zone): Fence {
  const key = dutyKey('labeller');
  zone.memory.apply({ compare: [], success: [{ type: 'put', key, value: '{}' }] });
  return { key, createRevision: zone.memory.view.get(key)!.createRevision };
}

async function createNamespace(zone: Zone, name: string): Promise<void> {
  const object = { metadata: { name } };
  void zone.peers[0]!.objects.write([{ type: 'create', kind: 'Namespace', object }]);
  await zone.run(5);
}

function labelled(zone: Zone, name: string): boolean {
  const namespace = zone.peers[0]!.objects.view.get('Namespace', '', name);
  return namespace?.metadata?.labels?.['seen'] === 'yes';
}

describe('duties/controller-actor', () => {
  it('works on what is there and on what comes', async () => {
    const zone = createZone(1, ['one']);
    const { system, objects } = zone.peers[0]!;
    await createNamespace(zone, 'before');
    const looked: string[] = [];
    const args = { controller: labeller(looked), objects, fence: takeLock(zone) };
    system.spawn('labeller', controllerActor, args);
    await zone.until('the old one', () => labelled(zone, 'before'));
    await createNamespace(zone, 'after');
    await zone.until('the new one', () => labelled(zone, 'after'));
    await zone.run(1_000);
    // Once for itself and once for its own write, each.
    assert.deepEqual(looked, ['before', 'before', 'after', 'after']);
  });

  it('writes nothing under a lock that is no longer its own', async () => {
    const zone = createZone(2, ['one']);
    const { system, objects } = zone.peers[0]!;
    await createNamespace(zone, 'target');
    const old = takeLock(zone);
    zone.memory.apply({ compare: [], success: [{ type: 'delete', key: old.key }] });
    takeLock(zone);
    const args = { controller: labeller([]), objects, fence: old };
    system.spawn('labeller', controllerActor, args);
    await zone.run(5_000);
    assert.equal(labelled(zone, 'target'), false);
  });

  it('binds no pod under a lock that is no longer its own', async () => {
    const zone = createZone(3, ['one']);
    const { system, objects, store, mesh } = zone.peers[0]!;
    const metadata = { name: 'pod', namespace: 'default', uid: 'uid' };
    const pod = { metadata, spec: { containers: [{ name: 'a', image: 'x' }] } };
    void objects.write([
      { type: 'create', kind: 'Node', object: testNode('one') },
      { type: 'create', kind: 'Pod', object: pod },
    ]);
    await zone.run(5);
    const fence = takeLock(zone);
    const stale = { ...fence, createRevision: fence.createRevision - 1 };
    system.spawn('stale', schedulerActor, { objects, store, mesh, fence: stale });
    await zone.run(2_000);
    const bound = () => objects.view.get('Pod', 'default', 'pod')?.spec?.nodeName;
    assert.equal(bound(), undefined);
    system.spawn('true', schedulerActor, { objects, store, mesh, fence });
    await zone.until('it is bound', () => bound() === 'one');
  });

  it('tries again after the store was out of reach, and after a lost race', async () => {
    const zone = createZone(4, ['one']);
    const { system, objects } = zone.peers[0]!;
    await createNamespace(zone, 'target');
    const args = { controller: labeller([]), objects, fence: takeLock(zone) };
    zone.memory.failNext(new SkeinError('unavailable', 'no leader'));
    system.spawn('labeller', controllerActor, args);
    await zone.run(1);
    const namespace = objects.view.get('Namespace', '', 'target')!;
    const metadata = { ...namespace.metadata, annotations: { rival: 'first' } };
    const object = { ...namespace, metadata };
    void objects.write([{ type: 'update', kind: 'Namespace', object }]);
    await zone.until('it is labelled in the end', () => labelled(zone, 'target'), 2_000);
    const now = objects.view.get('Namespace', '', 'target');
    assert.equal(now?.metadata?.annotations?.['rival'], 'first');
  });
});
