// Whether those who fell silent died or were cut off: many at once look like a broken network. Pure.
//
//             a third of the living, and at least three, silent within a short window
//    whole ----------------------------------------------------------------------------> partitioned
//      ^                                                                                     |
//      +--- they are back, or it has lasted so long that they are taken for dead ------------+

import type { MemberStatus, Outlook } from '../mesh.ts';
import type { MeshTiming } from '../timing.ts';
import type { PeerId } from '../transport.ts';

/** Fewer may well die together, of one switch or one rack. */
const SILENT_LEAST = 3;

/** One in so many of those that were there. */
const SILENT_SHARE = 3;

export interface OutlookTracker {
  readonly note: (peer: PeerId, status: MemberStatus | undefined, nowMs: number) => void;
  /** `alive` counts members that are alive and not suspected, this peer included. */
  readonly judge: (alive: number, nowMs: number) => Outlook;
}

export function createOutlook(timing: MeshTiming): OutlookTracker {
  /** Suspect or dead, and since when it was not alive. In order of time. */
  const silentSince = new Map<PeerId, number>();
  let isPartitioned = false;
  let sinceMs = 0;

  /** They are in order of time: whoever is too old is first. */
  const dropOlderThan = (limitMs: number): void => {
    for (const [peer, at] of silentSince) {
      if (at > limitMs) return;
      silentSince.delete(peer);
    }
  };

  const countSince = (fromMs: number): number => {
    let count = 0;
    for (const at of silentSince.values()) if (at > fromMs) count += 1;
    return count;
  };

  return {
    note: (peer, status, nowMs) => {
      if (status !== 'suspect' && status !== 'dead') silentSince.delete(peer);
      else if (!silentSince.has(peer)) silentSince.set(peer, nowMs);
    },
    judge: (alive, nowMs) => {
      dropOlderThan(nowMs - timing.partitionMemoryMs);
      const recent = isPartitioned
        ? silentSince.size
        : countSince(nowMs - timing.partitionWindowMs);
      const isMany = recent >= SILENT_LEAST && recent * SILENT_SHARE >= alive + recent;
      if (isMany !== isPartitioned) {
        isPartitioned = isMany;
        sinceMs = nowMs;
      }
      const state = isPartitioned ? 'partitioned' : 'whole';
      return { state, alive, silent: silentSince.size, sinceMs };
    },
  };
}
