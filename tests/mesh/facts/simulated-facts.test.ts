// Facts among whole meshes in virtual time: how fast, how quiet, and what a liar can do.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { encodeGossip } from '../../../mesh/gossip-message.ts';
import { startMeshWorld } from './mesh-world.ts';
import type { MeshNode, MeshWorld } from './mesh-world.ts';

const sum = (world: MeshWorld, of: (node: MeshNode) => number): number =>
  world.nodes.reduce((total, node) => total + of(node), 0);

const factsBytes = (world: MeshWorld): number =>
  sum(world, ({ mesh }) => mesh.counters().factsBytesSent);

for (const size of [3, 30, 100]) {
  describe(`facts of ${size} peers`, function () {
    this.timeout(60_000);
    let world: MeshWorld;

    before(async () => {
      world = await startMeshWorld(size, `facts ${size}`);
      await world.pass(5_000);
    });

    it('are at most a kilobyte per peer and second while nothing changes', async () => {
      const before = factsBytes(world);
      await world.pass(30_000);
      const perSecond = (factsBytes(world) - before) / size / 30;
      ok(perSecond > 0 && perSecond <= 1_024, `${perSecond} bytes a second`);
    });

    it('that are urgent are everywhere within a second, with a hint', async () => {
      const { id, mesh } = world.nodes[size - 1]!;
      mesh.setFacts({ labels: { zone: 'a', disk: 'fast' } });
      const knows = (node: MeshNode): boolean =>
        node.mesh.member(id)?.facts.labels?.['disk'] === 'fast';
      const tookMs = await world.timeUntil(knows, 1_000);
      ok(tookMs !== undefined, 'within a second');
      ok(mesh.counters().hintsSent > 0);
    });

    it('that are urgent are known to 99 % within a second when no more hints are left', async () => {
      const { id, mesh } = world.nodes[1]!;
      // One actor turn each, so that every change wants a hint of its own.
      for (let i = 0; i < 10; i++) mesh.setFacts({ price: String(i) });
      const knows = (node: MeshNode): boolean => node.mesh.member(id)?.facts.price === '9';
      const tookMs = await world.timeUntil(knows, 1_000, 0.99);
      ok(tookMs !== undefined, 'within a second');
      ok(mesh.counters().hintsSent <= 4, `${mesh.counters().hintsSent} hints`);
    });

    it('of any kind, changed by all at once, are everywhere within three seconds', async () => {
      const load = { cpu: 0.5, memory: 0.25 };
      for (const { mesh } of world.nodes) mesh.setFacts({ load });
      const knows = (node: MeshNode): boolean =>
        world.nodes.every(({ id }) => node.mesh.member(id)?.facts.load?.cpu === 0.5);
      const tookMs = await world.timeUntil(knows, 3_000);
      ok(tookMs !== undefined, 'within three seconds');
    });

    it('of every peer, told as often as such a cluster does, cost a few kilobytes a second', async () => {
      const before = factsBytes(world);
      for (let second = 0; second < 20; second++) {
        for (const [i, { mesh }] of world.nodes.entries()) {
          // Each once in ten seconds, not all in the same one.
          if (i % 10 === second % 10) mesh.setFacts({ load: { cpu: second / 20, memory: 0 } });
        }
        await world.pass(1_000);
      }
      const perSecond = (factsBytes(world) - before) / size / 20;
      ok(perSecond <= 8 * 1024, `${perSecond} bytes a second`);
    });
  });
}

describe('a member that lies about the facts of another', () => {
  it('is counted and named, changes nothing, and is not listened to for a while', async () => {
    const world = await startMeshWorld(5, 'liar');
    const [victim, liar, reader] = world.nodes as [MeshNode, MeshNode, MeshNode];
    const truth = reader.mesh.member(victim.id)!.facts;
    const lie = {
      peer: victim.id,
      incarnation: victim.mesh.member(victim.id)!.incarnation + 5,
      from: 0,
      version: 1,
      entries: [{ key: 'isCordoned', version: 1, text: 'true' }],
      signature: new Uint8Array(64),
    };
    const frame = encodeGossip({ type: 'facts-delta', deltas: [lie], isNews: true });
    for (let i = 0; i < 10; i++) liar.transport.send(reader.id, 'control', frame);
    await world.pass(2_000);
    equal(reader.mesh.counters().factsRefused, 1);
    deepEqual(reader.mesh.member(victim.id)!.facts, truth);
    const named = reader.log.lines().filter(({ message }) => message.startsWith('facts refused'));
    deepEqual(
      named.map(({ fields }) => [fields['from'], fields['of']]),
      [[liar.id, victim.id]],
    );
    equal(reader.mesh.member(liar.id)!.status, 'alive');
  });

  it('cannot pass a lie in a hint, nor more hints than all peers together may have', async () => {
    const world = await startMeshWorld(5, 'lying hints');
    const [victim, liar, reader] = world.nodes as [MeshNode, MeshNode, MeshNode];
    const incarnation = victim.mesh.member(victim.id)!.incarnation + 5;
    const newest = { peer: victim.id, incarnation, version: 1 };
    const entries = [{ key: 'price', version: 1, text: '"0"' }];
    const delta = { ...newest, from: 0, entries, signature: new Uint8Array(64) };
    const frame = encodeGossip({ type: 'facts', newest, delta });
    for (let i = 0; i < 200; i++) liar.transport.publish('skein/hints/2', frame);
    await world.pass(2_000);
    equal(reader.mesh.member(victim.id)!.facts.price, undefined);
    const { hintsIgnored, excess } = reader.mesh.counters();
    // Over what one peer may pass on, and over the share of the one they are said to be of.
    equal(excess, 200 - 30);
    ok(hintsIgnored >= 20, `${hintsIgnored} ignored`);
    // What is true still gets through.
    victim.mesh.setFacts({ price: '7' });
    const knows = (node: MeshNode): boolean => node.mesh.member(victim.id)?.facts.price === '7';
    ok((await world.timeUntil(knows, 3_000)) !== undefined);
  });
});
