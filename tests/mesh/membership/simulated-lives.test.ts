// Peers that come back: all at once, again and again, with another clock, at another address; and peers that are slow.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { WAN } from '../../../mesh/timing.ts';
import { createSeededRandom } from '../../../runtime/index.ts';
import {
  count,
  idOf,
  kill,
  pass,
  record,
  restart,
  sees,
  startNode,
  startWorld,
  untilAllAlive,
} from '../simulated-world.ts';
import type { Node, World } from '../simulated-world.ts';

const all = (world: World): ReadonlySet<string> => new Set(world.nodes.map(({ id }) => id));

async function settled(size: number, seed: string): Promise<World> {
  const world = await startWorld(size, seed);
  ok(await untilAllAlive(world, 5_000), 'all alive');
  // The address books are written a moment later.
  await pass(world, 3_000);
  return world;
}

describe('a cluster that is restarted whole', () => {
  for (const size of [3, 10, 60]) {
    it(`finds itself from the address books of ${size} peers`, async () => {
      const world = await settled(size, `whole ${size}`);
      for (const node of world.nodes) kill(world, node);
      await pass(world, 60_000);
      const before = [...world.nodes];
      for (const node of before) await restart(world, node);
      const wronged = record(world.nodes, all(world), ['dead']);
      ok(await untilAllAlive(world, 5_000), 'all alive again');
      await pass(world, 10_000);
      deepEqual(wronged, []);
    });
  }

  it('finds itself though most of the address book is of peers that are no more', async () => {
    const world = await settled(100, 'few of many');
    for (const node of world.nodes) kill(world, node);
    world.nodes.length = 0;
    const random = createSeededRandom('strangers');
    const entries = Array.from({ length: 200 }, (_, i) => ({
      peer: i < 10 ? idOf(i) : `gone-${i}`,
      addresses: [i < 10 ? `${idOf(i)}.test:7460` : `gone-${i}.test:7460`],
      workedMs: {},
      seenMs: random.integer(1_000),
    }));
    for (let i = 0; i < 10; i++) {
      const own = entries.filter(({ peer }) => peer !== idOf(i));
      const book = { load: () => Promise.resolve(own), save: () => Promise.resolve() };
      world.nodes.push(await startNode(world, idOf(i), { book }));
    }
    ok(await untilAllAlive(world, 30_000), 'all ten');
  });
});

describe('a peer that comes back', () => {
  it('at once is a new life to all, and dead to none', async () => {
    const world = await settled(10, 'at once');
    const before = world.nodes[4]!.mesh.member(idOf(4))!.incarnation;
    kill(world, world.nodes[4]!);
    await restart(world, world.nodes[4]!);
    const wronged = record(world.nodes, all(world), ['dead']);
    await pass(world, 10_000);
    for (const node of world.nodes) {
      ok(sees(node, idOf(4), 'alive'));
      ok(node.mesh.member(idOf(4))!.incarnation > before);
    }
    deepEqual(wronged, []);
  });

  it('with a clock set back by a year outbids its own past', async () => {
    for (const downMs of [0, 20_000]) {
      const world = await settled(10, `set back ${downMs}`);
      const before = world.nodes[0]!.mesh.member(idOf(4))!.incarnation;
      kill(world, world.nodes[4]!);
      await pass(world, downMs);
      await restart(world, world.nodes[4]!, { clock: { wallOffsetMs: -31_536_000_000 } });
      const isKnown = (): boolean =>
        world.nodes.every(
          (node) => sees(node, idOf(4), 'alive') && node.mesh.member(idOf(4))!.incarnation > before,
        );
      const until = () => world.simulation.run({ until: isKnown, limitMs: 10_000 });
      ok(await until(), `after ${downMs} ms`);
      await pass(world, 10_000);
      ok(isKnown());
    }
  });

  it('again and again is seen as it is in the end, and harms nobody else', async () => {
    const world = await settled(10, 'flapping');
    const others = world.nodes.filter(({ id }) => id !== idOf(4));
    const wronged = record(others, new Set(others.map(({ id }) => id)), ['suspect', 'dead']);
    for (let life = 0; life < 10; life++) {
      kill(world, world.nodes[4]!);
      await pass(world, 300 * life);
      await restart(world, world.nodes[4]!);
      await pass(world, 1_500);
    }
    ok(await untilAllAlive(world, 3_000));
    await pass(world, 10_000);
    ok(world.nodes.every((node) => count(node, 'alive') === 10));
    deepEqual(wronged, []);
  });

  it('at another address is found there by all', async () => {
    const world = await settled(10, 'moved');
    const moved = [`elsewhere.test:7460`];
    kill(world, world.nodes[4]!);
    await pass(world, 5_000);
    const next = await restart(world, world.nodes[4]!);
    world.network.move(next.id, moved);
    const areKnown = (): boolean =>
      world.nodes.every((node) => {
        const member = node.mesh.member(next.id)!;
        return member.status === 'alive' && member.addresses[0] === moved[0];
      });
    ok(await world.simulation.run({ until: areKnown, limitMs: 10_000 }), 'all know');
    // Its old address leads nowhere: a new link is made at the new one.
    world.network.breakLink(next.id, idOf(0));
    const isLinked = (): boolean => next.transport.isLinked(idOf(0));
    ok(await world.simulation.run({ until: isLinked, limitMs: 10_000 }), 'linked');
  });

  it('after it left is welcome', async () => {
    const world = await settled(10, 'left');
    const leaver = world.nodes[4]!;
    let hasLeft = false;
    void leaver.mesh.leave().then(() => (hasLeft = true));
    ok(await world.simulation.run({ until: () => hasLeft, limitMs: 5_000 }));
    kill(world, leaver);
    await pass(world, 2_000);
    const others = world.nodes.filter((node) => node !== leaver);
    ok(others.every((node) => sees(node, leaver.id, 'left')));
    await restart(world, leaver);
    ok(await untilAllAlive(world, 10_000));
  });
});

