// The pure parts of belonging: who is let in, who may be removed, what a refusal proves, what a list shows.

import assert from 'node:assert/strict';
import { refuseRemoval } from '../../../actors/admission/peer-removal.ts';
import { clusterKey, peerKey } from '../../../actors/admission/records.ts';
import type { PeerRecord } from '../../../actors/admission/records.ts';
import { createRefusalWatch } from '../../../actors/admission/refusal-watch.ts';
import { standingOf } from '../../../actors/admission/standing.ts';
import { listPeers, peerNamed } from '../../../actors/peer-listing.ts';
import {
  generateSigningKey,
  issueCertificate,
  signEd25519,
  verifyEd25519,
} from '../../../mesh/index.ts';
import type { Member, Standing } from '../../../mesh/index.ts';
import { judgeMember } from '../../../mesh/belonging/member-judgement.ts';
import { SkeinError } from '../../../runtime/index.ts';
import { createMemoryStore } from '../objects/memory-store.ts';

describe('who shows a certificate', () => {
  const authority = generateSigningKey();
  const certificate = issueCertificate(
    { v: 1, cluster: 'c', peer: 'p', zone: 'z', notBefore: 1_000, notAfter: 2_000, serial: 's' },
    (bytes) => signEd25519(authority.seed, bytes),
  );
  const judged = (standing: Standing, wallMs = 1_500, over = {}): string => {
    const terms = { peer: 'p', cluster: 'c', authorityKey: authority.publicKey, wallMs };
    const result = judgeMember(
      certificate,
      { ...terms, ...over, standing: () => standing },
      verifyEd25519,
    );
    return result.ok ? 'in' : result.error.code;
  };

  it('is let in when the list says so, whatever the dates', () => {
    assert.equal(judged('member'), 'in');
    assert.equal(judged('member', 9_000_000), 'in');
  });

  it('and is on no list that is up to date is not, though the authority’s key signed it', () => {
    assert.equal(judged('stranger'), 'unavailable');
    assert.equal(judged('ended'), 'forbidden');
  });

  it('to one without a list is let in while the certificate holds', () => {
    assert.equal(judged('unknown'), 'in');
    assert.equal(judged('unknown', 9_000_000), 'unauthorized');
  });

  it('of another peer, cluster or authority is not, even a member', () => {
    assert.equal(judged('member', 1_500, { peer: 'q' }), 'unauthorized');
    assert.equal(judged('member', 1_500, { cluster: 'd' }), 'unauthorized');
    const other = { authorityKey: generateSigningKey().publicKey };
    assert.equal(judged('member', 1_500, other), 'unauthorized');
  });
});

describe('the list of members', () => {
  const store = (leader: string | undefined, records: readonly Partial<PeerRecord>[]) => {
    const memory = createMemoryStore();
    const put = (key: string, value: unknown) =>
      memory.apply({ compare: [], success: [{ type: 'put', key, value: JSON.stringify(value) }] });
    put(clusterKey, { name: 'c' });
    for (const record of records) put(peerKey(record.peer!), record);
    return { view: memory.view, status: () => ({ ...memory.status(), leader }) as never };
  };

  it('calls a peer that it lacks a stranger only while it keeps up with a leader', () => {
    assert.equal(standingOf(store('a', []), 'p', 0), 'stranger');
    assert.equal(standingOf(store(undefined, []), 'p', 0), 'unknown');
    assert.equal(standingOf(store(undefined, [{ peer: 'p' }]), 'p', 0), 'member');
  });

  it('that may be old believes a certificate from after the end; one that keeps up believes none', () => {
    const ended = [{ peer: 'p', endedAtMs: 500 }];
    assert.equal(standingOf(store(undefined, ended), 'p', 501), 'unknown');
    assert.equal(standingOf(store(undefined, ended), 'p', 500), 'ended');
    assert.equal(standingOf(store('a', ended), 'p', 501), 'ended');
  });

  it('shows members that were never met, and of a name the one who has it now', () => {
    const member = { peer: 'old', status: 'left', addresses: [], facts: { name: 'ada' } };
    const record = { zone: 'z', addresses: [], sealingKey: '', admittedAtMs: 1, name: 'ada' };
    const listed = listPeers(
      [member as unknown as Member],
      [
        { ...record, peer: 'old', endedAtMs: 5, endedBy: 'removal' },
        { ...record, peer: 'new' },
        { ...record, peer: 'long-gone', endedAtMs: 2 },
      ],
    );
    const shown = listed.map(({ peer, state }) => `${peer} ${state}`);
    assert.deepEqual(shown, ['old removed', 'new unseen']);
    assert.equal(peerNamed(listed, 'ada')?.peer, 'new');
  });
});

describe('removing a peer', () => {
  const refusal = (
    peer: string,
    zone: { voters: string[]; learners?: string[]; witnesses?: string[]; dead?: string[] },
  ): string =>
    refuseRemoval(peer, {
      self: 'self',
      learners: [],
      witnesses: [],
      ...zone,
      isAlive: (other) => !(zone.dead ?? []).includes(other),
      nameOf: (other) => other,
    })?.message ?? 'may go';

  it('is done for voters, dead or alive, and learners, while a quorum stays', () => {
    assert.equal(refusal('a', { voters: ['a', 'b', 'c'] }), 'may go');
    assert.equal(refusal('a', { voters: ['a', 'b', 'c'], dead: ['a'] }), 'may go');
    assert.equal(refusal('d', { voters: ['a', 'b', 'c'], learners: ['d'], dead: ['a'] }), 'may go');
  });

  it('is refused, in words, where the quorum would be lost', () => {
    assert.match(
      refusal('a', { voters: ['a', 'b', 'c'], dead: ['b'] }),
      /cost the zone its quorum: .* 2 must stay alive and 1 would; bring back b first/,
    );
    assert.match(refusal('a', { voters: ['a'], learners: ['b'] }), /the only vote .* skein leave/);
  });

  it('is refused for the last peer, the last full one and the one that is asked', () => {
    assert.match(refusal('a', { voters: ['a'] }), /only peer of its zone: stop it/);
    assert.match(refusal('a', { voters: ['a', 'w'], witnesses: ['w'] }), /only witnesses/);
    assert.match(refusal('self', { voters: ['self', 'b', 'c'] }), /skein leave --peer self/);
  });
});

describe('a refused link', () => {
  const ended = new SkeinError('forbidden', 'ended');

  it('ends nobody at once, nor while any other link is there', () => {
    const watch = createRefusalWatch();
    assert.equal(watch.heard(ended, false, 0), undefined);
    assert.equal(watch.heard(ended, true, 5_000), undefined);
    assert.equal(watch.heard(ended, false, 6_000), undefined);
    assert.equal(watch.heard('admitted', false, 7_000), undefined);
    assert.equal(watch.heard(ended, false, 9_500), undefined);
  });

  it('that lasts, with nobody else there, is believed', () => {
    const watch = createRefusalWatch();
    watch.heard(ended, false, 0);
    assert.equal(watch.heard(ended, false, 3_000), 'ended');
    const stranger = new SkeinError('unavailable', 'not on the list');
    watch.heard(stranger, false, 4_000);
    assert.equal(watch.heard(stranger, false, 7_000), 'stranger');
  });
});
