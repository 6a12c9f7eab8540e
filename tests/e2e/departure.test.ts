// Peers that are drained and peers that leave, as real processes: leadership, votes and data move first.

import assert from 'node:assert/strict';
import { createNamespace, EXAMPLE, nodeOf, threeReady, untilPods } from './cluster.ts';
import { createSmallZone, eventually, untilWritten } from './small-zone.ts';
import type { SmallZone } from './small-zone.ts';

/** A leader that ends in order is followed at once; the machine that runs this may be busy. */
const WRITES_MS = 5_000;

const names = ['ada', 'bob', 'cyd'];

describe('peers that are drained or leave', function () {
  this.timeout(90_000);
  let zone: SmallZone;

  before(() => {
    zone = createSmallZone();
  });
  after(() => zone.end());

  const voters = (asked: string, count: number) =>
    eventually(
      () => zone.status(asked),
      (status) => status.voters.length === count,
      20_000,
    );

  const left: string[] = [];
  const living = (): string[] => names.filter((name) => !left.includes(name));
  const leave = async (name: string): Promise<void> => {
    const answer = await zone.skein(name, ['leave']);
    assert.equal(answer.code, 0, answer.err);
    assert.equal(answer.out, `${name} left\n`);
    assert.equal((await zone.exited(name)).code, 0);
    left.push(name);
  };

  it('of three, a drained leader hands leadership and its pods to the others', async () => {
    await zone.start('ada');
    await zone.start('bob');
    await zone.start('cyd');
    await voters('ada', 3);
    const applied = await zone.skein('ada', ['apply', '-f', EXAMPLE]);
    assert.equal(applied.code, 0, applied.err);
    await untilPods(zone.at('ada'), threeReady(), 20_000);
    const leader = await zone.leader('ada');
    const drained = await zone.skein(leader, ['drain', leader]);
    assert.equal(drained.code, 0, drained.err);
    assert.match(drained.out, new RegExp(`^node/${leader} drained$`, 'm'));
    await eventually(
      () => zone.leader(leader),
      (now) => now !== leader,
      5_000,
    );
    const pods = await untilPods(zone.at(leader), threeReady([leader]), 20_000);
    assert.ok(pods.every((pod) => nodeOf(pod) !== leader));
    const back = await zone.skein(leader, ['uncordon', leader]);
    assert.equal(back.code, 0, back.err);
  });

  it('of three, the leader leaves: one voter and a learner go on at once', async () => {
    const leader = await zone.leader('ada');
    await createNamespace(zone.at(leader), 'before-leaving');
    await leave(leader);
    const rest = living();
    const [asked] = rest;
    assert.ok((await untilWritten(() => zone.at(asked!), 10_000)) <= WRITES_MS);
    const status = await voters(asked!, 1);
    assert.deepEqual([...status.voters, ...status.learners].sort(), rest);
    await untilPods(zone.at(asked!), threeReady([leader]), 20_000);
    const nodes = await zone.skein(asked!, ['get', 'nodes', '-o', 'name']);
    assert.equal(nodes.out, rest.map((name) => `node/${name}\n`).join(''));
  });

  it('of two, a drained voter gives its vote to the other', async () => {
    const [asked] = living();
    const [voter] = (await zone.status(asked!)).voters;
    const [other] = living().filter((name) => name !== voter);
    const drained = await zone.skein(voter!, ['drain', voter!]);
    assert.equal(drained.code, 0, drained.err);
    await eventually(
      () => zone.status(other!),
      ({ role, voters: now }) => role === 'leader' && now.join() === other,
      10_000,
    );
    await untilPods(zone.at(other!), threeReady([voter!]), 20_000);
    const back = await zone.skein(other!, ['uncordon', voter!]);
    assert.equal(back.code, 0, back.err);
  });

  it('of two, the voter leaves: the learner is the only voter, with all data', async () => {
    const [asked] = living();
    const [voter] = (await zone.status(asked!)).voters;
    await leave(voter!);
    const [heir] = living();
    assert.ok((await untilWritten(() => zone.at(heir!), 10_000)) <= WRITES_MS);
    const status = await voters(heir!, 1);
    assert.deepEqual([status.voters, status.learners], [[heir], []]);
    const kept = await zone.skein(heir!, ['get', 'namespace', 'before-leaving', '-o', 'name']);
    assert.equal(kept.out, 'namespace/before-leaving\n');
    await untilPods(zone.at(heir!), threeReady([voter!]), 20_000);
  });

  it('is refused to the last, and those that left cannot come back to where they were', async () => {
    const [last] = living();
    const refused = await zone.skein(last!, ['leave']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /last peer of its zone: stop it instead/);
    const [gone] = left;
    await assert.rejects(zone.start(gone!), /has left its cluster; choose another with --data DIR/);
  });
});
