// The address of a peer that nobody can dial: the peers through which it is reached. Pure.
//
// Where most pairs have no link, whoever wants to reach such a peer need not have any in common with it. So it announces
// some of those it is linked to, beside or in place of what it listens on: `relay:PEER`.

import type { PeerId } from '../transport.ts';

const PREFIX = 'relay:';

/** Relays that one peer announces: one to use, two in case that it is lost. */
const HINTS_LIMIT = 3;

/** A relay whose link was lost is announced so long: most come back, and each announcement is news for all. */
const GRACE_MS = 30_000;

export const formatRelayHint = (relay: PeerId): string => `${PREFIX}${relay}`;

/** The relay that an address names; undefined for one that is dialled. */
export const parseRelayHint = (address: string): PeerId | undefined =>
  address.startsWith(PREFIX) ? address.slice(PREFIX.length) : undefined;

export interface RelayHints {
  /** The relays to announce now, given whom this peer is linked to directly. Changes as rarely as it can. */
  readonly choose: (linked: readonly PeerId[], nowMs: number) => readonly PeerId[];
}

export function createRelayHints(): RelayHints {
  const chosen = new Map<PeerId, number>();
  return {
    choose: (linked, nowMs) => {
      for (const peer of linked) if (chosen.has(peer)) chosen.set(peer, nowMs);
      for (const [peer, seenMs] of chosen) if (nowMs - seenMs > GRACE_MS) chosen.delete(peer);
      for (const peer of linked) if (chosen.size < HINTS_LIMIT) chosen.set(peer, nowMs);
      return [...chosen.keys()].sort();
    },
  };
}
