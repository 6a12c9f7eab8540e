// One life of a fleet: it forms, rests, takes in a last one, tells a label, and loses some.

import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../consensus/contender.ts';
import { end } from './fleet.ts';
import type { Agent, Fleet } from './fleet.ts';
import { idleCost } from './idle.ts';
import type { Spread } from './sightings.ts';

const LIMIT_MS = 90_000;
/** Started processes go on linking and compiling for a while, and collect what starting left behind. */
const SETTLE_MS = 30_000;

export interface LifeOptions {
  readonly size: number;
  /** How long it rests; 0 measures no idle cost. */
  readonly idleMs: number;
  readonly kills: number;
}

/** Medians over agents or kills where there are several; milliseconds but for `idle`. */
export interface Life {
  /** All but the first are started at once: until all see all, and how much of it came after the last was loaded. */
  readonly formMs: number;
  readonly formLoadedMs: number;
  /** The last: from its start, and from when it was loaded, until it sees all and all see it. */
  readonly joinMs: number;
  readonly joinLoadedMs: number;
  readonly label: Spread;
  /** Until it is held for suspect or dead. */
  readonly doubt: Spread;
  readonly kill: Spread;
  readonly freeze: Spread;
  /** From SIGCONT until all see it alive again. */
  readonly thaw: Spread;
  readonly idle: Record<'cpuPercent' | 'residentMb' | 'proportionalMb', number> | undefined;
}

export async function live(fleet: Fleet, options: LifeOptions): Promise<Life> {
  const { size, idleMs, kills } = options;
  const { sightings } = fleet;
  const agents: Agent[] = [];
  // A suspect is a member: serf does not even say that it suspects.
  const sees = (observer: string, subject: string): boolean =>
    sightings.holds(observer, subject, 'alive') || sightings.holds(observer, subject, 'suspect');
  const seesAll = (agent: Agent): boolean =>
    agents.every(({ name }) => name === agent.name || sees(agent.name, name));
  const allSeeAll = (): boolean => agents.every(seesAll);
  const until = (label: string): Promise<void> => sightings.until(allSeeAll, LIMIT_MS, label);
  try {
    agents.push(fleet.spawn(0));
    await sightings.until(
      () => sightings.holds(agents[0]!.name, agents[0]!.name, 'alive'),
      LIMIT_MS,
      'the first starts',
    );
    const form = await timed(
      () => {
        while (agents.length < size - 1) agents.push(fleet.spawn(agents.length));
      },
      agents,
      () => until('all see all'),
    );
    await delay(idleMs === 0 ? 2_000 : SETTLE_MS);
    const costs =
      idleMs === 0
        ? []
        : await idleCost(
            agents.map(({ process: child }) => child.pid!),
            idleMs,
          );
    const join = await timed(
      () => {
        agents.push(fleet.spawn(size - 1));
      },
      agents,
      () => until('the last sees all and all see it'),
    );
    await delay(2_000);
    const label = await tellLabel(fleet, agents);
    const frozen = await freeze(fleet, agents);
    const killed: Kill[] = [];
    for (let i = 0; i < kills; i++) {
      await delay(2_000);
      killed.push(await kill(fleet, agents));
    }
    return {
      formMs: form.tookMs,
      formLoadedMs: form.loadedMs,
      joinMs: join.tookMs,
      joinLoadedMs: join.loadedMs,
      label,
      doubt: medianSpread(killed.map(({ doubted }) => doubted)),
      kill: medianSpread(killed.map(({ dead }) => dead)),
      ...frozen,
      idle:
        costs.length === 0
          ? undefined
          : {
              cpuPercent: median(costs.map(({ cpuPercent }) => cpuPercent)),
              residentMb: median(costs.map(({ residentMb }) => residentMb)),
              proportionalMb: median(costs.map(({ proportionalMb }) => proportionalMb)),
            },
    };
  } finally {
    await end(agents);
  }
}

/** How long until `done`, from `act` and from when all of `agents` were loaded. */
async function timed(act: () => void, agents: readonly Agent[], done: () => Promise<void>) {
  const startMs = performance.now();
  act();
  await done();
  const endMs = performance.now();
  const loaded = await Promise.all(agents.map(({ loadedMs }) => loadedMs));
  return { tookMs: endMs - startMs, loadedMs: endMs - Math.max(startMs, ...loaded) };
}

const namesBut = (agents: readonly Agent[], left: Agent): string[] =>
  agents.filter((agent) => agent !== left).map(({ name }) => name);

let labels = 0;

async function tellLabel(fleet: Fleet, agents: readonly Agent[]): Promise<Spread> {
  const from = agents[1]!;
  const value = String((labels += 1));
  const spread = fleet.sightings.spread(
    namesBut(agents, from),
    from.name,
    [`label ${value}`],
    LIMIT_MS,
  );
  fleet.label(from, value);
  return await spread;
}

async function freeze({ sightings }: Fleet, agents: readonly Agent[]) {
  // None of those that are killed later: whoever was taken for dead and came back is given more time for a minute.
  const victim = agents[2]!;
  const others = namesBut(agents, victim);
  const dead = sightings.spread(others, victim.name, ['dead'], LIMIT_MS);
  victim.process.kill('SIGSTOP');
  const freeze = await dead;
  const alive = sightings.spread(others, victim.name, ['alive'], LIMIT_MS);
  victim.process.kill('SIGCONT');
  return { freeze, thaw: await alive };
}

interface Kill {
  readonly doubted: Spread;
  readonly dead: Spread;
}

async function kill({ sightings }: Fleet, agents: Agent[]): Promise<Kill> {
  const victim = agents.at(-1)!;
  const others = namesBut(agents, victim);
  const until = (...whats: string[]): Promise<Spread> =>
    sightings.spread(others, victim.name, whats, LIMIT_MS);
  const both = Promise.all([until('suspect', 'dead'), until('dead')]);
  victim.process.kill('SIGKILL');
  const [doubted, dead] = await both;
  agents.pop();
  sightings.forget(victim.name);
  return { doubted, dead };
}

export function medianSpread(spreads: readonly Spread[]): Spread {
  return {
    firstMs: median(spreads.map(({ firstMs }) => firstMs)),
    medianMs: median(spreads.map(({ medianMs }) => medianMs)),
    lastMs: median(spreads.map(({ lastMs }) => lastMs)),
  };
}
