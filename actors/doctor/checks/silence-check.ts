// Members that did not answer, and members that are held for dead.

import { ANSWER_LIMIT_MS } from '../examination.ts';
import type { Check } from '../finding.ts';

export const silenceCheck: Check = ({ silent, dead, nameOf }) => [
  ...silent.map(({ peer, reason }) => ({
    check: 'answers',
    severity: 'fault' as const,
    peers: [nameOf(peer)],
    sentence: `${nameOf(peer)} did not answer within ${ANSWER_LIMIT_MS / 1_000} s (${reason})`,
    remedy: 'see whether its machine is overloaded, and what its log says',
  })),
  ...dead.map((peer) => ({
    check: 'answers',
    severity: 'fault' as const,
    peers: [nameOf(peer)],
    sentence: `${nameOf(peer)} is dead: nobody has heard from it`,
    remedy: `start it again; if it is gone for good, skein peers remove ${nameOf(peer)}`,
  })),
];
