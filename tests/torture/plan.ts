// What befalls the peers in one round, by its seed.

import type { SeededRandom } from '../../runtime/index.ts';

export const blowKinds = ['kill', 'freeze', 'full-disk', 'cut', 'roll'] as const;
export type BlowKind = (typeof blowKinds)[number];

/** How a cut goes, seen from its first victim. */
export const cutShapes = ['isolated', 'deaf', 'mute', 'pair', 'all-apart'] as const;
export type CutShape = (typeof cutShapes)[number];

export interface Blow {
  readonly kind: BlowKind;
  /** After the start of the round. */
  readonly atMs: number;
  readonly forMs: number;
  /** How many peers it hits. */
  readonly count: number;
  /** In this order; whoever leads then comes first if `aimsAtLeader`. */
  readonly order: readonly number[];
  readonly aimsAtLeader: boolean;
  /** Between one victim and the next, coming back. */
  readonly staggerMs: number;
  readonly shape: CutShape;
}

const blowsMax = 3;
/** Blows begin in this time, so that some fall together. */
const spreadMs = 2_500;
const forMsOf: Readonly<Record<BlowKind, { readonly least: number; readonly most: number }>> = {
  kill: { least: 100, most: 2_500 },
  freeze: { least: 300, most: 5_000 },
  'full-disk': { least: 1_000, most: 4_000 },
  cut: { least: 500, most: 5_000 },
  roll: { least: 1, most: 2 },
};

/** Of `kinds` only. */
export function planRound(random: SeededRandom, kinds: readonly BlowKind[], peers: number): Blow[] {
  const count = 1 + random.integer(blowsMax);
  const blows = Array.from({ length: count }, () => planBlow(random, kinds, peers));
  return blows.sort((one, other) => one.atMs - other.atMs);
}

function planBlow(random: SeededRandom, kinds: readonly BlowKind[], peers: number): Blow {
  const kind = kinds[random.integer(kinds.length)]!;
  const { least, most } = forMsOf[kind];
  return {
    kind,
    atMs: random.integer(spreadMs),
    forMs: least + random.integer(most - least),
    // One half of the time, any number else.
    count: random.float() < 0.5 ? 1 : 1 + random.integer(peers),
    order: shuffled(random, peers),
    aimsAtLeader: random.float() < 0.5,
    staggerMs: random.integer(800),
    shape: cutShapes[random.integer(cutShapes.length)]!,
  };
}

function shuffled(random: SeededRandom, count: number): number[] {
  const all = Array.from({ length: count }, (_, at) => at);
  for (let at = count - 1; at > 0; at--) {
    const other = random.integer(at + 1);
    [all[at], all[other]] = [all[other]!, all[at]!];
  }
  return all;
}

/** Whom it hits, once it is known who leads. */
export function victimsOf(
  { order, count, aimsAtLeader }: Blow,
  leader: number | undefined,
): number[] {
  const isFirst = aimsAtLeader && leader !== undefined;
  const inTurn = isFirst ? [leader, ...order.filter((peer) => peer !== leader)] : order;
  return inTurn.slice(0, count);
}

/** `kill peer-1 peer-3 for 1200 ms` */
export function blowText({ kind, shape, atMs, forMs }: Blow, victims: readonly number[]): string {
  const who = victims.map((peer) => `peer-${peer + 1}`).join(' ');
  const what = kind === 'cut' ? `cut (${shape})` : kind;
  return `${what} ${who} at ${atMs} ms for ${forMs} ms`;
}
