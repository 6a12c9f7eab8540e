// Whom one has asked for facts, whom one believes, and how fast one talks: what exchanges remember. Pure.

import type { FactsVersion } from './signed-facts.ts';
import { createRumors } from './rumors.ts';
import type { Rumors } from './rumors.ts';
import type { MeshTiming } from '../timing.ts';
import type { PeerId } from '../transport.ts';

/** Keys that change all the time and may be seconds old; every other key is urgent. */
const CALM_KEYS: ReadonlySet<string> = new Set(['load', 'allocated']);

/** After an urgent change, so many quick rounds; after any other, so many at the usual pace. */
const HOT_ROUNDS = 3;
const WARM_ROUNDS = 5;

/** Peers asked per round while there is news, and when there is none. */
const NEWS_FANOUT = 3;
const IDLE_FANOUT = 1;

/** What was asked of one peer is not asked of another for so long. */
const PULL_PATIENCE_MS = 500;

/** Pulls remembered; with more, something may be asked for twice. */
const PULLS_LIMIT = 2_048;

/** Whoever passed on what was never signed is not listened to for so long: each lie costs a check. */
const DISTRUST_MS = 10_000;

/** While much changes, the hashes of two peers differ all the time, and comparing buckets tells little. */
const BUSY_COMPARISON_MS = 2_000;

/** With one peer at a time; it may take so long. */
const COMPARISON_MS = 300;

export interface FactsTalk {
  readonly rumors: Rumors;
  /** Something changed here or was learned. */
  readonly stir: (keys: readonly string[]) => void;
  /** Begins a round: to how many peers. */
  readonly round: (nowMs: number) => number;
  /** How long until the next round. */
  readonly paceMs: (timing: MeshTiming) => number;
  /** Since the last round. */
  readonly restedMs: (nowMs: number) => number;
  /** Those that nobody else was asked for just now; counts them as asked of `from`. */
  readonly toPull: (
    have: readonly FactsVersion[],
    from: PeerId,
    nowMs: number,
  ) => readonly FactsVersion[];
  /** Whether to answer a hash that differs with the hashes of all buckets. */
  readonly mayCompare: (isBusy: boolean, nowMs: number) => boolean;
  /** Whether to go on with a comparison that this peer offers. */
  readonly takesComparison: (nowMs: number) => boolean;
  readonly distrust: (peer: PeerId, nowMs: number) => void;
  readonly trusts: (peer: PeerId, nowMs: number) => boolean;
}

export function isUrgent(keys: readonly string[]): boolean {
  return keys.some((key) => !CALM_KEYS.has(key));
}

export function createFactsTalk(): FactsTalk {
  const rumors = createRumors();
  const asked = new Map<PeerId, { readonly from: PeerId; readonly untilMs: number }>();
  // Bounded by members: only links of members carry facts.
  const distrusted = new Map<PeerId, number>();
  let [hotRounds, warmRounds] = [0, 0];
  let [roundMs, comparedMs, comparingUntilMs] = [-Infinity, -Infinity, -Infinity];

  return {
    rumors,
    stir: (keys) => {
      if (isUrgent(keys)) hotRounds = HOT_ROUNDS;
      warmRounds = WARM_ROUNDS;
    },
    round: (nowMs) => {
      const isQuiet = hotRounds === 0 && warmRounds === 0 && rumors.isEmpty();
      if (hotRounds > 0) hotRounds -= 1;
      else if (rumors.isEmpty()) warmRounds = Math.max(0, warmRounds - 1);
      roundMs = nowMs;
      return isQuiet ? IDLE_FANOUT : NEWS_FANOUT;
    },
    paceMs: ({ factsHotMs, factsIntervalMs, factsIdleMs }) => {
      if (hotRounds > 0) return factsHotMs;
      return warmRounds > 0 || !rumors.isEmpty() ? factsIntervalMs : factsIdleMs;
    },
    restedMs: (nowMs) => nowMs - roundMs,
    toPull: (have, from, nowMs) => {
      const fresh = have.filter(({ peer }) => {
        const before = asked.get(peer);
        return before === undefined || before.from === from || before.untilMs <= nowMs;
      });
      for (const { peer } of fresh) {
        asked.delete(peer);
        asked.set(peer, { from, untilMs: nowMs + PULL_PATIENCE_MS });
      }
      for (const peer of asked.keys()) {
        if (asked.size <= PULLS_LIMIT) break;
        asked.delete(peer);
      }
      return fresh;
    },
    mayCompare: (isBusy, nowMs) => {
      if (nowMs - comparedMs < (isBusy ? BUSY_COMPARISON_MS : COMPARISON_MS)) return false;
      comparedMs = nowMs;
      return true;
    },
    takesComparison: (nowMs) => {
      if (nowMs < comparingUntilMs) return false;
      comparingUntilMs = nowMs + COMPARISON_MS;
      return true;
    },
    distrust: (peer, nowMs) => distrusted.set(peer, nowMs + DISTRUST_MS),
    trusts: (peer, nowMs) => {
      const untilMs = distrusted.get(peer);
      if (untilMs === undefined || untilMs > nowMs) return untilMs === undefined;
      return distrusted.delete(peer);
    },
  };
}
