// A membership is good for 400 days. Peers that run for longer renew it in process; peers that were off are let in all the same.

import assert from 'node:assert/strict';
import { standingOf } from '../../../actors/admission/standing.ts';
import { createLongLivedZone, DAY_MS, HOUR_MS } from './long-lived-zone.ts';
import type { LongLivedZone } from './long-lived-zone.ts';

const thirteenMonthsMs = 396 * DAY_MS;

/** Every link breaks once a week, so that every handshake is made anew; a day later all must be there again. */
async function weeksPass(zone: LongLivedZone, durationMs: number): Promise<number | undefined> {
  const names = zone.peers.map(({ name }) => name);
  const endMs = zone.simulation.nowMs() + durationMs;
  for (let week = 0; zone.simulation.nowMs() < endMs; week++) {
    for (const one of names) {
      for (const other of names) if (one < other) zone.network.breakLink(one, other);
    }
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + DAY_MS });
    if (!zone.areAllLinked()) return week;
    await zone.simulation.run({ untilMs: zone.simulation.nowMs() + 6 * DAY_MS });
  }
  return undefined;
}

describe('thirteen months', function () {
  this.timeout(60_000);

  const usual = { voters: ['a', 'b', 'c'], learners: ['d'] };

  it('pass without a restart, all links alive at all times, by certificates alone', async () => {
    // Nobody looks at the list: only a certificate that holds lets a peer in.
    const zone = await createLongLivedZone({ ...usual, standing: () => 'unknown' });
    const stops = zone.peers.map((peer) => peer.renew());
    assert.equal(await weeksPass(zone, thirteenMonthsMs + 60 * DAY_MS), undefined);
    for (const { name, renewals, mesh } of zone.peers) {
      assert.equal(renewals, 1, `${name} renewed after two thirds of 400 days`);
      assert.ok(mesh.members().every(({ status }) => status === 'alive'));
    }
    stops.forEach((stop) => stop());
  });

  it('would end every link, were nothing renewed', async () => {
    const offForMs = 394 * DAY_MS;
    const zone = await createLongLivedZone({ ...usual, offForMs, standing: () => 'unknown' });
    assert.equal(await weeksPass(zone, 21 * DAY_MS), 1, 'the first handshakes after day 400 fail');
  });

  it('of a whole zone switched off end in a reunion by itself, and in new certificates', async () => {
    const offForMs = thirteenMonthsMs + 10 * DAY_MS;
    const zone = await createLongLivedZone({ ...usual, offForMs, standing: standingOf });
    const stops = zone.peers.map((peer) => peer.renew());
    const until = (): boolean =>
      zone.areAllLinked() && zone.peers.every(({ renewals }) => renewals > 0);
    assert.ok(await zone.simulation.run({ until, limitMs: HOUR_MS }));
    stops.forEach((stop) => stop());
  });

  it('do not bring back one that the zone forgot: it waits for a new token', async () => {
    const zone = await createLongLivedZone({ ...usual, standing: standingOf });
    zone.memory.apply({ compare: [], success: [{ type: 'delete', key: '/skein/peers/d' }] });
    await zone.simulation.run({ untilMs: HOUR_MS });
    const forgotten = zone.peers.find(({ name }) => name === 'd')!;
    assert.ok(['a', 'b', 'c'].every((name) => !forgotten.transport.isLinked(name)));
    assert.ok(zone.peers[0]!.transport.isLinked('b'), 'all others are together');
  });
});
