// The network of a zone: it delays, reorders, loses, repeats and parts, in both directions or in one.

import type { SeededRandom, Simulation } from '../../../runtime/index.ts';
import { ENVELOPE_LIMIT_BYTES } from '../../../mesh/messages/envelope.ts';
import { bytesIn, copyOf, isOfRaft } from './wire.ts';

/** A message that comes twice comes again within so long. */
const latestDuplicateMs = 300;
const latencyMs = 1;

export interface ZoneNetwork {
  /** False when the mesh would not carry it. `deliver` gets a copy, later, or twice, or never. */
  readonly send: (
    from: string,
    to: string,
    message: unknown,
    deliver: (copy: unknown) => void,
  ) => boolean;
  /** Whether what `from` sends reaches `to`. */
  readonly isCut: (from: string, to: string) => boolean;
  /** Parts these from all others. */
  readonly part: (group: ReadonlySet<string>) => void;
  /** What these send reaches none of the others; what others send still reaches them. */
  readonly silence: (group: ReadonlySet<string>) => void;
  readonly join: () => void;
  readonly setLoss: (share: number) => void;
  readonly setDuplication: (share: number) => void;
  /** Up to so much is added to each message's way: the longer, the more of them overtake each other. */
  readonly setJitterMs: (ms: number) => void;
}

export const calmJitterMs = 4;

export function createZoneNetwork(simulation: Simulation, random: SeededRandom): ZoneNetwork {
  let isCut = (_from: string, _to: string): boolean => false;
  let loss = 0;
  let duplication = 0;
  let jitterMs = calmJitterMs;
  return {
    send: (from, to, message, deliver) => {
      const copy = copyOf(message);
      if (bytesIn(copy) > ENVELOPE_LIMIT_BYTES) return false;
      if (isCut(from, to) || random.float() < loss) return true;
      const arrive = (): void => {
        if (!isCut(from, to)) deliver(copy);
      };
      simulation.schedule(latencyMs + random.float() * jitterMs, arrive);
      if (duplication > 0 && isOfRaft(message) && random.float() < duplication) {
        simulation.schedule(latencyMs + random.integer(latestDuplicateMs), arrive);
      }
      return true;
    },
    isCut: (from, to) => isCut(from, to),
    part: (group) => {
      isCut = (from, to) => group.has(from) !== group.has(to);
    },
    silence: (group) => {
      isCut = (from, to) => group.has(from) && !group.has(to);
    },
    join: () => {
      isCut = () => false;
    },
    setLoss: (share) => (loss = share),
    setDuplication: (share) => (duplication = share),
    setJitterMs: (ms) => (jitterMs = ms),
  };
}
