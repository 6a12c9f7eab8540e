// News of members on its way: each piece rides on a few messages and is then dropped. Pure.

import { sizeOfClaim } from './member-claim.ts';
import type { MemberUpdate } from './member-claim.ts';
import type { PeerId } from '../transport.ts';

/** Each piece is sent this many times, times the logarithm of the cluster's size. */
const REPEATS = 4;

/** What a message has room for. */
export interface NewsRoom {
  readonly count: number;
  readonly bytes: number;
}

export interface Dissemination {
  /** News about a peer replaces older news about it, unless both are voices of one suspicion. */
  readonly add: (update: MemberUpdate) => void;
  /** The least told news first, counting it as told once more. */
  readonly take: (clusterSize: number, room: NewsRoom) => readonly MemberUpdate[];
  readonly isEmpty: () => boolean;
}

interface Piece {
  readonly update: MemberUpdate;
  readonly bytes: number;
  told: number;
}

export function createDissemination(): Dissemination {
  /** By subject, then by observer. Bounded by peers x (confirmations + 1). */
  const bySubject = new Map<PeerId, Map<PeerId | undefined, Piece>>();
  /** By how often they were told, so that the least told are found without a search. */
  const byTold: Set<Piece>[] = [];

  const file = (piece: Piece): void => {
    (byTold[piece.told] ??= new Set()).add(piece);
  };

  const drop = (piece: Piece): void => {
    const { peer, by } = piece.update;
    byTold[piece.told]?.delete(piece);
    const pieces = bySubject.get(peer);
    if (pieces?.get(by) !== piece) return;
    pieces.delete(by);
    if (pieces.size === 0) bySubject.delete(peer);
  };

  const areVoices = (one: MemberUpdate, other: MemberUpdate): boolean =>
    one.status === 'suspect' &&
    other.status === 'suspect' &&
    one.incarnation === other.incarnation &&
    one.by !== other.by;

  const choose = (room: NewsRoom): readonly Piece[] => {
    const chosen: Piece[] = [];
    let left = room.bytes;
    for (const level of byTold) {
      for (const piece of level ?? []) {
        if (chosen.length === room.count || piece.bytes > left) return chosen;
        left -= piece.bytes;
        chosen.push(piece);
      }
    }
    return chosen;
  };

  return {
    add: (update) => {
      for (const piece of bySubject.get(update.peer)?.values() ?? []) {
        if (!areVoices(piece.update, update)) drop(piece);
      }
      const piece = { update, bytes: sizeOfClaim(update), told: 0 };
      const pieces = bySubject.get(update.peer) ?? new Map<PeerId | undefined, Piece>();
      bySubject.set(update.peer, pieces.set(update.by, piece));
      file(piece);
    },
    take: (clusterSize, room) => {
      const repeats = REPEATS * Math.ceil(Math.log10(clusterSize + 1));
      const chosen = choose(room);
      for (const piece of chosen) {
        drop(piece);
        piece.told += 1;
        if (piece.told >= repeats) continue;
        const { peer, by } = piece.update;
        const pieces = bySubject.get(peer) ?? new Map<PeerId | undefined, Piece>();
        bySubject.set(peer, pieces.set(by, piece));
        file(piece);
      }
      return chosen.map(({ update }) => update);
    },
    isEmpty: () => bySubject.size === 0,
  };
}
