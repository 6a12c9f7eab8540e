// The states of SWIM, one rule at a time.

import { deepEqual, equal, ok } from 'node:assert/strict';
import { createMembership } from '../../../mesh/membership/membership.ts';
import { signClaim } from '../../../mesh/membership/member-claim.ts';
import type { MemberUpdate } from '../../../mesh/membership/member-claim.ts';
import type { Membership } from '../../../mesh/membership/membership.ts';
import { LAN } from '../../../mesh/timing.ts';
import { createSimulatedSigner } from '../../simulation/simulated-signer.ts';

const says = (
  peer: string,
  status: 'alive' | 'left',
  incarnation: number,
  addresses = [`${peer}:1`],
): MemberUpdate => {
  const signer = createSimulatedSigner(peer);
  const signature = signClaim(signer, peer, { status, incarnation, addresses });
  return { peer, status, incarnation, addresses, signature: new Uint8Array(signature) };
};
const alive = (peer: string, incarnation = 1): MemberUpdate => says(peer, 'alive', incarnation);
const suspect = (peer: string, by: string, incarnation = 1): MemberUpdate => ({
  ...alive(peer, incarnation),
  status: 'suspect',
  by,
});
const dead = (peer: string, by: string, incarnation = 1): MemberUpdate => ({
  ...suspect(peer, by, incarnation),
  status: 'dead',
});

function membershipOf(...peers: string[]): Membership {
  const membership = createMembership(
    {
      peer: 'me',
      incarnation: 1,
      addresses: ['me:1'],
      signer: createSimulatedSigner('me'),
      areNear: (_, by) => !by.startsWith('far'),
    },
    LAN,
  );
  for (const peer of peers) membership.apply(alive(peer), 0);
  return membership;
}

/** On the word of another that nobody refutes. Returns when. */
function bury(membership: Membership, peer: string): number {
  membership.apply(dead(peer, 'b'), 0);
  membership.expire(LAN.hearsayMs);
  return LAN.hearsayMs;
}

/** Buffers and plain byte arrays of the same bytes are the same to us. */
const plain = (claims: readonly MemberUpdate[]): unknown =>
  claims.map((claim) => ({ ...claim, signature: [...claim.signature] }));

const status = (membership: Membership, peer: string): string | undefined =>
  membership.get(peer)?.status;

