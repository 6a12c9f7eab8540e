// All checks over one examination. A new check is a file in checks/ and a line here.

import { clockCheck } from './checks/clock-check.ts';
import { datagramCheck } from './checks/datagram-check.ts';
import { linkCheck } from './checks/link-check.ts';
import { silenceCheck } from './checks/silence-check.ts';
import { versionCheck } from './checks/version-check.ts';
import type { Examination } from './examination.ts';
import type { Check, Finding } from './finding.ts';

const checks: readonly Check[] = [silenceCheck, linkCheck, clockCheck, versionCheck, datagramCheck];

/** Findings told at most; faults come first. */
const FINDINGS_LIMIT = 500;

export interface Diagnosis {
  /** Members asked that answered. */
  readonly answered: number;
  readonly asked: number;
  /** Pairs of peers with a direct link, and with a relayed one, as both ends count them. */
  readonly direct: number;
  readonly relayed: number;
  readonly slowestMs?: number;
  readonly findings: readonly Finding[];
  /** Findings beyond the limit. */
  readonly omitted: number;
}

export function diagnose(examination: Examination): Diagnosis {
  const { peers, silent } = examination;
  const found = checks.flatMap((check) => check(examination));
  const ordered = [
    ...found.filter(({ severity }) => severity === 'fault'),
    ...found.filter(({ severity }) => severity === 'note'),
  ];
  const ends = (count: 'direct' | 'relayed'): number =>
    peers.reduce((sum, peer) => sum + peer[count], 0);
  const slowestMs = Math.max(0, ...peers.map((peer) => peer.slowestMs ?? 0));
  return {
    answered: peers.length,
    asked: peers.length + silent.length,
    // Each link has two ends; one of a peer that did not answer counts all the same.
    direct: Math.ceil(ends('direct') / 2),
    relayed: Math.ceil(ends('relayed') / 2),
    ...(slowestMs > 0 && { slowestMs: Math.round(slowestMs * 10) / 10 }),
    findings: ordered.slice(0, FINDINGS_LIMIT),
    omitted: Math.max(0, ordered.length - FINDINGS_LIMIT),
  };
}
