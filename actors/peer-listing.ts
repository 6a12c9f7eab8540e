// Who belongs to the cluster, for people: what the mesh sees of each peer, beside what the log says of its membership. Pure.

import type { Member, MemberStatus, PeerId } from '../mesh/index.ts';
import type { PeerRecord } from './admission/records.ts';

export interface ListedPeer extends Pick<Member, 'peer' | 'addresses' | 'facts' | 'factsMs'> {
  readonly name: string;
  /** `unseen`: a member that this peer has not met since it started. */
  readonly state: MemberStatus | 'unseen' | 'removed';
  readonly admittedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
}

/** Everybody that the mesh sees or the log lists, but for those that are gone from both. */
export function listPeers(
  members: readonly Member[],
  records: readonly PeerRecord[],
): readonly ListedPeer[] {
  const seen = new Map(members.map((member) => [member.peer, member]));
  const known = new Map(records.map((record) => [record.peer, record]));
  const isListed = (peer: PeerId): boolean =>
    seen.has(peer) || known.get(peer)?.endedAtMs === undefined;
  return [...new Set([...seen.keys(), ...known.keys()])]
    .filter(isListed)
    .map((peer) => listed(peer, seen.get(peer), known.get(peer)));
}

function listed(
  peer: PeerId,
  member: Member | undefined,
  record: PeerRecord | undefined,
): ListedPeer {
  return {
    peer,
    name: member?.facts.name ?? record?.name ?? peer,
    state: stateOf(member, record),
    addresses: member?.addresses ?? record?.addresses ?? [],
    facts: member?.facts ?? (record === undefined ? {} : { zone: record.zone }),
    factsMs: member?.factsMs,
    admittedAtMs: record?.admittedAtMs,
    endedAtMs: record?.endedAtMs,
  };
}

function stateOf(member: Member | undefined, record: PeerRecord | undefined): ListedPeer['state'] {
  if (record?.endedAtMs !== undefined) return record.endedBy === 'removal' ? 'removed' : 'left';
  return member?.status ?? 'unseen';
}

/** The peer that is meant by a name: of several that had it, the one that has it now. */
export const peerNamed = (peers: readonly ListedPeer[], name: string): ListedPeer | undefined =>
  peers.find((peer) => peer.name === name && peer.endedAtMs === undefined) ??
  peers.find((peer) => peer.name === name);
