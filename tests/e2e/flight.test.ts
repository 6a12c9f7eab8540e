// What three peers on one machine must show, against real processes: kill them, stop them, start them again.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { ask, answersOf, frontOf } from '../../cli/flight/service-check.ts';
import { PEER_NAMES } from '../../cli/flight/flock.ts';
import type { ApiList } from '../../cli/watch.ts';
import type { Cluster, PeerName } from './cluster.ts';
import { createNamespace, EXAMPLE, nodeOf, PODS_PATH } from './cluster.ts';
import { startCluster, threeReady, untilPods } from './cluster.ts';

const never = new AbortController().signal;
const check = { timeoutMs: 20_000, interrupted: never };

/** Pace of requests and writes while something is broken. */
const PACE_MS = 25;

const others = (name: PeerName): readonly PeerName[] => PEER_NAMES.filter((one) => one !== name);

describe('three peers on one machine', function () {
  this.timeout(90_000);
  let cluster: Cluster;

  before(async () => {
    cluster = await startCluster();
  });
  after(() => cluster.end());

  const leader = async (asked: PeerName): Promise<PeerName> => {
    for (;;) {
      const { leader: name } = await cluster.status(asked);
      if (name !== undefined) return name as PeerName;
      await delay(PACE_MS);
    }
  };

  const allWell = async (): Promise<void> => {
    const pods = await untilPods(
      cluster.at('peer-1'),
      (all) => all.length === 3 && threeReady()(all),
      30_000,
    );
    assert.equal(pods.length, 3);
  };

  it('serves the example from three pods through each peer', async () => {
    const applied = await cluster.skein('peer-2', ['apply', '-f', EXAMPLE]);
    assert.equal(applied.code, 0, applied.err);
    assert.equal(applied.out, 'deployment.apps/hello created\nservice/hello created\n');
    const pods = await untilPods(cluster.at('peer-1'), threeReady(), 15_000);
    assert.deepEqual(pods.map(nodeOf).sort(), [...PEER_NAMES], 'one pod for each failure domain');
    for (const name of PEER_NAMES) {
      const front = await frontOf(cluster.at(name), 'hello', 3, check);
      const answers = await answersOf(front.address, 3, check);
      assert.deepEqual(
        answers,
        pods.map((pod) => `Hello from ${pod.metadata?.name} on ${nodeOf(pod)}`).sort(),
      );
    }
  });

  it('shows the same pods at each peer', async () => {
    const shown = await Promise.all(
      PEER_NAMES.map((name) => cluster.skein(name, ['get', 'pods', '-o', 'name'])),
    );
    assert.deepEqual(
      shown.map(({ code }) => code),
      [0, 0, 0],
    );
    assert.equal(new Set(shown.map(({ out }) => out)).size, 1);
    assert.equal(shown[0]!.out.trim().split('\n').length, 3);
  });

  /** Kills one peer and measures, at another, when writes, replicas and the service are well again. */
  const survive = async (victim: PeerName): Promise<void> => {
    await allWell();
    const [asked] = others(victim);
    const client = cluster.at(asked!);
    const front = await frontOf(client, 'hello', 3, check);
    const before = performance.now();
    const gone = cluster.kill([victim]);
    const since = (): number => performance.now() - before;

    const writes = (async (): Promise<number> => {
      for (let attempt = 0; ; attempt++) {
        const name = `after-${victim}-${Math.round(before)}-${attempt}`;
        const done = await createNamespace(client, name).catch(() => undefined);
        if (done !== undefined) return since();
        assert.ok(since() < 10_000, 'no write is accepted');
      }
    })();
    const failures: number[] = [];
    const over = new AbortController();
    const service = (async (): Promise<void> => {
      while (!over.signal.aborted) {
        const at = since();
        await ask(front.address).catch(() => failures.push(at));
        await delay(PACE_MS);
      }
    })();
    const replicas = untilPods(client, threeReady([victim]), 20_000).then(since);
    const [writesMs, replicasMs] = await Promise.all([writes, replicas, gone]);
    over.abort();
    await service;
    assert.ok(writesMs <= 3_000, `writes were accepted again after ${Math.round(writesMs)} ms`);
    assert.ok(replicasMs <= 6_000, `three replicas were ready after ${Math.round(replicasMs)} ms`);
    const late = failures.filter((at) => at > 2_000);
    assert.deepEqual(late, [], 'requests failed after the first 2 s');
  };

  /** Starts the dead peers; afterwards each pod of the API is one process, and there are three. */
  const comeBack = async (): Promise<void> => {
    const names = cluster.flock.dead();
    await cluster.flock.restartDead();
    await allWell();
    for (const name of names) {
      const { role, staleMs } = await cluster.status(name as PeerName);
      assert.ok(['leader', 'follower', 'learner'].includes(role), role);
      assert.ok(staleMs < 2_000);
      const front = await frontOf(cluster.at(name as PeerName), 'hello', 3, check);
      assert.equal((await answersOf(front.address, 3, check)).length, 3);
    }
    const { items } = await cluster.at('peer-1').json<ApiList>({ path: '/api/v1/nodes' });
    assert.equal(items.length, PEER_NAMES.length, 'a peer came back as another node');
  };

  it('survives the death of a peer that does not lead, and takes it back', async () => {
    const [victim] = others(await leader('peer-1'));
    await survive(victim!);
    await comeBack();
  });

  it('survives the death of the leader, and takes it back', async () => {
    await survive(await leader('peer-1'));
    await comeBack();
  });

  it('answers reads with an age and refuses writes when cut off from the others', async () => {
    await allWell();
    for (const name of others('peer-1')) cluster.signal(name, 'SIGSTOP');
    try {
      const before = performance.now();
      await assert.rejects(createNamespace(cluster.at('peer-1'), 'cut-off'), /.{20,}/);
      const tookMs = performance.now() - before;
      assert.ok(tookMs < 5_000, `it took ${Math.round(tookMs)} ms`);
      const write = await cluster.skein('peer-1', ['label', 'ns', 'default', 'cut=off']);
      assert.equal(write.code, 1);
      assert.match(write.err, /skein: .{20,}/);
      const read = await cluster.skein('peer-1', ['get', 'pods', '-o', 'name']);
      assert.equal(read.code, 0, read.err);
      assert.equal(read.out.trim().split('\n').length, 3);
      assert.match(read.err, /Warning: .*\d+s old/);
    } finally {
      for (const name of others('peer-1')) cluster.signal(name, 'SIGCONT');
    }
    const { role } = await cluster.status('peer-2');
    assert.ok(role !== '');
    await untilWritable(cluster);
  });

  it('keeps every acknowledged object when all peers are killed in the middle of writes', async () => {
    await untilWritable(cluster);
    const acknowledged: string[] = [];
    let gone: Promise<void> | undefined;
    const writers = PEER_NAMES.map(async (name) => {
      for (let count = 0; gone === undefined && count < 5_000; count++) {
        const object = `kept-${name}-${count}`;
        await createNamespace(cluster.at(name), object)
          .then(() => acknowledged.push(object))
          .catch(() => undefined);
        if (acknowledged.length > 150) gone ??= cluster.kill(PEER_NAMES);
      }
    });
    await Promise.all(writers);
    await gone;
    assert.ok(acknowledged.length > 150);
    await cluster.flock.restartDead();
    const { items } = await cluster.at('peer-1').json<ApiList>({ path: '/api/v1/namespaces' });
    const names = new Set(items.map(({ metadata }) => metadata?.name));
    assert.deepEqual(
      acknowledged.filter((name) => !names.has(name)),
      [],
    );
    await allWell();
    const pods = await cluster.at('peer-1').json<ApiList>({ path: PODS_PATH });
    assert.equal(pods.items.length, 3);
  });
});

/** Until a write is accepted at the first peer again. */
async function untilWritable(cluster: Cluster): Promise<void> {
  const until = performance.now() + 20_000;
  for (let attempt = 0; ; attempt++) {
    const name = `writable-${Math.round(performance.now())}-${attempt}`;
    const done = await createNamespace(cluster.at('peer-1'), name).catch((error: Error) => error);
    if (!(done instanceof Error)) return;
    if (performance.now() > until) throw done;
  }
}
