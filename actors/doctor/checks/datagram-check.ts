// Direct links over which no datagrams pass: probes take the slower way, and a peer that is lost is noticed later.

import type { Check } from '../finding.ts';

export const datagramCheck: Check = ({ peers, nameOf }) => {
  const without = new Map<string, readonly [string, string]>();
  for (const { peer, noDatagrams } of peers) {
    for (const other of noDatagrams) {
      const pair = [peer, other].sort() as [string, string];
      without.set(pair.join(' '), pair);
    }
  }
  if (without.size === 0) return [];
  const remedy = 'let UDP in at the port of the mesh, the same as for TCP';
  if (peers.every(({ datagrams }) => datagrams === 0)) {
    const sentence = 'no two peers exchange datagrams: probes go over TCP';
    return [{ check: 'datagrams', severity: 'note', peers: [], sentence, remedy }];
  }
  return [...without.values()].map((pair) => {
    const names = pair.map(nameOf).sort();
    return {
      check: 'datagrams',
      severity: 'note',
      peers: names,
      sentence: `no datagrams pass between ${names.join(' and ')}: UDP is blocked`,
      remedy,
    };
  });
};
