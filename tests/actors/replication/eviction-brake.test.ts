// Many nodes lost at once: slowly, in turns, and never all.

import assert from 'node:assert/strict';
import { takeTurn } from '../../../actors/replication/node-lifecycle/eviction-brake.ts';
import type { NodeStanding } from '../../../actors/replication/node-lifecycle/eviction-brake.ts';
import { isLost } from '../../../actors/replication/node-lifecycle/node-judgement.ts';
import type { Cluster } from './cluster.ts';
import { createCluster, testDeployment } from './cluster.ts';

const NOW_MS = 1_000_000_000;

/** A domain of `size` nodes, the first `silent` of which wait for their turn. */
function domainOf(size: number, silent: number, domain = '', evictedMs?: number): NodeStanding[] {
  return Array.from({ length: size }, (_, i) => ({
    name: `${domain}n${i}`,
    domain,
    isSilent: i < silent,
    waitsSinceMs: i < silent && !(evictedMs !== undefined && i === 0) ? NOW_MS - i : undefined,
    evictedMs: i === 0 ? evictedMs : undefined,
  }));
}

const evicted = (nodes: readonly NodeStanding[]): number => takeTurn(nodes, NOW_MS).evict.size;

describe('the brake on evictions', () => {
  it('lets go at once while few are lost', () => {
    assert.equal(evicted(domainOf(3, 2)), 2);
    assert.equal(evicted(domainOf(10, 3)), 3);
    assert.deepEqual(takeTurn(domainOf(3, 1), NOW_MS).held, []);
  });

  it('lets one node go every ten seconds when a third is lost, the longest lost first', () => {
    const first = takeTurn(domainOf(9, 3), NOW_MS);
    assert.deepEqual([...first.evict], ['n2']);
    assert.deepEqual(first.held, ['n1', 'n0']);
    assert.equal(first.retryAfterMs, 10_000);
    const later = takeTurn(domainOf(9, 3, '', NOW_MS - 4_000), NOW_MS);
    assert.equal(later.evict.size, 0);
    assert.equal(later.retryAfterMs, 6_000);
    assert.equal(evicted(domainOf(9, 3, '', NOW_MS - 10_000)), 1);
  });

  it('lets one node go every hundred seconds when most are lost', () => {
    assert.equal(evicted(domainOf(9, 5, '', NOW_MS - 99_000)), 0);
    assert.equal(evicted(domainOf(9, 5, '', NOW_MS - 100_000)), 1);
  });

  it('takes a whole domain that is lost beside a living one for lost, and a whole zone for cut off', () => {
    const lost = domainOf(4, 4, 'a');
    assert.equal(evicted([...lost, ...domainOf(4, 0, 'b')]), 1);
    const all = takeTurn([...lost, ...domainOf(4, 4, 'b')], NOW_MS);
    assert.equal(all.evict.size, 0);
    assert.equal(all.held.length, 8);
    assert.equal(all.retryAfterMs, undefined);
  });

  it('judges each domain by itself', () => {
    const turn = takeTurn([...domainOf(6, 4, 'a'), ...domainOf(6, 1, 'b')], NOW_MS);
    assert.deepEqual([...turn.evict].toSorted(), ['an3', 'bn0']);
  });

  it('makes nobody wait longer for a clock that was set back', () => {
    const turn = takeTurn(domainOf(9, 3, '', NOW_MS + 3_600_000), NOW_MS);
    assert.equal(turn.retryAfterMs, 10_000);
  });
});

describe('a zone that loses a third of its nodes', () => {
  const NAMES = Array.from({ length: 9 }, (_, i) => `n${i}`);
  const VICTIMS = ['n6', 'n7', 'n8'];

  const taints = (cluster: Cluster, effect: string): number =>
    VICTIMS.filter((name) =>
      cluster
        .eye()
        .objects.view.get('Node', '', name)!
        .spec?.taints?.some((taint) => taint.effect === effect),
    ).length;

  it('says so at once, replaces their pods one node after the other, and takes back those that return', async () => {
    const cluster = await createCluster(1, NAMES);
    await cluster.create('Deployment', testDeployment('web', 18));
    await cluster.until('ready', () => cluster.readyPods().length === 18);
    for (const name of VICTIMS) cluster.setMember(name, 'suspect');
    for (const name of VICTIMS) cluster.kill(name);
    await cluster.until('all are lost', () => taints(cluster, 'NoSchedule') === 3, 1_000);
    await cluster.run(5_000);
    assert.equal(taints(cluster, 'NoExecute'), 1);
    await cluster.until('the second', () => taints(cluster, 'NoExecute') === 2, 6_000);
    cluster.setMember('n8', 'alive');
    const isBack = (): boolean => !isLost(cluster.eye().objects.view.get('Node', '', 'n8')!);
    await cluster.until('the last is back', isBack, 1_000);
    await cluster.run(20_000);
    assert.equal(taints(cluster, 'NoExecute'), 2);
    assert.equal(cluster.eye().objects.view.podsOnNode('n6').length, 0);
    assert.ok(cluster.eye().objects.view.podsOnNode('n8').length > 0);
  });
});
