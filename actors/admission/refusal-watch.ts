// What a peer concludes when others refuse it: one refusal proves nothing, for a list may be old, and a peer may lie. Pure.
//
//   linked --refused as ended, by everybody it meets, for a while, and linked to nobody--> its membership was ended
//          --refused as a stranger, as long----------------------------------------------> nobody's list has it

import type { MemberVerdict } from '../../mesh/index.ts';

/** Refused so long, without one link: no list is behind for seconds, and dials come every few seconds at most. */
const concludeAfterMs = 3_000;

export interface RefusalWatch {
  /** `isLinked`: to anybody right now. Undefined while nothing follows. */
  readonly heard: (
    verdict: MemberVerdict,
    isLinked: boolean,
    nowMs: number,
  ) => 'ended' | 'stranger' | undefined;
}

export function createRefusalWatch(): RefusalWatch {
  const sinceMs: { ended: number | undefined; stranger: number | undefined } = {
    ended: undefined,
    stranger: undefined,
  };
  return {
    heard: (verdict, isLinked, nowMs) => {
      if (verdict === 'admitted' || isLinked) {
        sinceMs.ended = undefined;
        sinceMs.stranger = undefined;
        return undefined;
      }
      const how = meaningOf(verdict.code);
      if (how === undefined) return undefined;
      sinceMs[how] ??= nowMs;
      return nowMs - sinceMs[how] >= concludeAfterMs ? how : undefined;
    },
  };
}

/** As member-judgement.ts refuses. */
function meaningOf(code: string): 'ended' | 'stranger' | undefined {
  if (code === 'forbidden') return 'ended';
  return code === 'unavailable' ? 'stranger' : undefined;
}
