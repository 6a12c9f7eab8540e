import assert from 'node:assert/strict';
import { holdersOf, keepAuthority } from '../../../actors/admission/authority-keeping.ts';
import { admissionActor } from '../../../actors/admission/admission-actor.ts';
import type { Authority } from '../../../actors/admission/authority.ts';
import { authorityPurpose, encodeAuthority } from '../../../actors/admission/authority.ts';
import { peerKey, sealedAuthorityKey } from '../../../actors/admission/records.ts';
import { generateIdentity, seal } from '../../../mesh/index.ts';
import type { KeyValue, Store, Transaction, Watcher } from '../../../consensus/index.ts';
import {
  createRingLogger,
  createSimulation,
  failed,
  ok,
  SkeinError,
} from '../../../runtime/index.ts';

const authority: Authority = {
  membershipSeed: new Uint8Array(32),
  api: { certificate: 'certificate', key: 'key' },
};

/** A store that refuses as many writes as told, and whose watches can be ended. */
function world(refusals: number) {
  const simulation = createSimulation(1);
  const { clock } = simulation.peer('a');
  const identity = generateIdentity();
  const values = new Map<string, string>();
  const watchers = new Set<Watcher>();
  let left = refusals;
  const status = { role: 'leader', voters: ['b'], learners: [] as string[] };
  const transact = ({ success }: Transaction) => {
    if (left-- > 0) return Promise.resolve(failed(new SkeinError('timeout', 'no leader')));
    for (const each of success) {
      if (each.type === 'put') values.set(each.key, each.value);
      if (each.type === 'delete') values.delete(each.key);
    }
    // As the log does: whoever watches hears of it.
    for (const watcher of Array.from(watchers)) watcher.events(2, []);
    return Promise.resolve(ok({ succeeded: true, revision: 2, responses: [] }));
  };
  const store = {
    view: {
      revision: () => 1,
      get: (key: string) =>
        (values.has(key) ? { key, value: values.get(key)! } : undefined) as KeyValue,
      range: (from: string, end: string) => ({
        kvs: [...values]
          .filter(([key]) => key >= from && key < end)
          .map(([key, value]) => ({ key, value, modRevision: 1 }) as KeyValue),
      }),
    },
    status: () => status,
    onStatus: () => () => undefined,
    watch: (_from: string, _end: string, _after: number, watcher: Watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    transact,
  } as unknown as Store;
  const sealingKey = identity.sealing;
  const log = createRingLogger(clock, 10);
  const base = { store, self: 'a', sealingKey, log, clock };
  return { simulation, identity, values, watchers, status, base };
}

describe('the authority', () => {
  it('is sealed to a new voter in the end, whatever happens to the first tries', async () => {
    const { simulation, identity, values, base } = world(3);
    const sealingKey = Buffer.from(identity.sealing.publicKey).toString('base64');
    values.set(peerKey('b'), JSON.stringify({ peer: 'b', sealingKey }));
    const keeping = keepAuthority({ ...base, founded: authority });
    const until = () => values.has(sealedAuthorityKey('b'));
    assert.ok(await simulation.run({ until, limitMs: 30_000 }));
    keeping.stop();
  });

  it('is kept from a voter whose key is none, without harm to the log', () => {
    const { values, base } = world(0);
    for (const sealingKey of ['', Buffer.alloc(32).toString('base64')]) {
      values.set(peerKey('b'), JSON.stringify({ peer: 'b', sealingKey }));
      keepAuthority({ ...base, founded: authority }).stop();
      assert.equal(values.has(sealedAuthorityKey('b')), false);
    }
  });

  it('is found by a voter that was fed by a snapshot', () => {
    const { identity, values, watchers, base } = world(0);
    const keeping = keepAuthority(base);
    assert.equal(keeping.current(), undefined);
    const box = seal(identity.sealing.publicKey, authorityPurpose, encodeAuthority(authority));
    values.set(sealedAuthorityKey('a'), Buffer.from(box).toString('base64'));
    for (const watcher of Array.from(watchers)) {
      watchers.delete(watcher);
      watcher.ended('compacted');
    }
    assert.deepEqual(keeping.current()?.api, authority.api);
    assert.equal(watchers.size, 2, 'it goes on watching');
    keeping.stop();
    assert.equal(watchers.size, 0);
  });

  it('is taken from those who should not have it any more, once all who should have it do', async () => {
    const { simulation, identity, values, status, base } = world(0);
    const sealingKey = Buffer.from(identity.sealing.publicKey).toString('base64');
    for (const peer of ['a', 'b', 'c', 'd']) {
      values.set(peerKey(peer), JSON.stringify({ peer, sealingKey }));
    }
    status.voters = ['a', 'b', 'c'];
    values.set(sealedAuthorityKey('d'), 'a box of a voter that was replaced');
    const keeping = keepAuthority({ ...base, founded: authority });
    const boxed = () => ['a', 'b', 'c', 'd'].filter((peer) => values.has(sealedAuthorityKey(peer)));
    const until = () => boxed().join('') === 'abc';
    assert.ok(await simulation.run({ until, limitMs: 30_000 }), boxed().join(''));
    keeping.stop();
  });

  it('is forgotten by a peer whose box was taken away', async () => {
    const { identity, values, watchers, base } = world(0);
    const box = seal(identity.sealing.publicKey, authorityPurpose, encodeAuthority(authority));
    values.set(sealedAuthorityKey('a'), Buffer.from(box).toString('base64'));
    const keeping = keepAuthority(base);
    assert.deepEqual(keeping.current()?.api, authority.api);
    values.delete(sealedAuthorityKey('a'));
    for (const watcher of Array.from(watchers)) watcher.events(3, []);
    assert.equal(keeping.current(), undefined);
    keeping.stop();
  });

  it('is for voters, and for learners until three peers hold it', () => {
    assert.deepEqual(holdersOf({ voters: ['b'], learners: ['a'] }), ['b', 'a']);
    assert.deepEqual(holdersOf({ voters: ['b'], learners: ['d', 'c', 'a'] }), ['b', 'a', 'c']);
    assert.deepEqual(holdersOf({ voters: ['a', 'b', 'c'], learners: ['d'] }), ['a', 'b', 'c']);
  });

  it('is not sealed to a peer whose membership was ended', () => {
    const { identity, values, base } = world(0);
    const sealingKey = Buffer.from(identity.sealing.publicKey).toString('base64');
    values.set(peerKey('b'), JSON.stringify({ peer: 'b', sealingKey, endedAtMs: 5 }));
    keepAuthority({ ...base, founded: authority }).stop();
    assert.equal(values.has(sealedAuthorityKey('b')), false);
  });

  it('is not asked by a message that cannot be answered', () => {
    assert.equal(admissionActor.schema?.({ type: 'renew', peer: 'b' }), 'nobody to answer');
    assert.equal(admissionActor.schema?.({ type: 'renew', replyTo: {} }), 'nobody to answer');
  });
});
