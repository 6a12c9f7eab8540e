import assert from 'node:assert/strict';
import { put, settled, until } from './zone-steps.ts';
import { createZone } from './zone.ts';
import type { Member, SimulatedZone } from './zone.ts';

async function zoneOf(seed: number, names: readonly string[]): Promise<SimulatedZone> {
  const zone = createZone(seed);
  for (const [at, name] of names.entries()) await settled(zone, zone.start(name, at === 0));
  const count = names.length >= 3 ? 3 : 1;
  const isSettled = ({ zone: log }: Member): boolean => {
    const { voters, learners } = log.store.status();
    return voters.length === count && voters.length + learners.length === names.length;
  };
  await until(zone, () => [...zone.members.values()].every(isSettled));
  await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 1_000 });
  return zone;
}

/** Notes each number of voters that any member ever tells of, until the zone is thrown away. */
function countVoters(zone: SimulatedZone): Set<number> {
  const counts = new Set<number>();
  for (const { zone: log } of zone.members.values()) {
    log.store.onStatus(({ voters }) => counts.add(voters.length));
  }
  return counts;
}

describe('a zone whose peers leave', function () {
  this.timeout(60_000);

  it('makes the learner its lone voter when the voter of two leaves, with all data, and never has two', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const zone = await zoneOf(seed, ['a', 'b']);
      const [a, b] = [zone.members.get('a')!, zone.members.get('b')!];
      assert.ok((await settled(zone, put(a.zone.store, '/k', 'v'))).ok);
      const counts = countVoters(zone);
      const began = zone.simulation.nowMs();
      assert.ok((await settled(zone, a.zone.leave())).ok);
      zone.crash('a');
      const written = await settled(zone, put(b.zone.store, '/after', 'v'));
      assert.ok(written.ok);
      const tookMs = zone.simulation.nowMs() - began;
      // It hears that it is out from the next leader only.
      assert.ok(tookMs < 4_000, `seed ${seed}: ${tookMs} ms`);
      assert.deepEqual(b.zone.store.status().voters, ['b']);
      assert.equal(b.zone.store.view.get('/k')?.value, 'v');
      assert.deepEqual([...counts], [1], `seed ${seed}`);
    }
  });

  it('goes from three voters to one when the leader leaves, and writes hardly wait', async () => {
    for (let seed = 21; seed <= 40; seed++) {
      const zone = await zoneOf(seed, ['a', 'b', 'c']);
      const leader = zone.leader()!;
      const counts = countVoters(zone);
      assert.ok((await settled(zone, leader.zone.leave())).ok);
      zone.crash(leader.name);
      const [other] = [...zone.members.values()];
      const began = zone.simulation.nowMs();
      assert.ok((await settled(zone, put(other!.zone.store, '/after', 'v'))).ok);
      const tookMs = zone.simulation.nowMs() - began;
      assert.ok(tookMs < 2_000, `seed ${seed}: ${tookMs} ms`);
      await until(zone, () => zone.leader()?.zone.store.status().voters.length === 1);
      assert.ok(
        [...counts].every((count) => count % 2 === 1),
        `seed ${seed}: ${[...counts].join()}`,
      );
    }
  });
});

describe('a peer that dies while it leaves', function () {
  this.timeout(60_000);

  it('is let in again as a new replica when it comes back, though nobody counts on it any more', async () => {
    const zone = await zoneOf(61, ['a', 'b', 'c', 'd']);
    const one = [...zone.members.values()].find((member) => member !== zone.leader())!;
    const { voters } = zone.leader()!.zone.store.status();
    void one.zone.leave();
    const isOut = (): boolean => {
      const status = zone.leader()?.zone.store.status();
      const all = [...(status?.voters ?? voters), ...(status?.learners ?? voters)];
      return !all.includes(one.name);
    };
    await until(zone, isOut);
    zone.crash(one.name);
    assert.ok((await settled(zone, put(zone.leader()!.zone.store, '/meanwhile', 'v'))).ok);
    zone.allowFencing();
    await settled(zone, zone.start(one.name));
    const back = () => zone.members.get(one.name)?.zone.store;
    await until(zone, () => back()?.view.get('/meanwhile')?.value === 'v');
    assert.deepEqual(
      zone.fenced.map(({ name }) => name),
      [one.name],
    );
    assert.ok((await settled(zone, put(back()!, '/after', 'v'))).ok);
  });
});

describe('a zone whose peers all leave at once', function () {
  this.timeout(60_000);

  it('keeps the last, which is told so and goes on', async () => {
    for (let seed = 41; seed <= 60; seed++) {
      const zone = await zoneOf(seed, ['a', 'b']);
      const outcomes = new Map<string, string>();
      for (const { name, zone: log } of zone.members.values()) {
        void log.leave().then((left) => outcomes.set(name, left.ok ? 'left' : left.error.code));
      }
      await until(zone, () => outcomes.size === 2);
      assert.deepEqual([...outcomes.values()].sort(), ['forbidden', 'left'], `seed ${seed}`);
      const [last] = [...outcomes].find(([, outcome]) => outcome === 'forbidden')!;
      const written = await settled(zone, put(zone.members.get(last)!.zone.store, '/k', 'v'));
      assert.ok(written.ok, `seed ${seed}`);
    }
  });
});

describe('a zone with cordoned peers', function () {
  this.timeout(60_000);

  it('moves the only vote of two peers to the one that is not cordoned, and the zone outlives the other', async () => {
    const zone = await zoneOf(2, ['a', 'b']);
    const counts = countVoters(zone);
    zone.withdrawn.add('a');
    await until(zone, () => zone.leader()?.name === 'b', 5_000);
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 1_000 });
    zone.crash('a');
    assert.ok((await settled(zone, put(zone.members.get('b')!.zone.store, '/k', 'v'))).ok);
    assert.deepEqual([...counts], [1]);
  });

  it('moves leadership off a cordoned peer, and back to it only when the others cannot lead', async () => {
    const zone = await zoneOf(1, ['a', 'b', 'c']);
    const was = zone.leader()!.name;
    zone.withdrawn.add(was);
    await until(zone, () => ![undefined, was].includes(zone.leader()?.name), 3_000);
    const [next, last] = [zone.leader()!.name, ['a', 'b', 'c']] as const;
    zone.withdrawn.add(next);
    const [third] = last.filter((name) => ![was, next].includes(name));
    await until(zone, () => zone.leader()?.name === third, 3_000);
    zone.crash(third!);
    await until(zone, () => zone.leader() !== undefined);
    const led = zone.leader()!.name;
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 20_000 });
    assert.equal(zone.leader()?.name, led, 'two cordoned peers hand leadership to and fro');
  });
});
