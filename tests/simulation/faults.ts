// Storms: what may go wrong, drawn from a seed, and how all of it is made well again.

import { pick, shuffled } from '../../runtime/index.ts';
import type { SeededRandom } from '../../runtime/index.ts';
import type { Cluster, Member } from './cluster.ts';
import type { ContainerFaults } from './simulated-container-driver.ts';
import { GOOD_PATH } from './simulated-network.ts';

/** What storms are made of. A disk that lies is not among them: no log survives that; it is there to test the judge. */
export const faultKinds = [
  'crash',
  'power',
  'blackout',
  'restart',
  'freeze',
  'partition',
  'one-way',
  'loss',
  'delay',
  'slow-disk',
  'broken-disk',
  'torn-write',
  'full-disk',
  'drift',
  'wall-jump',
  'leave',
] as const;

export type FaultKind = (typeof faultKinds)[number] | 'lie';

export interface Storm {
  /** Ends every fault: all peers run, the network is good, clocks go right. */
  readonly heal: () => void;
  /** Faults so far, by kind. */
  readonly counts: () => Readonly<Record<string, number>>;
}

export interface StormOptions {
  readonly cluster: Cluster;
  readonly random: SeededRandom;
  /** What can happen in this storm. */
  readonly kinds: readonly FaultKind[];
  /** Between two faults: uniform between these, ms. */
  readonly pauseMs: readonly [number, number];
  /** Told of each partition, with how long it will last. */
  readonly onPartition?: (
    groups: readonly (readonly string[])[],
    lastsMs: number,
    isInPlace: () => boolean,
  ) => void;
}

/** The mutable wishes of `createSimulatedContainerHost`: a storm sets them, healing takes them back. */
export type ContainerWeather = { -readonly [K in keyof ContainerFaults]: ContainerFaults[K] };

/** Faults begin now and go on until `heal`. */
export function startStorm(options: StormOptions): Storm {
  const { cluster, random, kinds, pauseMs } = options;
  const { simulation } = cluster;
  const counts: Record<string, number> = {};
  /** Counts beginnings and ends: the newest partition replaces the one before it. */
  const partitions = { count: 0 };
  let isOver = false;

  /** Uniform in [from, to), ms. */
  const between = (from: number, to: number): number => from + random.integer(to - from);
  const later = (delayMs: number, act: () => void): void => {
    simulation.schedule(delayMs, () => {
      if (!isOver) act();
    });
  };
  const strike = (): void => {
    const kind = pick(random, kinds);
    if (kind === undefined || isOver) return;
    counts[kind] = (counts[kind] ?? 0) + 1;
    const target = pick(random, cluster.members())!;
    simulation.trace(`${kind} ${target.name}`);
    cluster.log.info(`the world: ${kind}`, { target: target.name });
    commit(options, kind, target, between, later, partitions);
    later(between(...pauseMs), strike);
  };
  later(between(...pauseMs), strike);

  return {
    counts: () => counts,
    heal: () => {
      isOver = true;
      partitions.count++;
      cluster.log.info('the world: heals');
      cluster.network.heal();
      cluster.network.setPath(GOOD_PATH);
      for (const { life, machine } of cluster.members()) {
        machine.disk.setMaxLatencyMs(usualDiskMs);
        machine.disk.setCapacityBytes(Infinity);
        machine.disk.crashAfter(Infinity, () => {});
        life?.host.clock.setRate(1);
        life?.host.clock.setWallOffset(0);
      }
      for (const member of cluster.members()) {
        cluster.resume(member);
        cluster.start(member);
      }
    },
  };
}

const usualDiskMs = 2;

type Between = (from: number, to: number) => number;
type Later = (delayMs: number, act: () => void) => void;

function commit(
  { cluster, random, onPartition }: StormOptions,
  kind: FaultKind,
  target: Member,
  between: Between,
  later: Later,
  partitions: { count: number },
): void {
  const { network } = cluster;
  const { disk } = target.machine;
  const downMs = random.float() < 0.5 ? between(10, 1_000) : between(1_000, 20_000);
  const startLater = (member: Member): void => later(downMs, () => cluster.start(member));
  switch (kind) {
    case 'crash':
    case 'power':
      cluster.crash(target, kind === 'crash' ? 'process' : 'power');
      return startLater(target);
    case 'blackout':
      for (const member of cluster.members()) {
        cluster.crash(member, 'power');
        later(between(10, 5_000), () => cluster.start(member));
      }
      return;
    case 'restart':
      void cluster.stop(target).then(() => startLater(target));
      return;
    case 'freeze': {
      cluster.freeze(target);
      return later(between(200, 15_000), () => cluster.resume(target));
    }
    case 'partition': {
      const names = shuffled(
        random,
        cluster.members().map(({ name }) => name),
      );
      const cut = 1 + random.integer(names.length - 1);
      const groups = [names.slice(0, cut), names.slice(cut)];
      const lastsMs = between(1_000, 25_000);
      network.partition(groups);
      const own = ++partitions.count;
      const isInPlace = (): boolean => partitions.count === own;
      onPartition?.(groups, lastsMs, isInPlace);
      return later(lastsMs, () => {
        if (!isInPlace()) return;
        partitions.count++;
        network.heal();
      });
    }
    case 'one-way': {
      const other = pick(random, cluster.members())!;
      network.setPath({ isCut: true }, target.name, other.name);
      return later(between(1_000, 20_000), () =>
        network.setPath({ isCut: false }, target.name, other.name),
      );
    }
    case 'loss':
      network.setPath({ loss: 0.3 * random.float(), duplication: 0.1 * random.float() });
      return later(between(1_000, 15_000), () => network.setPath({ loss: 0, duplication: 0 }));
    case 'delay':
      network.setPath({ latencyMaxMs: between(10, 300) });
      return later(between(1_000, 15_000), () =>
        network.setPath({ latencyMaxMs: GOOD_PATH.latencyMaxMs }),
      );
    case 'slow-disk':
      disk.setMaxLatencyMs(between(20, 1_000));
      return later(between(1_000, 20_000), () => disk.setMaxLatencyMs(usualDiskMs));
    case 'broken-disk':
      return disk.failNext(random.float() < 0.5 ? 'write' : 'sync');
    case 'torn-write':
      return disk.crashAfter(1 + random.integer(20), () => {
        cluster.crash(target, 'power');
        startLater(target);
      });
    case 'full-disk':
      disk.setCapacityBytes(between(0, 1_000_000));
      return later(between(1_000, 10_000), () => disk.setCapacityBytes(Infinity));
    case 'leave':
      return cluster.leave(target);
    case 'lie':
      return disk.setLying(true);
    case 'drift':
      return target.life?.host.clock.setRate(1 + (random.float() - 0.5) / 50);
    case 'wall-jump':
      return target.life?.host.clock.setWallOffset(between(-3_600_000, 3_600_000));
    default:
      return kind satisfies never;
  }
}
