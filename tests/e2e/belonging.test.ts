// Who belongs and who does not any more, as real processes: peers that are removed, tokens that are taken back.

import assert from 'node:assert/strict';
import { EXAMPLE, nodeOf, threeReady, untilPods } from './cluster.ts';
import { createSmallZone, eventually, untilWritten } from './small-zone.ts';
import type { SmallZone } from './small-zone.ts';

/** A removal is known everywhere in seconds; the machine that runs this may be busy. */
const REMOVED_MS = 15_000;

const statesAt = async (zone: SmallZone, asked: string): Promise<Record<string, string>> => {
  const { items } = await zone.at(asked).json<{
    readonly items: readonly { metadata: { name: string }; status: { state: string } }[];
  }>({ path: '/apis/skein.dev/v1/peers' });
  return Object.fromEntries(items.map(({ metadata, status }) => [metadata.name, status.state]));
};

const newToken = async (zone: SmallZone, asked: string, words: readonly string[] = []) => {
  const made = await zone.skein(asked, ['token', 'create', ...words]);
  assert.equal(made.code, 0, made.err);
  return made.out.trim();
};

describe('peers that are removed', function () {
  this.timeout(90_000);
  let zone: SmallZone;
  let oldToken: string;

  before(async () => {
    zone = createSmallZone();
    await zone.start('ada');
    oldToken = await newToken(zone, 'ada');
    await zone.start('bob');
    await zone.start('cyd');
    await voters('ada', 3);
    const applied = await zone.skein('ada', ['apply', '-f', EXAMPLE]);
    assert.equal(applied.code, 0, applied.err);
    await untilPods(zone.at('ada'), threeReady(), 20_000);
  });
  after(() => zone.end());

  const voters = (asked: string, count: number) =>
    eventually(
      () => zone.status(asked),
      (status) => status.voters.length === count,
      30_000,
    );
  const remove = async (asked: string, name: string): Promise<void> => {
    const answer = await zone.skein(asked, ['peers', 'remove', name]);
    assert.equal(answer.code, 0, answer.err);
    assert.equal(answer.out, `${name} removed\n`);
  };

  it('alive: ends with a sentence, its pods run elsewhere, its vote and its Node are gone', async () => {
    await remove('ada', 'cyd');
    assert.equal((await zone.exited('cyd')).code, 1);
    assert.match(zone.logOf('cyd'), /This peer had to end: .*was removed from it at .*--token/);
    const pods = await untilPods(zone.at('ada'), threeReady(['cyd']), REMOVED_MS);
    assert.ok(pods.every((pod) => nodeOf(pod) !== 'cyd'));
    const nodes = await zone.skein('ada', ['get', 'nodes', '-o', 'name']);
    assert.equal(nodes.out, 'node/ada\nnode/bob\n');
    await eventually(
      () => statesAt(zone, 'bob'),
      ({ cyd }) => cyd === undefined || cyd === 'removed',
      REMOVED_MS,
    );
    const status = await voters('bob', 1);
    assert.ok([...status.voters, ...status.learners].every((name) => name !== 'cyd'));
  });

  it('do not come back by themselves, nor by a token that was made before', async () => {
    await assert.rejects(zone.start('cyd'), /was removed from it at/);
    await assert.rejects(
      zone.start('cyd', [], oldToken),
      /was ended at .*, after this token was made: only a new token/,
    );
  });

  it('come back by a new token, with the key and the data directory that they had', async () => {
    await zone.start('cyd', [], await newToken(zone, 'bob', ['--uses', '1']));
    await voters('ada', 3);
    await eventually(
      () => statesAt(zone, 'ada'),
      ({ cyd }) => cyd === 'alive',
      REMOVED_MS,
    );
    assert.match(zone.logOf('cyd'), /joined its cluster again, and keeps its key and its log/);
  });

  it('alive and leading: the others elect another, and writes go on', async () => {
    const leader = await zone.leader('ada');
    const [asked] = ['ada', 'bob', 'cyd'].filter((name) => name !== leader);
    await remove(asked!, leader);
    assert.equal((await zone.exited(leader)).code, 1);
    assert.ok((await untilWritten(() => zone.at(asked!), 15_000)) < 5_000);
    await untilPods(zone.at(asked!), threeReady([leader]), REMOVED_MS);
    await zone.start(leader, [], await newToken(zone, asked!));
    await voters(asked!, 3);
  });

  it('dead: the leader, killed, is removed through another, and hears of it when it returns', async () => {
    const leader = await zone.leader('ada');
    const [asked, other] = ['ada', 'bob', 'cyd'].filter((name) => name !== leader);
    await zone.kill(leader);
    await untilWritten(() => zone.at(asked!), 15_000);
    await eventually(
      () => statesAt(zone, asked!),
      (states) => states[leader] === 'dead',
      REMOVED_MS,
    );
    await remove(asked!, leader);
    await untilPods(zone.at(other!), threeReady([leader]), REMOVED_MS);
    assert.ok((await untilWritten(() => zone.at(other!), 10_000)) < 5_000);
    await assert.rejects(zone.start(leader), /its membership was ended|was removed from it/);
  });

  it('is refused where it would cost the quorum, or for the peer that is asked', async () => {
    const status = await eventually(
      async () => {
        const names = Object.entries(await statesAt(zone, 'ada').catch(() => ({})));
        const asked = names.length > 0 ? 'ada' : 'bob';
        return zone.status(asked);
      },
      ({ voters: now, learners }) => now.length === 1 && learners.length === 1,
      20_000,
    );
    const [voter] = status.voters;
    const [learner] = status.learners;
    const lone = await zone.skein(learner!, ['peers', 'remove', voter!, '--peer', learner!]);
    assert.equal(lone.code, 1);
    assert.match(lone.err, /holds the only vote of its zone: .* skein leave --peer/);
    const own = await zone.skein(voter!, ['peers', 'remove', voter!]);
    assert.match(own.err, /skein leave --peer|the peer that was asked/);
    const unknown = await zone.skein(voter!, ['peers', 'remove', 'nobody']);
    assert.match(unknown.err, /no peer of this zone is named nobody/);
  });
});

