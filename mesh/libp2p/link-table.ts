// One usable link per peer, even when both dial at once: who yields is decided alike on both sides. Pure.
//
//   none --dial--> dialling --hello sent--> greeting --admitted both, lanes open--> up
//     \                 \                      |  its hello meets ours: the smaller id's dial wins
//      \---- inbound hello accepted -----------+--------------------------------------> up
//
// An inbound hello means that the other side has no link. If this side believes in one, it is stale, unless it
// is so young that both hellos must have crossed; or it is a relayed one, which gives way to a direct one.

import type { PeerId } from '../transport.ts';

/** A link younger than this is not replaced: a hello that crossed with its birth is no news. */
const CROSSING_MS = 2_000;

export interface LinkView {
  readonly self: PeerId;
  readonly remote: PeerId;
  /** When the present link came up; undefined when there is none. */
  readonly upSinceMs: number | undefined;
  /** The present link is relayed, and the hello came over a direct connection. */
  readonly isBetter: boolean;
  /** This side has said hello on a connection of its own and waits for the answer. */
  readonly isGreeting: boolean;
  readonly nowMs: number;
}

/** Whether to accept a hello that came in, given what this side has. */
export function judgeHello(view: LinkView): 'accept' | 'crossed' {
  if (!view.isBetter && view.upSinceMs !== undefined && view.nowMs - view.upSinceMs < CROSSING_MS)
    return 'crossed';
  if (view.isGreeting && view.self < view.remote) return 'crossed';
  return 'accept';
}