describe('membership', () => {
  it('learns of a peer and passes the news on once', () => {
    const membership = membershipOf();
    const first = membership.apply(alive('a'), 0);
    deepEqual(first.broadcast, [alive('a')]);
    equal(first.changes[0]?.was, undefined);
    deepEqual(membership.apply(alive('a'), 0).broadcast, []);
  });

  it('lets an older incarnation change nothing', () => {
    const membership = membershipOf();
    membership.apply(alive('a', 5), 0);
    membership.apply(suspect('a', 'b', 4), 0);
    membership.apply(dead('a', 'b', 4), 0);
    equal(status(membership, 'a'), 'alive');
  });

  it('buries a suspect when its time is over and not before', () => {
    const membership = membershipOf('a');
    membership.suspect('a', 1000, 1);
    const dueMs = membership.nextDeadlineMs()!;
    membership.expire(dueMs - 1);
    equal(status(membership, 'a'), 'suspect');
    equal(membership.expire(dueMs).changes[0]?.record.status, 'dead');
  });

  it('waits the shortest time when all observers agree, the longest when none does', () => {
    const membership = membershipOf('a', 'b', 'c', 'd', 'e');
    membership.suspect('a', 0, 1);
    equal(membership.nextDeadlineMs(), LAN.suspicionMaxMs);
    const seen = ['b', 'c', 'd'].map((by) => {
      membership.apply(suspect('a', by), 10);
      return membership.nextDeadlineMs()!;
    });
    ok(LAN.suspicionMaxMs > seen[0]! && seen[0]! > seen[1]! && seen[1]! > seen[2]!);
    equal(seen[2], LAN.suspicionMinMs);
  });

  it('counts each observer once', () => {
    const membership = membershipOf('a', 'b', 'c', 'd');
    membership.suspect('a', 0, 1);
    membership.apply(suspect('a', 'b'), 0);
    const once = membership.nextDeadlineMs();
    deepEqual(membership.apply(suspect('a', 'b'), 0).broadcast, []);
    equal(membership.nextDeadlineMs(), once);
  });

  it('gives one that contradicted lately more time, but none to a new life or to who was cut off', () => {
    const lasts = (membership: Membership, nowMs: number): number => {
      membership.suspect('a', nowMs, 1);
      return membership.nextDeadlineMs()! - nowMs;
    };
    const slow = membershipOf('a', 'b', 'c');
    const usualMs = lasts(slow, 0);
    slow.apply(alive('a', 2), 500);
    equal(lasts(slow, 1_000), 2 * usualMs);
    slow.apply(alive('a', 3), 1_500);
    equal(lasts(slow, 2_000), 3 * usualMs);
    slow.apply(alive('a', 4), 2_500);
    equal(lasts(slow, 120_000), usualMs);
    const cutOff = membershipOf('a', 'b', 'c');
    cutOff.suspect('a', 0, 1);
    cutOff.expire(usualMs);
    cutOff.apply(alive('a', 2), 20_000);
    equal(lasts(cutOff, 21_000), usualMs);
    const restarted = membershipOf('a', 'b', 'c');
    restarted.suspect('a', 0, 1);
    restarted.apply(alive('a', 10_000), 500);
    equal(lasts(restarted, 1_000), usualMs);
  });

  it('suspects nobody once it has left: that others end their links says nothing of them', () => {
    const membership = membershipOf('a');
    membership.announce({ status: 'left' });
    deepEqual(membership.suspect('a', 0, 1).changes, []);
    equal(status(membership, 'a'), 'alive');
  });

  it('names those whom it suspects by what it saw itself, until they refute', () => {
    const membership = membershipOf('a', 'b');
    membership.suspect('a', 0, 1);
    membership.apply(suspect('b', 'a'), 0);
    deepEqual(plain(membership.doubts()), plain([suspect('a', 'me')]));
    membership.apply(alive('a', 2), 1);
    deepEqual(membership.doubts(), []);
  });

  it('gives a suspect of an unwell observer more time', () => {
    const membership = membershipOf('a');
    membership.suspect('a', 0, 3);
    equal(membership.nextDeadlineMs(), 3 * LAN.suspicionMinMs);
  });

  it('believes a refutation with a higher incarnation', () => {
    const membership = membershipOf('a', 'b');
    membership.suspect('a', 0, 1);
    membership.apply(alive('a', 2), 1);
    equal(status(membership, 'a'), 'alive');
    equal(membership.nextDeadlineMs(), undefined);
  });

  it('refutes what is said of itself, above the claim', () => {
    const membership = membershipOf('a');
    const outcome = membership.apply(suspect('me', 'a', 7), 0);
    ok(outcome.refuted);
    deepEqual(plain(outcome.broadcast), plain([alive('me', 8)]));
  });

  it('outbids a life of its own that a clock set back makes look newer', () => {
    const membership = membershipOf();
    membership.apply(alive('me', 1_000_000), 0);
    equal(membership.get('me')?.incarnation, 1_000_001);
  });

  it('does not refute its own leaving', () => {
    const membership = membershipOf('a');
    membership.announce({ status: 'left' });
    ok(!membership.apply(suspect('me', 'a', 9), 0).refuted);
    equal(status(membership, 'me'), 'left');
  });

  it('raises the dead only with a higher incarnation', () => {
    const membership = membershipOf('a');
    bury(membership, 'a');
    membership.apply(alive('a'), LAN.hearsayMs);
    equal(status(membership, 'a'), 'dead');
    membership.apply(alive('a', 2), LAN.hearsayMs);
    equal(status(membership, 'a'), 'alive');
  });

  it('gives whom another calls dead time to refute, and no more', () => {
    const membership = membershipOf('a', 'b');
    const outcome = membership.apply(dead('a', 'b'), 0);
    deepEqual(plain(outcome.broadcast), plain([suspect('a', 'b')]));
    deepEqual(outcome.doubted, ['a']);
    equal(status(membership, 'a'), 'suspect');
    equal(membership.nextDeadlineMs(), LAN.hearsayMs);
    membership.apply(alive('a', 2), LAN.hearsayMs - 1);
    equal(status(membership, 'a'), 'alive');
    membership.apply(dead('a', 'b', 2), 1000);
    equal(membership.nextDeadlineMs(), 1000 + LAN.hearsayMs);
    equal(membership.expire(1000 + LAN.hearsayMs).changes.length, 1);
    equal(status(membership, 'a'), 'dead');
  });

  it('believes in a death at once of whom it has suspected for that long', () => {
    const membership = membershipOf('a', 'b', 'c', 'd', 'e', 'f');
    membership.suspect('a', 0, 1);
    ok(membership.nextDeadlineMs()! > LAN.hearsayMs);
    membership.apply(dead('a', 'b'), LAN.hearsayMs);
    equal(status(membership, 'a'), 'dead');
  });

  it('puts off all verdicts by the time this peer stood still', () => {
    const membership = membershipOf('a');
    membership.suspect('a', 0, 1);
    membership.excuse(5000);
    membership.expire(LAN.suspicionMinMs + 4999);
    equal(status(membership, 'a'), 'suspect');
  });

  it('forgets the long dead', () => {
    const membership = membershipOf('a');
    const diedMs = bury(membership, 'a');
    deepEqual(membership.forget(diedMs + LAN.forgetMs - 1), []);
    deepEqual(membership.forget(diedMs + LAN.forgetMs), ['a']);
    equal(membership.get('a'), undefined);
  });

  it('does not believe an incarnation no clock could give', () => {
    const membership = membershipOf('a');
    membership.apply(alive('a', 2 ** 52), 0);
    equal(membership.get('a')?.incarnation, 1);
  });
});
