// One run of a zone from its seed to its report: found, storm and load, heal, come together, verdict.

import type { Store } from '../../../consensus/index.ts';
import type { Disk } from '../../../consensus/log/disk.ts';
import { replicaParts } from '../../../consensus/replica/replica-parts.ts';
import type { ReplicaParts } from '../../../consensus/replica/replica-parts.ts';
import type { ReplicaId } from '../../../consensus/raft/types.ts';
import type { Applied, StateMachine } from '../../../consensus/store/state-machine.ts';
import { createSimulation } from '../../../runtime/index.ts';
import type { LogLine } from '../../../runtime/index.ts';
import { checkHistory } from '../../linearizability/checker.ts';
import { keyed } from '../../linearizability/model.ts';
import { registerModel } from '../../linearizability/register-model.ts';
import { counterKey, startClients } from './clients.ts';
import type { ClientCounts, ClientOperation, Clients } from './clients.ts';
import { converge } from './healing.ts';
import { createJudge } from '../judge.ts';
import type { Check, Judge, Wrong } from './judge.ts';
import { createLeaseHolders } from './lease-holders.ts';
import type { LeaseHolders } from './lease-holders.ts';
import { createLogFacts } from './log-facts.ts';
import type { LogFacts } from './log-facts.ts';
import { observedParts } from './observed-parts.ts';
import { names, planOf } from './plan.ts';
import type { Plan, ZoneFault } from './plan.ts';
import { createStateFacts } from './state-facts.ts';
import type { StateFacts } from './state-facts.ts';
import { startZoneStorm } from './storm.ts';
import { judgeRecovered, recoverZone } from './recovery.ts';
import { createWatchers } from './watchers.ts';
import type { Watchers } from './watchers.ts';
import { createZoneOf } from './zone.ts';
import type { Zone } from './zone.ts';

const foundWithinMs = 10_000;
const lastRequestsMs = 3_000;
const model = keyed(registerModel);

/** What is broken on purpose, to see that the checkers notice. */
export interface Flaw {
  readonly parts?: (base: ReplicaParts) => ReplicaParts;
  readonly disk?: (disk: Disk) => Disk;
  readonly store?: (store: Store, zone: Zone) => Store;
}

export interface ZoneScenarioOptions {
  readonly seed: number | string;
  readonly faults?: readonly ZoneFault[] | undefined;
  readonly flaw?: Flaw;
}

export interface ZoneReport {
  readonly seed: string;
  /** What alone was allowed to go wrong; undefined when the seed chose. */
  readonly onlyFaults: readonly ZoneFault[] | undefined;
  readonly plan: Plan;
  readonly wrongs: readonly Wrong[];
  readonly clients: ClientCounts;
  readonly faults: Readonly<Record<string, number>>;
  readonly entries: number;
  readonly revisions: number;
  readonly terms: number;
  readonly renewals: number;
  readonly watchEvents: number;
  readonly convergedMs: number | undefined;
  readonly virtualMs: number;
  readonly steps: number;
  readonly digest: string;
  readonly lines: readonly LogLine[];
}

/** One epoch of a zone, and all who look on: after a recovery others begin to. */
interface Epoch {
  readonly log: LogFacts;
  readonly state: StateFacts;
  readonly leases: LeaseHolders;
  readonly watchers: Watchers;
  readonly bygone: ReadonlySet<ReplicaId>;
}

