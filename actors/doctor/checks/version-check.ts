// Peers of different versions: fine while they are replaced one by one, no place to stay.

import type { Check } from '../finding.ts';

export const versionCheck: Check = ({ peers }) => {
  const byVersion = new Map<string, string[]>();
  for (const { version, name } of peers) {
    byVersion.set(version, [...(byVersion.get(version) ?? []), name]);
  }
  if (byVersion.size < 2) return [];
  const groups = [...byVersion]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([version, names]) =>
        `${version} (${names.slice(0, 10).join(', ')}${names.length > 10 ? ` and ${names.length - 10} more` : ''})`,
    );
  return [
    {
      check: 'versions',
      severity: 'fault',
      peers: peers.map(({ name }) => name),
      sentence: `peers run different versions: ${groups.join('; ')}`,
      remedy: 'bring all to the newest, one after the other',
    },
  ];
};
