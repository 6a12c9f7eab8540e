// Two machines and a witness, as real processes: any one of the three may be killed.

import assert from 'node:assert/strict';
import type { ApiList } from '../../cli/watch.ts';
import { EXAMPLE, nodeOf, threeReady, untilPods } from './cluster.ts';
import { createSmallZone, eventually, untilWritten } from './small-zone.ts';
import type { SmallZone } from './small-zone.ts';

/** An election takes 1.6 s at most, and a second one if the witness wins the first; the machine may be busy. */
const WRITES_MS = 5_000;

const namesOf = ({ items }: ApiList): readonly string[] =>
  items.map(({ metadata }) => metadata?.name ?? '').sort();

describe('two peers and a witness', function () {
  this.timeout(90_000);
  let zone: SmallZone;

  before(async () => {
    zone = createSmallZone();
    await zone.start('one');
    await Promise.all([zone.start('two'), zone.start('witness', ['--witness'])]);
  });
  after(() => zone.end());

  const threeVoters = (asked: string) =>
    eventually(
      () => zone.status(asked),
      ({ voters }) => voters.length === 3,
      20_000,
    );

  it('are three voters and two nodes, and say so', async () => {
    const { voters, witnesses } = await threeVoters('one');
    assert.deepEqual([...voters].sort(), ['one', 'two', 'witness']);
    assert.deepEqual(witnesses, ['witness']);
    assert.deepEqual(namesOf(await zone.at('witness').json<ApiList>({ path: '/api/v1/nodes' })), [
      'one',
      'two',
    ]);
    const peers = await zone.skein('two', ['peers']);
    assert.match(peers.out, /^witness +alive +voter,witness /m);
    const status = await zone.skein('witness', ['status']);
    assert.match(status.out, /^Role: +follower, witness$/m);
    assert.match(status.out, /^Voters: +one, two, witness \(witness\)$/m);
  });

  it('run pods on the two, asked for through the witness', async () => {
    const applied = await zone.skein('witness', ['apply', '-f', EXAMPLE]);
    assert.equal(applied.code, 0, applied.err);
    const pods = await untilPods(zone.at('witness'), threeReady(), 20_000);
    assert.deepEqual([...new Set(pods.map(nodeOf))].sort(), ['one', 'two']);
    const logs = await zone.skein('witness', ['logs', pods[0]!.metadata?.name ?? '']);
    assert.match(logs.out, /listening/, logs.err);
  });

  for (const victim of ['one', 'two']) {
    const survivor = victim === 'one' ? 'two' : 'one';

    it(`go on when ${victim} is killed: writes, and its pods on ${survivor}`, async () => {
      await threeVoters(survivor);
      await zone.kill(victim);
      const writtenMs = await untilWritten(() => zone.at('witness'), 10_000);
      assert.ok(writtenMs <= WRITES_MS, `a write was accepted after ${Math.round(writtenMs)} ms`);
      await untilPods(zone.at(survivor), threeReady([victim]), 20_000);
      await eventually(
        () => zone.leader('witness'),
        (leader) => leader === survivor,
        10_000,
      );
      await zone.start(victim);
    });
  }

  it('go on when the witness is killed, which is a witness again without being told', async () => {
    await threeVoters('one');
    await zone.kill('witness');
    const writtenMs = await untilWritten(() => zone.at('two'), 10_000);
    assert.ok(writtenMs <= WRITES_MS, `a write was accepted after ${Math.round(writtenMs)} ms`);
    await zone.start('witness');
    const { witnesses, nodeAddress } = await threeVoters('witness');
    assert.deepEqual(witnesses, ['witness']);
    assert.equal(nodeAddress, undefined);
  });
});
