// Clients that hold leases for a while and let them lapse: a lease never ends before its holder must expect it.

import type { Store } from '../../../consensus/index.ts';
import type { Applied } from '../../../consensus/store/state-machine.ts';
import type { SeededRandom } from '../../../runtime/index.ts';
import { pick } from '../../../runtime/index.ts';
import type { Judge } from './judge.ts';
import type { Member, Zone } from './zone.ts';

export const leasePrefix = '/lease/';
const holders = 2;
/** The leader's clock may run faster than the world's, by twice the drift of a plan at most. */
const fastestClock = 1.03;
const keepDeadlineMs = 500;
const patienceMs = 5_000;

interface Held {
  /** True time until which its holder may rely on it. */
  untilMs: number;
  /** The holder gave it back. */
  isRevoked: boolean;
}

export interface LeaseHolders {
  readonly start: (zone: Zone, storeOf: (member: Member) => Store) => void;
  readonly stop: () => void;
  /** The log's word on a lease. */
  readonly applied: (applied: Applied) => void;
  readonly confirmed: () => number;
}

export function createLeaseHolders(judge: Judge, nowMs: () => number): LeaseHolders {
  const held = new Map<number, Held>();
  const endedAtMs = new Map<number, number>();
  let isOver = false;
  let confirmed = 0;

  /** Granted or renewed by a question asked at that time. */
  const confirm = (id: number, ttlMs: number, askedAtMs: number): void => {
    const untilMs = askedAtMs + ttlMs / fastestClock;
    const lease = held.get(id) ?? { untilMs, isRevoked: false };
    held.set(id, lease);
    lease.untilMs = Math.max(lease.untilMs, untilMs);
    confirmed += 1;
    const ended = endedAtMs.get(id);
    if (ended !== undefined && ended < untilMs && !lease.isRevoked) {
      judge.say('leases', `lease ${id} was confirmed until ${untilMs}, it had ended at ${ended}`);
    }
  };

  const hold = async (
    zone: Zone,
    storeOf: (member: Member) => Store,
    random: SeededRandom,
  ): Promise<void> => {
    const anybody = (): Store | undefined => {
      const open = [...zone.members.values()].filter(({ zone: opened }) => opened !== undefined);
      const member = pick(random, open);
      return member === undefined ? undefined : storeOf(member);
    };
    const ttlMs = 500 + random.integer(1_000);
    let askedAtMs = nowMs();
    const granted = await patiently(zone, anybody()?.grantLease(ttlMs));
    if (granted?.ok !== true) return;
    const { id } = granted.value;
    confirm(id, ttlMs, askedAtMs);
    const key = `${leasePrefix}${id}`;
    void anybody()?.transact({
      compare: [],
      success: [{ type: 'put', key, value: key, lease: id }],
    });
    for (let renewals = random.integer(6); renewals > 0; renewals--) {
      await after(zone, (ttlMs / 3) * (0.5 + random.float()));
      askedAtMs = nowMs();
      const kept = await patiently(zone, anybody()?.keepLease(id, keepDeadlineMs));
      if (kept?.ok === true) confirm(id, ttlMs, askedAtMs);
      else if (kept?.error.code === 'not-found') return;
    }
    if (random.float() < 0.3) {
      held.get(id)!.isRevoked = true;
      await patiently(zone, anybody()?.revokeLease(id));
    }
  };

  return {
    start: (zone, storeOf) => {
      const random = zone.simulation.random.fork('leases');
      for (let holder = 0; holder < holders; holder++) {
        const own = random.fork(String(holder));
        const live = async (): Promise<void> => {
          while (!isOver) {
            await hold(zone, storeOf, own);
            await after(zone, own.integer(500));
          }
        };
        void live();
      }
    },
    stop: () => {
      isOver = true;
    },
    applied: ({ answer }) => {
      if (!answer.ok || answer.value.type !== 'lease-ended') return;
      const { id } = answer.value;
      endedAtMs.set(id, nowMs());
      const lease = held.get(id);
      if (lease === undefined || lease.isRevoked || nowMs() >= lease.untilMs) return;
      judge.say('leases', `lease ${id} ended at ${nowMs()}, confirmed until ${lease.untilMs}`);
    },
    confirmed: () => confirmed,
  };
}

const patiently = <T>(zone: Zone, answer: Promise<T> | undefined): Promise<T | undefined> =>
  Promise.race([answer ?? after(zone, keepDeadlineMs), after(zone, patienceMs)]);

const after = (zone: Zone, delayMs: number): Promise<undefined> =>
  new Promise((resume) => zone.simulation.schedule(delayMs, () => resume(undefined)));
