// Hints in the simulated network, as gossipsub carries them: over a few hops, along links, each peer several times.
//
// Each peer grafts some of its linked peers and passes every hint it has not seen on to these. What arrives again is
// counted, with its bytes, and goes no further; so does what a peer would not say itself. Nothing repairs a hint that was missed.

import type { SeededRandom } from '../../../runtime/index.ts';
import type { NetworkCore, Station } from './stations.ts';

/** Gossipsub's degree: what a peer wishes for, what it mends below, what it refuses above. */
const DEGREE = 6;
const DEGREE_LOW = 4;
const DEGREE_HIGH = 12;

/** A peer with too few grafts looks for more this much later: at its next heartbeat, on average. */
const MEND_MS = 500;

/** What decoding a hint and passing it on takes a peer. */
const HANDLING_MS = 1;

/** Topic, message id and framing around what is published. */
const OVERHEAD_BYTES = 60;

/** Hints a peer remembers. */
const SEEN_LIMIT = 4_096;

export interface HintMesh {
  readonly linked: (one: Station, other: Station) => void;
  readonly unlinked: (one: Station, other: Station) => void;
  readonly publish: (from: Station, topic: string, data: Uint8Array) => void;
  readonly counters: () => {
    readonly published: number;
    readonly first: number;
    readonly again: number;
  };
}

export function createHintMesh(core: NetworkCore, random: SeededRandom): HintMesh {
  let published = 0;
  let first = 0;
  let again = 0;

  const graft = (one: Station, other: Station): void => {
    one.hintPeers.add(other.peer);
    other.hintPeers.add(one.peer);
  };

  const mend = (station: Station): void => {
    if (station.handlers === undefined || station.hintPeers.size >= DEGREE_LOW) return;
    const free = [...station.wires.values()]
      .map(({ to }) => to)
      .filter((to) => !station.hintPeers.has(to.peer) && to.hintPeers.size < DEGREE_HIGH);
    while (station.hintPeers.size < DEGREE && free.length > 0) {
      const at = random.integer(free.length);
      graft(station, free[at]!);
      free.splice(at, 1);
    }
  };

  const deliver = (
    from: Station,
    to: Station,
    id: number,
    topic: string,
    data: Uint8Array,
  ): void => {
    const wire = from.wires.get(to.peer);
    if (wire === undefined || !core.paths.isOpen(from.index, to.index)) return;
    core.count('hints', data.length + OVERHEAD_BYTES);
    const delayMs = core.paths.linkLatencyMs(from.index, to.index) + HANDLING_MS;
    to.host.schedule(delayMs, () => {
      if (!wire.isUp || to.handlers === undefined) return;
      if (!remember(to, id)) {
        again += 1;
        return;
      }
      first += 1;
      const verdict = to.handlers.published(from.peer, topic, data);
      if (verdict === 'pass on') spread(to, id, topic, data, from.peer);
    });
  };

  const spread = (
    station: Station,
    id: number,
    topic: string,
    data: Uint8Array,
    except?: string,
  ): void => {
    for (const peer of station.hintPeers) {
      const to = peer === except ? undefined : station.wires.get(peer)?.to;
      if (to !== undefined) deliver(station, to, id, topic, data);
    }
  };

  return {
    linked: (one, other) => {
      if (one.hintPeers.size < DEGREE && other.hintPeers.size < DEGREE) graft(one, other);
      else for (const station of [one, other]) mend(station);
    },
    unlinked: (one, other) => {
      for (const [station, lost] of [
        [one, other],
        [other, one],
      ] as const) {
        if (!station.hintPeers.delete(lost.peer)) continue;
        core.simulation.schedule(MEND_MS * (0.5 + random.float()), () => mend(station));
      }
    },
    publish: (from, topic, data) => {
      published += 1;
      remember(from, published);
      spread(from, published, topic, data);
    },
    counters: () => ({ published, first, again }),
  };
}

/** False when it was seen before. */
function remember(station: Station, id: number): boolean {
  const { seenHints } = station;
  if (seenHints.has(id)) return false;
  seenHints.add(id);
  if (seenHints.size > SEEN_LIMIT) {
    const [oldest] = seenHints;
    seenHints.delete(oldest!);
  }
  return true;
}
