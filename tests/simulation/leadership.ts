// Watches who leads and who holds which duty while a simulation runs: at most one of each.

import type { Peer } from '../../actors/peer.ts';
import type { StoreStatus } from '../../consensus/index.ts';
import type { Cluster, Life, Member } from './cluster.ts';

export interface Leadership {
  /** Every duty that anybody ever held. */
  readonly duties: () => ReadonlySet<string>;
  /** Leaders that were seen, one a term. */
  readonly terms: () => number;
}

/** A frozen holder cannot work; once it wakes, it has this long to notice, ms. */
const wakingMs = 1_000;

export function watchLeadership(cluster: Cluster, wrong: (what: string) => void): Leadership {
  const leaders = new Map<number, string>();
  const holders = new Map<string, Map<Member, Life>>();
  const wokenAtMs = new Map<Life, number>();

  const look = (member: Member, { role, term, leader }: StoreStatus): void => {
    const led = role === 'leader' ? member.name : leader;
    if (led === undefined) return;
    const known = leaders.get(term);
    if (known === undefined) leaders.set(term, led);
    else if (known !== led) wrong(`term ${term} has two leaders: ${known} and ${led}`);
  };
  cluster.onUp((member, { store }: Peer) => {
    look(member, store.status());
    store.onStatus((status) => look(member, status));
  });

  /** Peers that hold the duty and can work. */
  const working = (duty: string): readonly string[] =>
    [...(holders.get(duty) ?? [])]
      .filter(([member, life]) => {
        if (member.life !== life) return false;
        if (life.host.status() === 'frozen') wokenAtMs.set(life, cluster.simulation.nowMs());
        const wokenMs = wokenAtMs.get(life);
        return wokenMs === undefined || cluster.simulation.nowMs() - wokenMs > wakingMs;
      })
      .map(([member]) => member.name);

  cluster.onLine((member, _level, message, { duty }) => {
    if (typeof duty !== 'string' || member.life === undefined) return;
    if (message === 'duty given up') holders.get(duty)?.delete(member);
    if (message !== 'duty taken') return;
    const held = holders.get(duty) ?? new Map<Member, Life>();
    holders.set(duty, held.set(member, member.life));
    const all = working(duty);
    if (all.length > 1) wrong(`duty ${duty} is held by ${all.join(' and ')} at once`);
  });

  return { duties: () => new Set(holders.keys()), terms: () => leaders.size };
}
