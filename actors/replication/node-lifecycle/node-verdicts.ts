// What a leader has to write of all nodes now, given what the mesh says of their peers and what is on its way. Pure.

import type { MemberStatus } from '../../../mesh/index.ts';
import type { Stored } from '../../objects/objects.ts';
import { takeTurn } from './eviction-brake.ts';
import type { NodeStanding } from './eviction-brake.ts';
import { evictedSinceMs, isLost, judge, lostSinceMs } from './node-judgement.ts';

/** Failure domains inside a zone. */
const DOMAIN_LABEL = 'topology.kubernetes.io/zone';

/** `hold`: it is lost, but its pods stay until it is its turn, which is `evict`. */
export type Verdict = 'lose' | 'hold' | 'evict' | 'return';

export interface NodeCase {
  readonly node: Stored<'Node'>;
  /** Undefined while nothing may be concluded: this leader is new and has not heard of the peer. */
  readonly status: MemberStatus | 'unknown' | undefined;
  /** The verdict that is being written. */
  readonly onItsWay: Verdict | undefined;
}

export interface Verdicts {
  readonly verdicts: readonly { readonly node: Stored<'Node'>; readonly verdict: Verdict }[];
  /** Lost nodes whose pods have to wait. */
  readonly held: number;
  /** After this the next of them may go. */
  readonly retryAfterMs: number | undefined;
}

/** `nowMs` since the Unix epoch. */
export function judgeNodes(cases: readonly NodeCase[], nowMs: number): Verdicts {
  const { evict, held, retryAfterMs } = takeTurn(
    cases.map((one) => standingOf(one, nowMs)),
    nowMs,
  );
  const verdicts = cases.flatMap((one) => {
    const verdict = verdictOn(one, evict);
    return verdict === undefined ? [] : [{ node: one.node, verdict }];
  });
  return { verdicts, held: held.length, retryAfterMs };
}

const nameOf = (node: Stored<'Node'>): string => node.metadata?.name ?? '';

/** Who left said so itself: there is nothing to be careful about. */
const isGone = (status: NodeCase['status']): boolean => status === 'dead' || status === 'unknown';

function verdictOn(
  { node, status, onItsWay }: NodeCase,
  evict: ReadonlySet<string>,
): Verdict | undefined {
  if (onItsWay !== undefined || status === undefined) return undefined;
  const isItsTurn = status === 'left' || evict.has(nameOf(node));
  const verdict = judge(node, status);
  if (verdict === 'return') return 'return';
  if (verdict === 'lose') return isItsTurn ? 'lose' : 'hold';
  const isWaiting = isLost(node) && evictedSinceMs(node) === undefined;
  return isWaiting && isItsTurn ? 'evict' : undefined;
}

function standingOf({ node, status, onItsWay }: NodeCase, nowMs: number): NodeStanding {
  const isEvicting = onItsWay === 'lose' || onItsWay === 'evict';
  const evictedMs = isEvicting ? nowMs : evictedSinceMs(node);
  const isWaiting = onItsWay === undefined && isGone(status) && evictedMs === undefined;
  return {
    name: nameOf(node),
    domain: node.metadata?.labels?.[DOMAIN_LABEL] ?? '',
    isSilent: status !== 'alive' && status !== 'left',
    waitsSinceMs: isWaiting ? (lostSinceMs(node) ?? nowMs) : undefined,
    evictedMs,
  };
}
