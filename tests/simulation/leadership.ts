// Watches who leads and who holds which duty while a simulation runs: one leader a term, one holder soon.

import type { Peer } from '../../actors/peer.ts';
import type { StoreStatus } from '../../consensus/index.ts';
import type { Cluster, Life, Member } from './cluster.ts';

export interface Leadership {
  /** Every duty that anybody ever held. */
  readonly duties: () => ReadonlySet<string>;
  /** Leaders that were seen, one a term. */
  readonly terms: () => number;
}

/**
 * The leader ends the duties of a peer that it holds dead; one that only was cut off works on behind its fence
 * until its lease runs out: for this long at most, drift and latency included, ms.
 */
const overlapMs = 6_000;

interface Tenure {
  readonly member: Member;
  readonly life: Life;
  readonly fence: number;
}

export function watchLeadership(cluster: Cluster, wrong: (what: string) => void): Leadership {
  const leaders = new Map<number, string>();
  const tenures = new Map<string, readonly Tenure[]>();

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

  const isWorking = ({ member, life }: Tenure): boolean =>
    member.life === life && life.host.status() === 'running';

  cluster.onLine((member, _level, message, { duty, fence }) => {
    if (typeof duty !== 'string' || member.life === undefined) return;
    const held = (tenures.get(duty) ?? []).filter((each) => each.life === each.member.life);
    tenures.set(duty, held);
    const isOwn = (each: Tenure): boolean => each.member === member;
    if (message === 'duty given up')
      tenures.set(
        duty,
        held.filter((each) => !isOwn(each)),
      );
    if (message !== 'duty taken' || typeof fence !== 'number') return;
    const others = held.filter((each) => !isOwn(each));
    tenures.set(duty, [...others, { member, life: member.life, fence }]);
    if (others.some((each) => each.fence >= fence)) wrong(`duty ${duty} is fenced backwards`);
    cluster.simulation.schedule(overlapMs, () => {
      for (const each of others) {
        // One that was frozen meanwhile finds out when it wakes: it cannot have worked.
        const isThere = tenures.get(duty)?.includes(each) === true;
        const wasAwake = cluster.simulation.nowMs() - (each.life.wokenAtMs ?? 0) > overlapMs;
        if (isThere && isWorking(each) && wasAwake) {
          wrong(`duty ${duty}: ${each.member.name} works on, ${member.name} has taken it`);
        }
      }
    });
  });

  return { duties: () => new Set(tenures.keys()), terms: () => leaders.size };
}