describe('a peer starved of CPU', () => {
  /** Runs for some ten milliseconds, then not for some hundred. */
  function starve(world: World, { host }: Node, seed: string): void {
    const random = createSeededRandom(seed);
    const next = (): void => {
      host.freeze();
      world.simulation.schedule(50 + random.integer(550), () => {
        host.resume();
        world.simulation.schedule(5 + random.integer(50), next);
      });
    };
    next();
  }

  for (const size of [3, 10, 60]) {
    it(`wrongs nobody among ${size}, and is not wronged`, async () => {
      const world = await settled(size, `starved ${size}`);
      const wronged = record(world.nodes, all(world), ['dead']);
      starve(world, world.nodes[1]!, `starved ${size}`);
      await pass(world, size > 10 ? 120_000 : 600_000);
      deepEqual(wronged, []);
    });
  }
});

describe('a broken network', () => {
  it('that lets no datagram through costs nobody its life, and detection goes on', async () => {
    const world = await settled(10, 'no datagrams');
    world.network.setPath({ hasDatagrams: false });
    const wronged = record(world.nodes, all(world), ['suspect', 'dead']);
    await pass(world, 60_000);
    deepEqual(wronged, []);
    world.nodes[3]!.host.freeze();
    const others = world.nodes.filter((_, i) => i !== 3);
    const isDead = (): boolean => others.every((node) => sees(node, idOf(3), 'dead'));
    ok(await world.simulation.run({ until: isDead, limitMs: 4_000 }));
  });

  it('that carries one link one way only wrongs nobody', async () => {
    const world = await settled(10, 'one way');
    const wronged = record(world.nodes, all(world), ['dead']);
    world.network.setPath({ isCut: true }, idOf(1), idOf(2));
    await pass(world, 120_000);
    deepEqual(wronged, []);
  });

  it('that loses a twentieth of everything wrongs nobody', async () => {
    const world = await settled(60, 'loss everywhere');
    const wronged = record(world.nodes, all(world), ['dead']);
    world.network.setPath({ loss: 0.05 });
    await pass(world, 300_000);
    deepEqual(wronged, []);
  });

  it('with long ways is what the preset for a WAN is for', async () => {
    const size = 20;
    const world = await startWorld(size, 'wide', { timing: WAN });
    world.network.setPath({ latencyMinMs: 20, latencyMaxMs: 150 });
    ok(await untilAllAlive(world, 10_000));
    const wronged = record(world.nodes, all(world), ['suspect', 'dead']);
    await pass(world, 120_000);
    equal(wronged.length, 0);
    const victim = world.nodes[5]!;
    kill(world, victim);
    const others = world.nodes.filter((node) => node !== victim);
    const isDead = (): boolean => others.every((node) => sees(node, victim.id, 'dead'));
    ok(await world.simulation.run({ until: isDead, limitMs: 3_000 }));
    equal(wronged.filter((seen) => !seen.includes(victim.id)).length, 0);
  });
});
