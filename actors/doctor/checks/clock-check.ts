// Clocks that differ from those of most peers: certificates, leases' reports and logs are read by them.

import type { Check } from '../finding.ts';

/** What a machine with a time service never comes near. */
const TOLERATED_MS = 1_000;

export const clockCheck: Check = ({ peers }) => {
  const sorted = peers.map(({ aheadMs }) => aheadMs).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return peers
    .filter(({ aheadMs, inexactMs }) => Math.abs(aheadMs - median) - inexactMs > TOLERATED_MS)
    .map(({ name, aheadMs }) => {
      const seconds = (Math.abs(aheadMs - median) / 1_000).toFixed(1);
      const where = aheadMs > median ? 'ahead of' : 'behind';
      return {
        check: 'clocks',
        severity: 'fault',
        peers: [name],
        sentence: `the clock of ${name} is ${seconds} s ${where} those of most peers`,
        remedy: `set it by a time service (NTP) on that machine`,
      };
    });
};
