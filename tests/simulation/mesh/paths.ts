// What a packet meets between two peers: found without a search, since each frame of a thousand peers asks.

import type { SeededRandom } from '../../../runtime/index.ts';
import { GOOD_PATH } from '../simulated-network.ts';
import type { PathConditions } from '../simulated-network.ts';

/** More peers than this have no numbers of their own. */
const PEER_LIMIT = 65_536;

/** A packet that is lost on a link is sent again after this and a round trip, then after twice as long, and so on. */
const RESEND_FIRST_MS = 200;
const RESENDS_MAX = 6;

type Conditions = Partial<PathConditions>;

/** Peers are numbers here. */
export interface Paths {
  /** Every path from now on, but for what is said of single ones. */
  readonly setAll: (conditions: Conditions) => void;
  /** All paths that begin at this peer. */
  readonly setFrom: (peer: number, conditions: Conditions) => void;
  /** All paths that end at this peer. */
  readonly setTo: (peer: number, conditions: Conditions) => void;
  /** Both directions between two peers. */
  readonly setPair: (one: number, other: number, conditions: Conditions) => void;
  /** One direction between two peers. */
  readonly setPath: (from: number, to: number, conditions: Conditions) => void;
  /** Peers of different groups do not hear each other; undefined ends the partition. */
  readonly partition: (groupOf: ((peer: number) => number) | undefined) => void;
  /** Forgets what was said of single peers and paths, and ends the partition. */
  readonly heal: () => void;
  /** Each pair has a latency of its own between these, for good: continents. Undefined: all are near. */
  readonly setDistances: (range: readonly [number, number] | undefined) => void;
  readonly of: (from: number, to: number) => PathConditions;
  readonly isOpen: (from: number, to: number) => boolean;
  /** Of one packet that arrives. */
  readonly latencyMs: (from: number, to: number) => number;
  /** Of one frame on a link: what is lost is sent again, and what comes later waits for it. */
  readonly linkLatencyMs: (from: number, to: number) => number;
}

export function createPaths(random: SeededRandom): Paths {
  const pairs = new Map<number, Conditions>();
  const sources = new Map<number, Conditions>();
  const targets = new Map<number, Conditions>();
  /** What was put together for single paths; forgotten when anything changes. */
  const composed = new Map<number, PathConditions>();
  let usual = GOOD_PATH;
  let groupOf: ((peer: number) => number) | undefined;
  let distances: readonly [number, number] | undefined;
  const pairSalt = random.integer(2 ** 20);

  const compose = (from: number, to: number): PathConditions => {
    const key = from * PEER_LIMIT + to;
    const known = composed.get(key);
    if (known !== undefined) return known;
    const fresh = { ...usual, ...sources.get(from), ...targets.get(to), ...pairs.get(key) };
    composed.set(key, fresh);
    return fresh;
  };

  const of = (from: number, to: number): PathConditions =>
    sources.size === 0 && targets.size === 0 && pairs.size === 0 ? usual : compose(from, to);

  const change = (map: Map<number, Conditions>, key: number, conditions: Conditions): void => {
    map.set(key, { ...map.get(key), ...conditions });
    composed.clear();
  };

  /** The same in both directions, and as if drawn anew for each pair. */
  const distanceMs = (
    one: number,
    other: number,
    [min, max]: readonly [number, number],
  ): number => {
    const [low, high] = one < other ? [one, other] : [other, one];
    const word = Math.imul(low * 0x9e3779b1 + pairSalt, 0x85ebca77) ^ Math.imul(high, 0xc2b2ae3d);
    const mixed = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d);
    return min + (((mixed ^ (mixed >>> 13)) >>> 0) / 2 ** 32) * (max - min);
  };

  const latencyMs = (from: number, to: number): number => {
    const { latencyMinMs, latencyMaxMs } = of(from, to);
    const range = latencyMinMs + random.float() * (latencyMaxMs - latencyMinMs);
    const nearMs = random.float() < 0.05 ? range * (1 + 2 * random.float()) : range;
    return distances === undefined ? nearMs : nearMs + distanceMs(from, to, distances);
  };

  return {
    setAll: (conditions) => {
      usual = { ...usual, ...conditions };
      composed.clear();
    },
    setFrom: (peer, conditions) => change(sources, peer, conditions),
    setTo: (peer, conditions) => change(targets, peer, conditions),
    setPair: (one, other, conditions) => {
      change(pairs, one * PEER_LIMIT + other, conditions);
      change(pairs, other * PEER_LIMIT + one, conditions);
    },
    setPath: (from, to, conditions) => change(pairs, from * PEER_LIMIT + to, conditions),
    partition: (groups) => {
      groupOf = groups;
    },
    heal: () => {
      groupOf = undefined;
      for (const map of [pairs, sources, targets, composed]) map.clear();
    },
    setDistances: (range) => {
      distances = range;
    },
    of,
    isOpen: (from, to) =>
      !of(from, to).isCut && (groupOf === undefined || groupOf(from) === groupOf(to)),
    latencyMs,
    linkLatencyMs: (from, to) => {
      const { loss } = of(from, to);
      const onceMs = latencyMs(from, to);
      let waitMs = 0;
      if (loss > 0) {
        const firstMs = RESEND_FIRST_MS + 2 * onceMs;
        for (let tries = 0; tries < RESENDS_MAX && random.float() < loss; tries++) {
          waitMs += firstMs * 2 ** tries;
        }
      }
      return onceMs + waitMs;
    },
  };
}
