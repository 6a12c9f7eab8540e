// A zone in virtual time for tests of duties: several peers, one store in memory, a mesh that says what it is told.

import type { Member, MemberEvent, MemberStatus, Mesh } from '../../../mesh/index.ts';
import type { Lease, Store } from '../../../consensus/index.ts';
import type { ObjectStore } from '../../../actors/objects/object-store.ts';
import { createObjects } from '../../../actors/objects/object-store.ts';
import type { DutyDefinition } from '../../../actors/duties/duty.ts';
import type { DutyMessage } from '../../../actors/duties/duty-actor.ts';
import { dutyActor } from '../../../actors/duties/duty-actor.ts';
import type { ActorRef, ActorSystem, Result, SimulatedPeer } from '../../../runtime/index.ts';
import {
  createActorSystem,
  createRingLogger,
  createSimulation,
  failed,
  SkeinError,
} from '../../../runtime/index.ts';
import type { MemoryStore } from '../objects/memory-store.ts';
import { createMemoryStore } from '../objects/memory-store.ts';

/** Milliseconds a proposal takes, and a renewal. */
const ROUND_TRIP_MS = 2;

export interface TestMesh extends Pick<
  Mesh,
  'self' | 'members' | 'member' | 'memberNamed' | 'onMember'
> {}

export interface ZonePeer {
  readonly name: string;
  readonly simulated: SimulatedPeer;
  readonly system: ActorSystem;
  /** The zone's store as this peer reaches it; fails while the peer is cut off. */
  readonly store: Store;
  readonly objects: ObjectStore;
  readonly mesh: TestMesh;
  readonly failures: readonly string[];
  /** Takes a seat for each of these duties. */
  readonly sit: (definitions: readonly DutyDefinition[]) => readonly ActorRef<DutyMessage>[];
  readonly cut: (isCut: boolean) => void;
}

export interface Zone {
  readonly simulation: ReturnType<typeof createSimulation>;
  readonly memory: MemoryStore;
  readonly peers: readonly ZonePeer[];
  readonly setMember: (name: string, status: MemberStatus) => void;
  /** Replaces what a peer gossips of itself. */
  readonly setLoad: (name: string, load: { cpu: number; memory: number }) => void;
  /** Which peer's store says that it leads; all others follow. */
  readonly setLeader: (name: string | undefined) => void;
  readonly run: (ms: number) => Promise<void>;
  /** Fails when it does not hold within `limitMs`. */
  readonly until: (what: string, holds: () => boolean, limitMs?: number) => Promise<void>;
}

export function createZone(seed: number, names: readonly string[]): Zone {
  const simulation = createSimulation(seed);
  const memory = createMemoryStore();
  const members = new Map<string, Member>(
    names.map((name) => [
      name,
      {
        peer: name,
        status: 'alive',
        incarnation: 1,
        addresses: [],
        facts: { name, zone: 'test' },
      },
    ]),
  );
  const listeners = new Set<(event: MemberEvent) => void>();
  const update = (name: string, change: Partial<Member>): void => {
    const was = members.get(name)!;
    const member = { ...was, ...change };
    members.set(name, member);
    const event: MemberEvent =
      change.status === undefined
        ? { type: 'facts', member, keys: Object.keys(member.facts) }
        : { type: 'status', member, was: was.status };
    listeners.forEach((changed) => changed(event));
  };
  const expiry = new Map<number, { cancel: () => void }>();
  const startLease = ({ id, ttlMs }: Lease): void => {
    expiry.get(id)?.cancel();
    expiry.set(
      id,
      simulation.schedule(ttlMs, () => memory.expireLease(id)),
    );
  };
  let leader: string | undefined;

  const peers = names.map((name): ZonePeer => {
    const simulated = simulation.peer(name);
    const log = createRingLogger(simulated.clock, 200);
    const failures: string[] = [];
    let isCut = false;
    const reach = async <T>(ask: () => Promise<Result<T>>): Promise<Result<T>> => {
      await new Promise<void>((resolve) => simulation.schedule(ROUND_TRIP_MS, resolve));
      const mayAsk = !isCut && simulated.status() === 'running';
      return mayAsk ? ask() : failed(new SkeinError('unavailable', `${name} is cut off`));
    };
    const store: Store = {
      ...memory,
      transact: async (transaction) => reach(async () => memory.transact(transaction)),
      grantLease: async (ttlMs) =>
        reach(async () => {
          const granted = await memory.grantLease(ttlMs);
          if (granted.ok) startLease(granted.value);
          return granted;
        }),
      keepLease: async (id, deadlineMs) =>
        reach(async () => {
          const kept = await memory.keepLease(id, deadlineMs);
          if (kept.ok) startLease(kept.value);
          return kept;
        }),
      revokeLease: async (id) => reach(async () => memory.revokeLease(id)),
      status: () => ({
        ...memory.status(),
        role: leader === name ? 'leader' : 'follower',
        staleMs: isCut ? 60_000 : 0,
      }),
      onStatus: (changed) => memory.onStatus(() => changed(store.status())),
    };
    const mesh: TestMesh = {
      self: name,
      members: () => [...members.values()],
      member: (peer) => members.get(peer),
      memberNamed: (peer) => members.get(peer),
      onMember: (changed) => {
        listeners.add(changed);
        return () => listeners.delete(changed);
      },
    };
    const system = createActorSystem({
      peer: name,
      clock: simulated.clock,
      random: simulated.random,
      log,
      dispatcher: simulated.dispatcher,
      onFailure: (path, error) => failures.push(`${path}: ${error.stack}`),
    });
    const objects = createObjects(store);
    return {
      name,
      simulated,
      system,
      store,
      objects,
      mesh,
      failures,
      sit: (definitions) =>
        definitions.map((definition) =>
          system.spawn(`duty-${definition.name}`, dutyActor, { definition, store, mesh }),
        ),
      cut: (next) => {
        isCut = next;
      },
    };
  });
  const checkFailures = (): void => {
    const all = peers.flatMap(({ failures }) => failures);
    if (all.length > 0) throw new Error(all.join('\n'));
  };
  return {
    simulation,
    memory,
    peers,
    setMember: (name, status) => update(name, { status }),
    setLoad: (name, load) => update(name, { facts: { ...members.get(name)!.facts, load } }),
    setLeader: (name) => {
      leader = name;
      memory.setStatus({});
    },
    run: async (ms) => {
      await simulation.run({ untilMs: simulation.nowMs() + ms });
      checkFailures();
    },
    until: async (what, holds, limitMs = 10_000) => {
      const reached = await simulation.run({ until: holds, limitMs });
      checkFailures();
      if (!reached) throw new Error(`not within ${limitMs} ms: ${what}`);
    },
  };
}
