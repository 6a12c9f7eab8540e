// A storm over a zone: what goes wrong, when, and for how long, as the seed has it; then all of it is made well.

import { pick } from '../../../runtime/index.ts';
import type { SeededRandom } from '../../../runtime/index.ts';
import { calmJitterMs } from './network.ts';
import { names } from './plan.ts';
import type { Plan, ZoneFault } from './plan.ts';
import type { Member, Zone } from './zone.ts';

/** What was begun ends within this. */
const longestMs = 2_500;
const calmDiskMs = 2;
const slowestDiskMs = 400;
/** Less than a few segments: a disk of that size has no room for the next. */
const fullestDiskBytes = 400_000;
/** A crash after so many operations of the disk meets every one of them sooner or later. */
const furthestOperation = 40;

export interface ZoneStorm {
  /** Ends every fault: all peers run, the network is good, disks are quick and honest. */
  readonly heal: () => void;
  readonly counts: () => Readonly<Record<string, number>>;
}

interface Weather {
  readonly zone: Zone;
  readonly plan: Plan;
  readonly random: SeededRandom;
  readonly counts: Record<string, number>;
  /** Counts cuts: the newest replaces the one before it. */
  cuts: number;
  isOver: boolean;
}

export function startZoneStorm(zone: Zone, plan: Plan): ZoneStorm {
  const random = zone.simulation.random.fork('storm');
  const weather: Weather = { zone, plan, random, counts: {}, cuts: 0, isOver: false };
  const [fastestMs, slowestMs] = plan.pauseMs;
  const next = (): void => {
    later(weather, fastestMs + random.float() * (slowestMs - fastestMs), () => {
      strike(weather);
      next();
    });
  };
  next();
  return { heal: () => heal(weather), counts: () => weather.counts };
}

function heal(weather: Weather): void {
  const { zone } = weather;
  weather.isOver = true;
  zone.network.join();
  zone.network.setLoss(0);
  zone.network.setDuplication(0);
  zone.network.setJitterMs(calmJitterMs);
  for (const { disk } of zone.machines.values()) {
    disk.setMaxLatencyMs(calmDiskMs);
    disk.setCapacityBytes(Infinity);
    disk.setLying(false);
    disk.failNext(undefined);
    disk.crashAfter(Infinity, () => {});
  }
  for (const member of zone.members.values()) resume(member);
  for (const name of zone.machines.keys()) zone.start(name);
}

function later(weather: Weather, delayMs: number, act: () => void): void {
  weather.zone.simulation.schedule(delayMs, () => {
    if (!weather.isOver) act();
  });
}

/** Mostly short, now and then as long as it may be. */
const drawMs = ({ random }: Weather): number => 20 + longestMs * random.float() ** 2;

function strike(weather: Weather): void {
  const { zone, plan, random, counts } = weather;
  const fault = pick(random, plan.faults);
  const leader = zone.leader();
  const target =
    leader !== undefined && random.float() < plan.leaderShare
      ? leader
      : pick(random, [...zone.members.values()]);
  if (fault === undefined || target === undefined) return;
  counts[fault] = (counts[fault] ?? 0) + 1;
  zone.simulation.trace(`${fault} ${target.name}`);
  commit(weather, fault, target);
}

function commit(weather: Weather, fault: ZoneFault, target: Member): void {
  const { zone, random } = weather;
  const { name } = target;
  const { disk } = target.machine;
  const forMs = drawMs(weather);
  switch (fault) {
    case 'exit':
    case 'power':
      zone.stop(name, fault);
      return startLater(weather, name);
    case 'exit-after':
    case 'power-after': {
      const how = fault === 'exit-after' ? 'exit' : 'power';
      return disk.crashAfter(
        1 + random.integer(furthestOperation),
        () => {
          zone.ended(name, how);
          startLater(weather, name);
        },
        how,
      );
    }
    case 'blackout':
      for (const each of zone.members.keys()) {
        zone.stop(each, 'power');
        startLater(weather, each);
      }
      return;
    case 'failed-write':
      return disk.failNext(random.float() < 0.5 ? 'write' : 'sync');
    case 'slow-disk':
      disk.setMaxLatencyMs(slowestDiskMs * random.float());
      return later(weather, forMs, () => disk.setMaxLatencyMs(calmDiskMs));
    case 'full-disk':
      disk.setCapacityBytes(random.integer(fullestDiskBytes));
      return later(weather, forMs, () => disk.setCapacityBytes(Infinity));
    case 'lying-disk':
      return lie(weather, forMs);
    case 'loss':
      zone.network.setLoss(0.3 * random.float());
      return later(weather, forMs, () => zone.network.setLoss(0));
    case 'duplication':
      zone.network.setDuplication(0.3 * random.float());
      return later(weather, forMs, () => zone.network.setDuplication(0));
    case 'jitter':
      zone.network.setJitterMs(300 * random.float());
      return later(weather, forMs, () => zone.network.setJitterMs(calmJitterMs));
    case 'partition':
    case 'one-way':
      return cut(weather, fault, name, forMs);
    case 'freeze':
      return freeze(weather, target, forMs);
    case 'drift':
      return target.peer.clock.setRate(1 + (random.float() - 0.5) / 50);
    case 'hand-over':
      return zone.leader()?.zone?.handLeadershipOver();
    case 'join': {
      const free = names.find((each) => !zone.machines.has(each));
      return free === undefined ? undefined : zone.start(free);
    }
    case 'leave':
      return zone.machines.size > 1 ? zone.leave(name) : undefined;
    default:
      return fault satisfies never;
  }
}

function startLater(weather: Weather, name: string): void {
  later(weather, drawMs(weather), () => {
    if (weather.zone.machines.has(name)) weather.zone.start(name);
  });
}

/** Alone, or with somebody. */
function cut(weather: Weather, fault: 'partition' | 'one-way', name: string, forMs: number): void {
  const { zone, random } = weather;
  const group = new Set([name]);
  if (random.float() < 0.5) group.add(pick(random, [...zone.machines.keys()])!);
  if (fault === 'partition') zone.network.part(group);
  else zone.network.silence(group);
  const own = ++weather.cuts;
  later(weather, forMs, () => {
    if (weather.cuts === own) zone.network.join();
  });
}

/** As a stopped process or a stalled machine: it knows nothing of the time that passes. */
function freeze(weather: Weather, target: Member, forMs: number): void {
  if (target.peer.status() !== 'running') return;
  target.peer.freeze();
  target.machine.frozenSinceMs = weather.zone.simulation.nowMs();
  later(weather, forMs, () => resume(target));
}

function resume({ peer, machine }: Member): void {
  if (peer.status() !== 'frozen') return;
  machine.frozenSinceMs = undefined;
  peer.resume();
}

/** Only once all seats are taken: with fewer voters its liars might be a majority. */
function lie(weather: Weather, forMs: number): void {
  const { zone, plan, random } = weather;
  const liar = zone.machines.get(pick(random, plan.liars) ?? '');
  const voters = zone.leader()?.zone?.store.status().voters.length ?? 0;
  if (liar === undefined || voters < (plan.liars.length > 1 ? 5 : 3)) return;
  liar.isTainted = true;
  liar.disk.setLying(true);
  later(weather, forMs, () => liar.disk.setLying(false));
}
