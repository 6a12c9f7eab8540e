// What a seed makes of a run: how large the zone is, how little it keeps, and what may go wrong.

import type { RaftConfig } from '../../../consensus/raft/config.ts';
import type { Retention } from '../../../consensus/store/compaction.ts';
import type { SeededRandom } from '../../../runtime/index.ts';
import { pick } from '../../../runtime/index.ts';

export const zoneFaults = [
  'exit',
  'power',
  'exit-after',
  'power-after',
  'blackout',
  'failed-write',
  'slow-disk',
  'full-disk',
  'lying-disk',
  'loss',
  'duplication',
  'jitter',
  'partition',
  'one-way',
  'freeze',
  'drift',
  'hand-over',
  'join',
  'leave',
] as const;

export type ZoneFault = (typeof zoneFaults)[number];

export interface Plan {
  /** Peers to begin with; the first founds the zone, the others join it. */
  readonly size: number;
  readonly stormMs: number;
  /** The storm waits for the zone to have so many voters. */
  readonly votersBefore: number;
  readonly faults: readonly ZoneFault[];
  /** Between two faults: uniform between these. */
  readonly pauseMs: readonly [number, number];
  /** Faults strike the leader with this chance, anybody otherwise. */
  readonly leaderShare: number;
  /** Peers whose disks may lie, none of which is the founder: with their power they lose all. */
  readonly liars: readonly string[];
  readonly driftMax: number;
  /** After the storm all but one are lost for good, and the zone goes on from that one. */
  readonly isRecovered: boolean;
  readonly clientsPerPeer: number;
  readonly thinkMs: number;
  readonly retention: Retention;
  readonly snapshotFloorBytes: number;
  readonly segmentBytes: number;
  readonly chunkBytes: number;
  /** What is on its way to one follower at most: the less, the more often a term begins with much to catch up. */
  readonly raftLimits: Pick<RaftConfig, 'maxAppendBytes' | 'maxInflightMessages'>;
}

/** Names of peers, and most there can ever be. */
export const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'] as const;
const sizes = [1, 2, 3, 3, 3, 4, 5, 5, 5, 7] as const;
/** Each kind of fault is part of so many storms. */
const faultShare = 0.45;
const recoveredShare = 0.15;

export function planOf(random: SeededRandom, only?: readonly ZoneFault[]): Plan {
  const size = pick(random, sizes)!;
  const drawn = zoneFaults.filter(() => random.float() < faultShare);
  const faults = (only ?? drawn).filter((fault) => isFair(fault, size, only ?? drawn));
  const liars = faults.includes('lying-disk') ? (size >= 5 ? ['b', 'c'] : ['b']) : [];
  const fastest = 60 + random.integer(300);
  return {
    size,
    stormMs: 4_000 + random.integer(4_000),
    votersBefore: random.float() < 0.7 ? oddFloor(Math.min(size, 5)) : 1,
    faults,
    pauseMs: [fastest, fastest * (2 + random.integer(3))],
    leaderShare: random.float() * 0.8,
    liars,
    isRecovered: size >= 3 && random.float() < recoveredShare,
    driftMax: random.float() < 0.5 ? 0 : 0.02,
    clientsPerPeer: size > 3 ? 1 : 2,
    thinkMs: pick(random, [20, 80, 200])!,
    retention: {
      keptRevisions: pick(random, [10, 50, 300])!,
      compactionStep: pick(random, [5, 20])!,
    },
    snapshotFloorBytes: pick(random, [1_000, 4_000, 16_000])!,
    segmentBytes: pick(random, [16, 64, 256])! * 1_024,
    chunkBytes: pick(random, [700, 5_000, 100_000])!,
    raftLimits: {
      maxAppendBytes: pick(random, [1, 300, 1 << 20])!,
      maxInflightMessages: pick(random, [1, 4, 256])!,
    },
  };
}

/** A zone with a disk that lies must not shrink, or its liars might be a majority. */
function isFair(fault: ZoneFault, size: number, all: readonly ZoneFault[]): boolean {
  if (fault === 'lying-disk') return size >= 3;
  return fault !== 'leave' || !all.includes('lying-disk') || size < 3;
}

const oddFloor = (count: number): number => (count % 2 === 0 ? count - 1 : count);