describe('join tokens', function () {
  this.timeout(60_000);
  let zone: SmallZone;

  before(async () => {
    zone = createSmallZone();
    await zone.start('ada');
  });
  after(() => zone.end());

  it('are listed with their uses, without their text', async () => {
    const token = await newToken(zone, 'ada', ['--uses', '1', '--ttl', '1h']);
    const [id, secret] = token.split('.') as [string, string];
    const listed = await zone.skein('ada', ['token', 'list']);
    assert.match(listed.out, new RegExp(`^${id} +usable +0/1 +default +\\S+ +admin:ada$`, 'm'));
    const whole = await zone.skein('ada', ['token', 'list', '-o', 'json']);
    assert.ok(!whole.out.includes(secret));
    await zone.start('bob', [], token);
    const after = await zone.skein('ada', ['token', 'list']);
    assert.match(after.out, new RegExp(`^${id} +used-up +1/1`, 'm'));
    await assert.rejects(zone.start('cyd', [], token), /is used up: it was for 1 peer, which has/);
  });

  it('that are revoked at one peer let nobody in at any other', async () => {
    const token = await newToken(zone, 'ada');
    const [id] = token.split('.') as [string];
    const revoked = await zone.skein('bob', ['token', 'revoke', id]);
    assert.equal(revoked.out, `token ${id} revoked\n`, revoked.err);
    await assert.rejects(zone.start('cyd', [], token), /was revoked at .*skein token create/);
    const unknown = await zone.skein('ada', ['token', 'revoke', 'nonesuch']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.err, /no join token has the id nonesuch/);
  });
});
