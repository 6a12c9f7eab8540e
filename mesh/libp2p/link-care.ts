// What a link needs now and then: a sign of life, an end when nobody uses it. Decides, and does nothing. Pure.

import type { PeerId } from '../transport.ts';

/** Links are looked at this often. */
export const CARE_INTERVAL_MS = 1_000;

/** A link that was silent for this long is asked for an echo: rarely, as most links of an idle cluster carry nothing else. */
const ECHO_AFTER_MS = 3_000;

/**
 * One that is silent for this long in spite of that is dead: packets vanish on the way, and no socket tells. Another way is
 * looked for then. Longer than a busy peer stands still, shorter than anybody waits.
 */
const SILENT_LIMIT_MS = 6_000;

/** A link that neither side asked to keep ends after so long without use. */
export const UNUSED_LIMIT_MS = 60_000;

/** Links that nobody asked to keep, at most; beyond, those that were not used for longest end first. */
export const ON_DEMAND_LIMIT = 128;

/** When there are too many, those that were used within this stay all the same. */
const PRESSED_UNUSED_LIMIT_MS = 2_000;

/** A side that asked whether a link may end asks again after this. */
const ASK_AGAIN_MS = 10_000;

export interface CaredLink {
  readonly peer: PeerId;
  /** This peer asked to keep it. */
  readonly isKept: boolean;
  /** Bytes of somebody pass through it right now. */
  readonly isBusy: boolean;
  /** When anything last came from the other side, or was taken by it. */
  readonly heardMs: number;
  /** When an echo was last asked for. */
  readonly echoedMs: number;
  /** When anybody last used it, either way. */
  readonly usedMs: number;
  /** When the other side was last asked whether it may end. */
  readonly askedMs: number;
}

export type LinkCare =
  | { readonly type: 'echo'; readonly peer: PeerId }
  | { readonly type: 'lost'; readonly peer: PeerId; readonly silentMs: number }
  /** The other side agrees if it, too, did not use it for so long. */
  | { readonly type: 'ask-end'; readonly peer: PeerId; readonly unusedMs: number };

/** What is to be done for these links now. */
export function careFor(links: readonly CaredLink[], nowMs: number): readonly LinkCare[] {
  const care: LinkCare[] = [];
  for (const { peer, heardMs, echoedMs } of links) {
    const silentMs = nowMs - heardMs;
    // Before it is given up, it was asked: a peer that woke up from a freeze must not think all others dead.
    const wasAsked = echoedMs > heardMs && nowMs - echoedMs >= ECHO_AFTER_MS / 2;
    if (silentMs >= SILENT_LIMIT_MS && wasAsked) {
      care.push({ type: 'lost', peer, silentMs });
    } else if (silentMs >= ECHO_AFTER_MS && nowMs - echoedMs >= ECHO_AFTER_MS) {
      care.push({ type: 'echo', peer });
    }
  }
  const onDemand = links
    .filter(({ isKept, isBusy }) => !isKept && !isBusy)
    .sort((a, b) => a.usedMs - b.usedMs);
  const tooMany = onDemand.length - ON_DEMAND_LIMIT;
  onDemand.forEach(({ peer, usedMs, askedMs }, i) => {
    const unusedMs = i < tooMany ? PRESSED_UNUSED_LIMIT_MS : UNUSED_LIMIT_MS;
    if (nowMs - usedMs < unusedMs || nowMs - askedMs < ASK_AGAIN_MS) return;
    care.push({ type: 'ask-end', peer, unusedMs });
  });
  return care;
}

/** Whether this side has no use for a link that the other side would end. */
export function mayEnd(
  { isKept, isBusy, usedMs }: CaredLink,
  unusedMs: number,
  nowMs: number,
): boolean {
  return !isKept && !isBusy && nowMs - usedMs >= unusedMs;
}
