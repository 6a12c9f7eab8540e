// A quorum is lost for good, and a person goes on from one survivor: what that one did not have may be lost, nothing else.
//
//   one is cut off --the others write on--> all end --recovered--> that one leads --the others come back: fenced--> one zone

import type { Store } from '../../../consensus/index.ts';
import { recoverLog } from '../../../consensus/recover/recover-log.ts';
import { pick } from '../../../runtime/index.ts';
import { isTogether, portrait } from './healing.ts';
import type { Judge } from './judge.ts';
import type { Plan } from './plan.ts';
import type { StateFacts } from './state-facts.ts';
import type { Member, Zone } from './zone.ts';

/** How long the others write on without the survivor. */
const apartMs = 2_500;
const writeEveryMs = 50;
const lostKey = '/lost';
/** For each step of a recovery. */
const stepWithinMs = 30_000;
const betweenReturnsMs = 500;

/** `begins` is called between the two epochs, while nobody runs. */
export async function recoverZone(
  zone: Zone,
  plan: Plan,
  judge: Judge,
  storeOf: (member: Member) => Store,
  begins: () => void,
): Promise<void> {
  const { simulation } = zone;
  const random = simulation.random.fork('recovery');
  const { voters } = zone.leader()!.zone!.store.status();
  const survivor = pick(random, voters)!;
  zone.network.part(new Set([survivor]));
  const endMs = simulation.nowMs() + apartMs * random.float();
  const write = (at: number): void => {
    const member = [...zone.members.values()].find(({ name }) => name !== survivor);
    if (member === undefined || simulation.nowMs() >= endMs) return;
    const put = { type: 'put', key: lostKey, value: `lost ${at}` } as const;
    void storeOf(member).transact({ compare: [], success: [put] });
    simulation.schedule(writeEveryMs, () => write(at + 1));
  };
  write(0);
  await simulation.run({ untilMs: endMs });
  for (const name of zone.machines.keys()) zone.stop(name, 'exit');
  zone.network.join();

  begins();
  const { disk } = zone.machines.get(survivor)!;
  const within = (until: () => boolean): Promise<boolean> =>
    simulation.run({ until: () => until() || judge.wrongs().length > 0, limitMs: stepWithinMs });
  let outcome: string | undefined;
  recoverLog(disk.boot(), '/log', random, plan.segmentBytes).then(
    () => (outcome = 'recovered'),
    (error: Error) => (outcome = String(error.stack)),
  );
  await within(() => outcome !== undefined);
  if (outcome !== 'recovered') return judge.say('failures', `the recovery: ${outcome}`);
  zone.start(survivor);
  if (!(await within(() => zone.leader()?.name === survivor))) {
    return judge.say('convergence', `${survivor} does not lead after the recovery`);
  }
  for (const name of zone.machines.keys()) {
    if (name === survivor) continue;
    zone.start(name);
    await simulation.run({ untilMs: simulation.nowMs() + betweenReturnsMs });
  }
  if (!(await within(() => isTogether(zone)))) {
    judge.say('convergence', `the old members do not come back as new ones\n${portrait(zone)}`);
  }
}

/** Whatever the new epoch begins with was written in the old one, or is its own record: no phantom, nothing changed. */
export function judgeRecovered(judge: Judge, before: StateFacts, after: StateFacts): void {
  for (const { key, value, modRevision } of after.beginning()) {
    if (key.startsWith('/skein/')) continue;
    const known = before.at(key, modRevision);
    // What the survivor had and did not know to be committed may be at a revision that others gave to something else.
    if (known?.value === value || key === lostKey) continue;
    judge.say('recovery', `${key} is "${value}" after the recovery, which nobody wrote`);
  }
}
