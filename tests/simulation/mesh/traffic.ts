// What peers sent, each of them and each second.

import { frameKinds } from './frame-kinds.ts';
import type { FrameKind } from './frame-kinds.ts';
import type { NetworkCounters } from './network.ts';

export interface KindRate {
  readonly messages: number;
  readonly bytes: number;
}

export interface Traffic {
  readonly kinds: Readonly<Record<FrameKind, KindRate>>;
  readonly all: KindRate;
  /** Hints that reached a peer for the first time, each peer and second. */
  readonly hintDeliveries: number;
  /** How often a hint came to a peer that got it, on average. */
  readonly hintCopies: number;
}

/** `peerSeconds`: peers, times seconds. */
export function kindsOf(
  before: NetworkCounters,
  after: NetworkCounters,
  peerSeconds: number,
): Traffic {
  const rates = frameKinds.map((kind) => {
    const messages = (after.kinds[kind].messages - before.kinds[kind].messages) / peerSeconds;
    const bytes = (after.kinds[kind].bytes - before.kinds[kind].bytes) / peerSeconds;
    return [kind, { messages, bytes }] as const;
  });
  const first = after.hints.first - before.hints.first;
  const again = after.hints.again - before.hints.again;
  return {
    kinds: Object.fromEntries(rates) as Record<FrameKind, KindRate>,
    all: {
      messages: rates.reduce((sum, [, { messages }]) => sum + messages, 0),
      bytes: rates.reduce((sum, [, { bytes }]) => sum + bytes, 0),
    },
    hintDeliveries: first / peerSeconds,
    hintCopies: first === 0 ? 0 : (first + again) / first,
  };
}
