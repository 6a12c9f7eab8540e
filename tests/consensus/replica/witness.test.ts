import assert from 'node:assert/strict';
import { put, settled, until } from './zone-steps.ts';
import { createZone } from './zone.ts';
import type { SimulatedZone } from './zone.ts';

const witness = { isWitness: true };

const votersOf = (zone: SimulatedZone): readonly string[] =>
  zone.leader()?.zone.store.status().voters ?? [];

const run = (zone: SimulatedZone, ms: number) =>
  zone.simulation.run({ untilMs: zone.simulation.nowMs() + ms });

/** Two full peers, `a` and `b`, and `w`. */
async function smallZone(seed: number): Promise<SimulatedZone> {
  const zone = createZone(seed);
  await settled(zone, zone.start('a', true));
  await settled(zone, zone.start('w', false, witness));
  await settled(zone, zone.start('b'));
  await until(zone, () => votersOf(zone).length === 3);
  // A leader that dies within the change itself takes it along.
  await run(zone, 1_000);
  return zone;
}

describe('a zone of two full peers and a witness', function () {
  this.timeout(60_000);

  it('has three voters and says which of them is the witness', async () => {
    const zone = await smallZone(1);
    for (const { zone: log } of zone.members.values()) {
      await until(zone, () => log.store.status().voters.length === 3);
      assert.deepEqual(log.store.status().voters, ['a', 'b', 'w']);
      assert.deepEqual(log.store.status().witnesses, ['w']);
    }
  });

  for (const victim of ['a', 'b', 'w']) {
    it(`goes on when ${victim} dies, with everything acknowledged, and takes it back`, async () => {
      const zone = await smallZone(2);
      const before = await settled(zone, put(zone.members.get('b')!.zone.store, '/before', '1'));
      assert.ok(before.ok);
      zone.crash(victim);
      const [survivor] = zone.members.values();
      const began = zone.simulation.nowMs();
      const after = await settled(zone, put(survivor!.zone.store, '/after', '2', 4_000));
      assert.ok(after.ok);
      assert.ok(zone.simulation.nowMs() - began < 3_000);
      assert.equal(survivor!.zone.store.view.get('/before')?.value, '1');
      const back = await settled(zone, zone.start(victim, false, victim === 'w' ? witness : {}));
      await until(zone, () => back.zone.store.view.get('/after')?.value === '2');
    });
  }

  it('is led by the witness only until a full voter has caught up', async () => {
    let timesLed = 0;
    for (let seed = 10; seed < 30; seed++) {
      const zone = await smallZone(seed);
      zone.crash(zone.leader()!.name);
      await until(zone, () => zone.leader() !== undefined);
      if (zone.leader()!.name === 'w') timesLed++;
      await until(zone, () => ['a', 'b'].includes(zone.leader()?.name ?? ''));
      const led = zone.leader()!.name;
      await run(zone, 5_000);
      assert.equal(zone.leader()?.name, led);
    }
    assert.ok(timesLed > 0, 'the witness was never elected: the test shows nothing');
  });

  it('passes the vote of the witness to a third full peer, and back when that stays dead', async () => {
    const zone = await smallZone(3);
    await settled(zone, zone.start('c'));
    await run(zone, 20_000);
    assert.deepEqual(votersOf(zone), ['a', 'b', 'w'], 'it moved before the learner was steady');
    await until(zone, () => votersOf(zone).includes('c'), 60_000);
    assert.deepEqual(votersOf(zone), ['a', 'b', 'c']);
    zone.crash('c');
    await until(zone, () => votersOf(zone).includes('w'), 60_000);
    assert.deepEqual(votersOf(zone), ['a', 'b', 'w']);
  });

  it('is one voter when a full peer leaves, and it is not the witness', async () => {
    const zone = await smallZone(4);
    const leader = zone.leader()!;
    const left = await settled(zone, leader.zone.leave());
    assert.ok(left.ok);
    zone.crash(leader.name);
    const [other] = ['a', 'b'].filter((name) => name !== leader.name);
    await until(zone, () => votersOf(zone).length === 1);
    assert.deepEqual(votersOf(zone), [other]);
    const written = await settled(zone, put(zone.members.get('w')!.zone.store, '/k', 'v'));
    assert.ok(written.ok);
  });
});