export async function runZone(options: ZoneScenarioOptions): Promise<ZoneReport> {
  const { seed, flaw = {} } = options;
  const simulation = createSimulation(seed);
  const plan = planOf(simulation.random.fork('plan'), options.faults);
  const judge = createJudge<Check>(simulation.nowMs);
  const machines = new Map<string, StateMachine>();
  const isWrong = (): boolean => judge.wrongs().length > 0;

  const begin = (bygone: ReadonlySet<ReplicaId>): Epoch => {
    const leases = createLeaseHolders(judge, simulation.nowMs);
    const onFirst = (index: number, applied: Applied): void => {
      simulation.trace(`${index} ${applied.revision}`);
      leases.applied(applied);
    };
    const begins = bygone.size === 0 ? 'empty' : 'with the first state seen';
    const state = createStateFacts(judge, onFirst, begins);
    const watchers = createWatchers(judge, state, machines);
    return { log: createLogFacts(judge), state, leases, watchers, bygone };
  };
  let epoch = begin(new Set());

  const base = flaw.parts?.(replicaParts) ?? replicaParts;
  const parts = (peer: string): ReplicaParts =>
    observedParts(peer, base, { ...epoch, machines, ...plan });
  const zone = createZoneOf({ simulation, judge, plan, parts, diskOf: flaw.disk });
  const storeOf = ({ zone: opened }: { readonly zone: { readonly store: Store } | undefined }) =>
    flaw.store?.(opened!.store, zone) ?? opened!.store;

  /** Load, and a storm meanwhile; then all comes together and is judged. */
  const weather = async (name: string, stormMs: number) => {
    const { state, leases, watchers } = epoch;
    watchers.start(zone, storeOf);
    leases.start(zone, storeOf);
    const clients = startClients({ zone, plan, state, judge, storeOf, epoch: name });
    const storm = startZoneStorm(zone, plan);
    await simulation.run({ until: isWrong, limitMs: stormMs });
    storm.heal();
    leases.stop();
    await ending(zone, clients);
    watchers.settle();
    const healing = { zone, judge, state, machines, watchers, storeOf };
    const convergedMs = isWrong() ? undefined : await converge(healing);
    if (!isWrong()) watchers.judgeAll();
    if (!isWrong()) judgeCounter(judge, state, clients.counts());
    if (!isWrong()) judgeHistory(judge, clients.history());
    return { clients: clients.counts(), faults: storm.counts(), convergedMs };
  };

  await found(zone, plan, judge);
  const first = await weather('', plan.stormMs);
  const { log, state, leases, watchers } = epoch;
  if (plan.isRecovered && !isWrong()) {
    const before = state;
    await recoverZone(zone, plan, judge, storeOf, () => {
      epoch = begin(new Set(log.durable.keys()));
    });
    if (!isWrong()) judgeRecovered(judge, before, epoch.state);
    if (!isWrong()) await weather('again ', plan.stormMs / 3);
  }
  return {
    seed: String(seed),
    onlyFaults: options.faults,
    plan,
    wrongs: judge.wrongs(),
    ...first,
    entries: log.committed.size,
    revisions: state.newest(),
    terms: log.leaderOf.size,
    renewals: leases.confirmed(),
    watchEvents: watchers.events(),
    virtualMs: simulation.nowMs(),
    steps: simulation.steps(),
    digest: simulation.digest(),
    lines: zone.lines(),
  };
}

/** The first one founds the zone; the storm waits for as many voters as the plan says. */
async function found(zone: Zone, plan: Plan, judge: Judge): Promise<void> {
  const [founder, ...others] = names.slice(0, plan.size);
  zone.start(founder!);
  const voters = (): number => zone.leader()?.zone?.store.status().voters.length ?? 0;
  await zone.simulation.run({ until: () => voters() > 0, limitMs: foundWithinMs });
  for (const name of others) zone.start(name);
  const isReady = await zone.simulation.run({
    until: () => voters() >= plan.votersBefore || judge.wrongs().length > 0,
    limitMs: foundWithinMs,
  });
  if (!isReady) judge.say('convergence', `no ${plan.votersBefore} voters in ${foundWithinMs} ms`);
}

async function ending({ simulation }: Zone, clients: Clients): Promise<void> {
  let isOver = false;
  void clients.stop().then(() => (isOver = true));
  await simulation.run({ until: () => isOver, limitMs: lastRequestsMs });
}

/** Each acknowledged increment counts once, each unknown one at most once. */
function judgeCounter(judge: Judge, state: StateFacts, counts: ClientCounts): void {
  const value = Number(state.at(counterKey, state.newest())?.value ?? 0);
  const { increments, maybeIncrements } = counts;
  if (value >= increments && value <= increments + maybeIncrements) return;
  judge.say(
    'exactly once',
    `the counter is ${value} after ${increments} increments and ${maybeIncrements} unknown ones`,
  );
}

function judgeHistory(judge: Judge, history: readonly ClientOperation[]): void {
  const verdict = checkHistory(model, history);
  if (verdict.type === 'linearizable') return;
  if (verdict.type === 'undecided') {
    return judge.say('linearizability', `${verdict.key} is too hard to decide`);
  }
  const tail = verdict.order.slice(-8).map((operation) => `    ${JSON.stringify(operation)}`);
  judge.say(
    'linearizability',
    `${verdict.key} cannot go on with ${JSON.stringify(verdict.stuck)} after\n${tail.join('\n')}`,
  );
}
