// What another peer lacks of the facts held here, in messages of bounded size. Pure.

import type { Origin } from './facts-origin.ts';
import { sizeOf } from './signed-facts.ts';
import type { FactsDelta, FactsVersion } from './signed-facts.ts';
import type { PeerId } from '../transport.ts';

/** One message carries at most this much; the rest is asked for after it. */
const DELTA_LIMIT_BYTES = 64 * 1024;

/** A peer's id, its versions and its signature, as they travel. */
const HEADER_BYTES = 160;

export interface DeltaBatch {
  readonly deltas: readonly FactsDelta[];
  /** What there would be more of. */
  readonly rest: readonly FactsVersion[];
}

/** All that is newer here than what is held there; undefined when nothing is. */
export function missing(
  peer: PeerId,
  origin: Origin,
  held: FactsVersion | undefined,
): FactsDelta | undefined {
  const { incarnation, version, signature } = origin;
  if (held !== undefined && held.incarnation > incarnation) return undefined;
  const from = held?.incarnation === incarnation ? held.version : 0;
  // Who has said nothing yet has nothing to sign.
  if (from >= version) return undefined;
  const entries = [...origin.entries.values()].filter((entry) => entry.version > from);
  return { peer, incarnation, from, version, entries, signature: signature() };
}

/** The small ones first, so that one who says much holds up nobody. A peer's delta is never cut: one part of it proves nothing. */
export function deltasFor(
  lacking: readonly (FactsDelta | undefined)[],
  limitBytes = DELTA_LIMIT_BYTES,
): DeltaBatch {
  const sized = lacking
    .filter((delta) => delta !== undefined)
    .map((delta) => ({ delta, bytes: deltaBytes(delta) }))
    .sort((a, b) => a.bytes - b.bytes);
  let left = limitBytes;
  const count = sized.findIndex(({ bytes }, i) => {
    left -= bytes;
    return left < 0 && i > 0;
  });
  const fits = count < 0 ? sized.length : count;
  return {
    deltas: sized.slice(0, fits).map(({ delta }) => delta),
    rest: sized
      .slice(fits)
      .map(({ delta: { peer, incarnation, version } }) => ({ peer, incarnation, version })),
  };
}

export const deltaBytes = ({ entries }: FactsDelta): number =>
  entries.reduce((sum, entry) => sum + sizeOf(entry), HEADER_BYTES);
