import assert from 'node:assert/strict';
import { put, settled, until } from './zone-steps.ts';
import { createZone } from './zone.ts';
import type { SimulatedZone } from './zone.ts';

const votersOf = (zone: SimulatedZone): readonly string[] =>
  zone.leader()?.zone.store.status().voters ?? [];

const run = (zone: SimulatedZone, ms: number) =>
  zone.simulation.run({ untilMs: zone.simulation.nowMs() + ms });

describe('a zone that spreads its votes', function () {
  this.timeout(60_000);

  it('moves one vote to a rack that comes late, once, and leaves it there', async () => {
    const zone = createZone(1);
    for (const name of ['a', 'b', 'c']) {
      await settled(zone, zone.start(name, name === 'a', { domain: 'rack-1' }));
    }
    await until(zone, () => votersOf(zone).length === 3);
    await settled(zone, zone.start('d', false, { domain: 'rack-2' }));
    await until(zone, () => votersOf(zone).includes('d'), 60_000);
    await run(zone, 1_000);
    const voters = votersOf(zone);
    assert.equal(voters.length, 3);
    const changes: string[] = [];
    zone.leader()!.zone.store.onStatus((status) => changes.push(status.voters.join()));
    await run(zone, 120_000);
    assert.deepEqual(votersOf(zone), voters);
    assert.deepEqual(changes, []);
  });

  it('outlives either of two racks with a witness in a third', async () => {
    for (const [seed, lost] of [
      [2, ['a', 'b']],
      [3, ['c', 'd']],
    ] as const) {
      const zone = createZone(seed);
      for (const [name, domain] of Object.entries({ a: '1', b: '1', c: '2', d: '2' })) {
        await settled(zone, zone.start(name, name === 'a', { domain }));
      }
      await settled(zone, zone.start('w', false, { domain: '3', isWitness: true }));
      await until(zone, () => votersOf(zone).includes('w'), 60_000);
      await run(zone, 1_000);
      assert.equal(votersOf(zone).length, 3);
      for (const name of lost) zone.crash(name);
      const [survivor] = [...zone.members.values()].filter(({ name }) => name !== 'w');
      const written = await settled(zone, put(survivor!.zone.store, '/k', 'v'));
      assert.ok(written.ok, `the loss of ${lost.join()} was not survived`);
    }
  });
});
