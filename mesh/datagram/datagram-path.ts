// Whether datagrams pass both ways on a link, known only from what passed. Pure: time comes in, probes go out as data.
//
//              the other side saw one of ours
//   closed --------------------------------------> open
//     |  probes, ever more rarely                   |  a probe when nothing was proven for a while
//     ^                                             |
//     +---- what was sent, and probes, unproven ----+
//
// Every datagram says which counter its sender last saw, so each answer to anything proves the way there and back.

import type { Random } from '../../runtime/index.ts';

/** What was sent and not proven within this is followed by a probe, and so is each probe. */
const DOUBT_MS = 1_000;

/** So many probes in a row without proof close the path. */
const DOUBTS = 2;

/** An open path that carries nothing is probed this often: NATs forget a mapping after 30 s. */
const IDLE_MS = 20_000;

/** A closed path is tried after this, doubling up to the longest; also the least time between two probes. */
const RETRY_FIRST_MS = 250;
const RETRY_LONGEST_MS = 60_000;

export interface DatagramPath {
  readonly isOpen: () => boolean;
  /** A datagram with this counter was handed to the network; not of answers, which nobody need prove. */
  readonly sent: (counter: number, nowMs: number) => void;
  /** A genuine datagram says that `seen` is the highest counter the other side got. */
  readonly heard: (seen: number, nowMs: number) => void;
  /** The other side's address changed: what is proven of the old one says nothing of the new one. */
  readonly moved: (nowMs: number) => void;
  /** Moves on what is due. True: a probe is to be sent now. */
  readonly wake: (nowMs: number) => boolean;
  readonly nextWakeMs: () => number;
}

/** The first probe is due at once. */
export function createDatagramPath(random: Random, startMs: number): DatagramPath {
  let isOpen = false;
  /** The first counter of those sent that is not proven to have arrived. */
  let unproven: number | undefined;
  let lastCounter = 0;
  /** Probes sent since the last proof. */
  let doubts = 0;
  let probedMs = -Infinity;
  let dueMs = startMs;

  const jittered = (ms: number): number => ms * (0.75 + random.float() / 2);

  const time = (nowMs: number): void => {
    if (isOpen) {
      dueMs = nowMs + (unproven === undefined ? jittered(IDLE_MS) : DOUBT_MS);
    } else {
      const pauseMs = Math.min(RETRY_LONGEST_MS, RETRY_FIRST_MS * 2 ** Math.min(doubts, 16));
      dueMs = nowMs + jittered(pauseMs);
    }
  };

  return {
    isOpen: () => isOpen,
    sent: (counter, nowMs) => {
      lastCounter = counter;
      if (unproven !== undefined) return;
      unproven = counter;
      if (isOpen) dueMs = Math.min(dueMs, nowMs + DOUBT_MS);
    },
    heard: (seen, nowMs) => {
      if (unproven !== undefined && seen >= unproven) {
        unproven = seen < lastCounter ? seen + 1 : undefined;
        isOpen = true;
        doubts = 0;
        time(nowMs);
      } else if (!isOpen) {
        // One way works: worth a try of the other at once.
        dueMs = Math.min(dueMs, Math.max(nowMs, probedMs + RETRY_FIRST_MS));
      }
    },
    moved: (nowMs) => {
      unproven = undefined;
      dueMs = Math.min(dueMs, Math.max(nowMs, probedMs + RETRY_FIRST_MS));
    },
    wake: (nowMs) => {
      if (nowMs < dueMs) return false;
      if (unproven !== undefined && doubts >= DOUBTS) isOpen = false;
      doubts += 1;
      probedMs = nowMs;
      time(nowMs);
      return true;
    },
    nextWakeMs: () => dueMs,
  };
}
