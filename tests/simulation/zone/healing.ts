// After the storm everything must come together: one leader, all caught up, equal, and at work for everybody.

import type { Store } from '../../../consensus/index.ts';
import type { StateMachine } from '../../../consensus/store/state-machine.ts';
import type { Judge } from './judge.ts';
import { leasePrefix } from './lease-holders.ts';
import { prefixEnd } from '../../../consensus/store/store.ts';
import type { StateFacts } from './state-facts.ts';
import type { Watchers } from './watchers.ts';
import type { Member, Zone } from './zone.ts';

/** Virtual time it may take for all to follow one leader, and then for each of the steps after that. */
const healWithinMs = 30_000;
const stepWithinMs = 10_000;
const probeDeadlineMs = 5_000;
const askAgainMs = 500;

export interface Healing {
  readonly zone: Zone;
  readonly judge: Judge;
  readonly state: StateFacts;
  readonly machines: ReadonlyMap<string, StateMachine>;
  readonly watchers: Watchers;
  readonly storeOf: (member: Member) => Store;
}

/** How long it took, ms of virtual time; undefined when it did not come to that. */
export async function converge(healing: Healing): Promise<number | undefined> {
  const { zone, judge } = healing;
  const { simulation } = zone;
  const beganMs = simulation.nowMs();
  const reached = (holds: () => boolean, limitMs: number): Promise<boolean> =>
    simulation.run({ until: () => holds() || judge.wrongs().length > 0, limitMs });
  const fails = (sentence: string): undefined => {
    if (judge.wrongs().length === 0) judge.say('convergence', `${sentence}\n${portrait(zone)}`);
    return undefined;
  };

  if (!(await reached(() => isTogether(zone), healWithinMs))) return fails('no one leader of all');
  if (judge.wrongs().length > 0) return undefined;
  const healedMs = simulation.nowMs() - beganMs;
  if (!(await reached(handedOver(zone), stepWithinMs))) return fails('no leader hands over');
  if (!(await probeAll(healing, reached))) return fails('a peer does not write and read');
  const isQuiet = (): boolean => isTogether(zone) && !hasLeases(healing);
  if (!(await reached(isQuiet, stepWithinMs))) return fails('leases do not end');
  const isTold = (): boolean => healing.watchers.isComplete(zone);
  if (!(await reached(isTold, stepWithinMs))) return fails('watchers are not told of everything');
  // The leader may be forgetting old revisions still: only who is at the same entry can be compared.
  const isLevel = (): boolean => new Set(appliedBy(healing)).size === 1;
  if (!(await reached(isLevel, stepWithinMs))) return fails('they do not come to the same entry');
  judgeEquality(healing);
  return healedMs;
}

/** All run, follow one leader in one term, are at the same entry, and enough of them vote. */
export function isTogether(zone: Zone): boolean {
  const leader = zone.leader()?.zone?.store.status();
  if (leader === undefined || zone.members.size !== zone.machines.size) return false;
  const { voters, learners } = leader;
  const isListed = (name: string): boolean => voters.includes(name) || learners.includes(name);
  if (voters.length % 2 === 0 || voters.length < Math.min(5, oddFloor(zone.members.size))) {
    return false;
  }
  return [...zone.members.values()].every(({ name, zone: opened, machine }) => {
    const status = opened?.store.status();
    return (
      !machine.isLeaving &&
      isListed(name) &&
      status?.leader === leader.leader &&
      status?.term === leader.term &&
      status?.appliedIndex === leader.appliedIndex
    );
  });
}

const oddFloor = (count: number): number => (count % 2 === 0 ? count - 1 : count);

/** Asked again and again, as by an operator: whoever is asked may have nobody to hand over to at that moment. */
function handedOver(zone: Zone): () => boolean {
  const { simulation } = zone;
  const before = zone.leader()!.zone!.store.status();
  const isDone = (): boolean =>
    before.voters.length === 1 || (zone.leader()?.zone?.store.status().term ?? 0) > before.term;
  const ask = (): void => {
    if (isDone()) return;
    zone.leader()?.zone?.handLeadershipOver();
    simulation.schedule(askAgainMs, ask);
  };
  ask();
  return () => isDone() && isTogether(zone);
}

/** A linearizable read at every peer, before anybody writes, then a write and a read of it. */
async function probeAll(
  { zone, judge, state, storeOf }: Healing,
  until: (holds: () => boolean, limitMs: number) => Promise<boolean>,
): Promise<boolean> {
  let left = zone.members.size;
  const probe = async (member: Member): Promise<void> => {
    const store = storeOf(member);
    const key = `/probe/${member.name}`;
    const value = `probe of ${member.name}`;
    const reached = await store.barrier(probeDeadlineMs);
    const put = () =>
      store.transact(
        { compare: [], success: [{ type: 'put', key, value }] },
        { deadlineMs: probeDeadlineMs },
      );
    // The news that there is room again takes a while.
    let written = await put();
    while (!written.ok && written.error.code === 'overloaded') {
      await new Promise((resume) => zone.simulation.schedule(askAgainMs, () => resume(undefined)));
      written = await put();
    }
    const read = await store.barrier(probeDeadlineMs);
    const held = store.view.get(key)?.value;
    if (reached.ok && written.ok && read.ok && held === value) left -= 1;
    else {
      const sentence = `${member.name} reads ${reached.ok}, writes ${written.ok}, reads ${held}`;
      judge.say('convergence', sentence);
    }
    if (state.writtenAt(value) === undefined && written.ok) {
      judge.say('exactly once', `the probe of ${member.name} was acknowledged and not done`);
    }
  };
  for (const member of zone.members.values()) void probe(member);
  return until(() => left === 0, stepWithinMs);
}

const hasLeases = ({ zone, storeOf }: Healing): boolean =>
  [...zone.members.values()].some(
    (member) => storeOf(member).view.range(leasePrefix, prefixEnd(leasePrefix)).kvs.length > 0,
  );

const appliedBy = ({ zone, machines }: Healing): number[] =>
  [...zone.members.keys()].map((name) => machines.get(name)!.appliedIndex());

/** Same entry, same state; and the state is what the history says. */
function judgeEquality({ zone, judge, state, machines }: Healing): void {
  const digests = new Map<string, string>();
  for (const name of zone.members.keys()) digests.set(name, machines.get(name)!.digest());
  if (new Set(digests.values()).size > 1) {
    judge.say('state', `the states differ at the end: ${JSON.stringify([...digests])}`);
  }
  for (const name of zone.members.keys()) {
    const { view } = machines.get(name)!;
    if (view.revision() !== state.newest()) {
      judge.say('state', `${name} is at revision ${view.revision()}, not ${state.newest()}`);
    }
  }
}

/** Who is where: what a failure to come together needs. */
export function portrait(zone: Zone): string {
  return [...zone.machines.keys()]
    .map((name) => {
      const member = zone.members.get(name);
      const status = member?.zone?.store.status();
      if (status === undefined) return `  ${name}: ${member === undefined ? 'down' : 'opening'}`;
      const { role, term, leader, appliedIndex, voters, learners } = status;
      const isLeaving = zone.machines.get(name)!.isLeaving ? ' leaving' : '';
      return `  ${name}: ${role} term ${term} leader ${leader} applied ${appliedIndex} voters ${voters.join()} learners ${learners.join()}${isLeaving}`;
    })
    .join('\n');
}
