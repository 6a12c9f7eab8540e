// Whole meshes in virtual time: who notices what, how fast, and who is wronged.

import { equal, ok } from 'node:assert/strict';
import { sees, startWorld, untilAllAlive } from '../simulated-world.ts';

for (const size of [3, 10, 50]) {
  describe(`a simulated mesh of ${size} peers`, () => {
    it('knows all members and their facts within three seconds', async () => {
      const world = await startWorld(size, `join ${size}`);
      ok(await untilAllAlive(world, 3000), 'all alive');
      const complete = await world.simulation.run({
        until: () =>
          world.nodes.every((n) =>
            world.nodes.every((o) => n.mesh.memberNamed(`node-${o.id}`)?.peer === o.id),
          ),
        limitMs: 3000,
      });
      ok(complete, 'all facts');
    });

    it('notices a killed peer: suspect in half a second, dead in one and a half', async () => {
      const world = await startWorld(size, `kill ${size}`);
      ok(await untilAllAlive(world, 5000));
      const victim = world.nodes[1]!;
      const others = world.nodes.filter((node) => node !== victim);
      world.network.crash(victim.id);
      victim.host.crash();
      ok(
        await world.simulation.run({
          until: () => others.every((node) => !sees(node, victim.id, 'alive')),
          limitMs: 500,
        }),
        'suspected',
      );
      ok(
        await world.simulation.run({
          until: () => others.every((node) => sees(node, victim.id, 'dead')),
          limitMs: 1200,
        }),
        'dead',
      );
      ok(
        others.every((n) => others.every((o) => sees(n, o.id, 'alive'))),
        'nobody else',
      );
    });

    it('notices a frozen peer within four seconds and welcomes it back when it thaws', async () => {
      const world = await startWorld(size, `freeze ${size}`);
      ok(await untilAllAlive(world, 5000));
      const victim = world.nodes[2]!;
      const others = world.nodes.filter((node) => node !== victim);
      victim.host.freeze();
      ok(
        await world.simulation.run({
          until: () => others.every((node) => sees(node, victim.id, 'dead')),
          limitMs: 4000,
        }),
        'dead',
      );
      await world.simulation.run({ untilMs: world.simulation.nowMs() + 10_000 });
      victim.host.resume();
      ok(await untilAllAlive(world, 3000), 'alive again');
    });

    // Fifty peers cost more to simulate: fewer minutes.
    const minutes = size > 10 ? 2 : 10;
    it(`wrongs nobody in ${minutes} minutes of 30 % loss on one link`, async () => {
      const world = await startWorld(size, `loss ${size}`);
      ok(await untilAllAlive(world, 5000));
      world.network.setLink({ loss: 0.3 }, 'p000', 'p001');
      const deaths: string[] = [];
      for (const node of world.nodes) {
        node.mesh.onMember((event) => {
          if (event.member.status === 'dead') deaths.push(event.member.peer);
        });
      }
      await world.simulation.run({ untilMs: world.simulation.nowMs() + minutes * 60_000 });
      equal(deaths.length, 0);
    });

    it('is whole again after a partition heals', async () => {
      const world = await startWorld(size, `partition ${size}`);
      ok(await untilAllAlive(world, 5000));
      const ids = world.nodes.map((node) => node.id);
      const cut = Math.floor(size / 2);
      world.network.partition([ids.slice(0, cut), ids.slice(cut)]);
      ok(
        await world.simulation.run({
          until: () => sees(world.nodes[0]!, ids[size - 1]!, 'dead'),
          limitMs: 30_000,
        }),
        'the other side is held for dead',
      );
      await world.simulation.run({ untilMs: world.simulation.nowMs() + 30_000 });
      world.network.heal();
      ok(await untilAllAlive(world, 10_000), 'whole again');
    });
  });
}

describe('a seed', () => {
  const digestOf = async (seed: string): Promise<string> => {
    const world = await startWorld(5, seed);
    world.network.setPath({ loss: 0.05, duplication: 0.05 });
    await world.simulation.run({ untilMs: 10_000 });
    world.network.crash('p002');
    world.nodes[2]!.host.crash();
    await world.simulation.run({ untilMs: 30_000 });
    return `${world.simulation.digest()} ${JSON.stringify(world.network.counters())}`;
  };

  it('gives the same run again, and another seed another', async () => {
    const first = await digestOf('seed one');
    equal(await digestOf('seed one'), first);
    ok((await digestOf('seed two')) !== first);
  });
});
