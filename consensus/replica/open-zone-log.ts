// Opens this peer's replica of the zone's log: founds it, or finds it on disk, or waits to be let in.

import type { ActorRef, ActorSystem, Clock, Random, Result } from '../../runtime/index.ts';
import { formatAddress } from '../../runtime/index.ts';
import type { Disk } from '../log/disk.ts';
import type { LogStorage } from '../log/log-storage.ts';
import { beginLife } from '../log/life-file.ts';
import { markLog, setMarkedLogAside, wasSetAside } from '../log/set-aside.ts';
import type { SnapshotReader } from '../log/snapshots.ts';
import { defaultRaftConfig } from '../raft/config.ts';
import { firstState } from '../raft/initial-state.ts';
import type { InitialState } from '../raft/initial-state.ts';
import type { ReplicaId } from '../raft/types.ts';
import type { Restoration, StateMachine } from '../store/state-machine.ts';
import { defaultRetention } from '../store/compaction.ts';
import type { Retention } from '../store/compaction.ts';
import type { Store } from '../store/store.ts';
import { blankEpoch, epochOf } from './epoch.ts';
import { createFreshness } from './freshness.ts';
import { replicaIdLimit, replicaPath, snapshotsPath } from './protocol.ts';
import type { LocalRequest, SnapshotChunk } from './protocol.ts';
import { replicaActor } from './replica-actor.ts';
import { replicaParts } from './replica-parts.ts';
import type { PeerHealth } from './replica.ts';
import { defaultSnapshotFloorBytes } from './snapshot-schedule.ts';
import { snapshotChunksActor } from './snapshot-transfers.ts';
import { createStatusBoard } from './status-board.ts';
import { electionTimeoutMs, raftTiming } from './timing.ts';
import { createZoneStore } from './zone-store.ts';

/** Ids of sessions are random, positive and not above this. */
const sessionLimit = 2 ** 47;

export interface ZoneLogOptions {
  readonly system: ActorSystem;
  readonly random: Random;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly directory: string;
  readonly segmentBytes?: number;
  /** Log written between two snapshots at least; default 16 MiB. */
  readonly snapshotFloorBytes?: number;
  /** How much of the past is kept for watchers; default `defaultRetention`. */
  readonly retention?: Retention;
  /** Failure domain of this peer: voters are spread over them. */
  readonly domain: string;
  /** This peer votes and keeps the log, and runs no pods. Counts when it asks to be let in, then for good. */
  readonly isWitness?: boolean;
  /** What people call a peer, for what they are told; default its id. */
  readonly nameOf?: (peer: string) => string;
  /** This peer begins the zone: it is the only voter of a new log. Ignored when there is a log already. */
  readonly isFounder: boolean;
  readonly health: PeerHealth;
  /** Whether a person has withdrawn this peer from work, by cordoning it say: it does not lead while another can. */
  readonly isWithdrawn?: (peer: string) => boolean;
  /** Peers a new replica asks to be let in. */
  readonly joinThrough: () => readonly string[];
}

export interface ZoneLog {
  readonly store: Store;
  /** Hands leadership to another voter, if this peer leads; does not wait. */
  readonly handLeadershipOver: () => void;
  /** Ends this replica's part in the zone for good. Errors: forbidden for the last peer. */
  readonly leave: () => Promise<Result<void>>;
  /** After the actor system has stopped. */
  readonly close: () => Promise<void>;
  /** Bytes on disk and syncs so far, for measurements. */
  readonly diskStats: LogStorage['stats'];
}

/**
 * `parts` is for tests; production leaves it out.
 * Errors: as openLog; corrupt when the disk lost what this replica had acknowledged.
 */
export async function openZoneLog(options: ZoneLogOptions, parts = replicaParts): Promise<ZoneLog> {
  const { system, random, clock, disk, directory } = options;
  await disk.makeDirectory(directory);
  const aside = await setMarkedLogAside(disk, directory);
  const newId = 1 + random.integer(replicaIdLimit);
  const machine = parts.createStateMachine();
  const reader = createReader(machine);
  const { log, recovered } = await parts.openLog(disk, {
    directory,
    replicaId: newId,
    snapshotReader: reader.begin,
    ...(options.segmentBytes === undefined ? {} : { segmentBytes: options.segmentBytes }),
  });
  const isBlank = recovered.snapshot === undefined && recovered.hardState.term === 0;
  // Whoever founded the zone once, and was fenced, must not found it again.
  const isFounder = options.isFounder && !(await wasSetAside(disk, directory));
  if (recovered.snapshot !== undefined) reader.finish(recovered.snapshot.index);
  const initial: InitialState =
    isBlank && isFounder ? await found(log, recovered.replicaId, machine) : recovered;

  const life = await beginLife(disk, directory, random);
  const epoch = initial.snapshot === undefined ? blankEpoch : epochOf(machine.view);
  const session = 1 + random.integer(sessionLimit);
  const status = createStatusBoard();
  const freshness = createFreshness();
  const config = { ...defaultRaftConfig, ...raftTiming, id: recovered.replicaId };
  const replica: ActorRef<LocalRequest | SnapshotChunk> = system.spawn(
    replicaPath,
    replicaActor,
    {
      self: { replica: recovered.replicaId, peer: system.peer, epoch, life },
      traits: { domain: options.domain, ...(options.isWitness === true && { isWitness: true }) },
      nameOf: options.nameOf ?? ((peer) => peer),
      session,
      raft: parts.createRaft(config, random, initial),
      hardState: initial.hardState,
      log,
      machine,
      lessor: parts.createLessor(electionTimeoutMs),
      status,
      freshness,
      retention: options.retention ?? defaultRetention,
      health: options.health,
      isWithdrawn: options.isWithdrawn ?? (() => false),
      replicaAt: (peer) => system.ref(formatAddress({ peer, path: replicaPath })),
      chunksAt: (peer) => system.ref(formatAddress({ peer, path: snapshotsPath })),
      snapshotBytes: reader.bytes(),
      snapshotFloorBytes: options.snapshotFloorBytes ?? defaultSnapshotFloorBytes,
      joinThrough: options.joinThrough,
      setAside: aside,
      markLog: (why) => markLog(disk, directory, why, random),
    },
    { directive: 'escalate' },
  );
  system.spawn(snapshotsPath, snapshotChunksActor, replica, { directive: 'escalate' });
  const store = createZoneStore({
    replica,
    machine,
    session: parts.createRequestSession(session),
    status,
    freshness,
    clock,
    random,
  });
  return {
    store,
    handLeadershipOver: () => replica.tell({ type: 'hand-leadership-over' }),
    leave: () => new Promise((settle) => replica.tell({ type: 'leave-zone', settle })),
    close: () => log.close(),
    diskStats: log.stats,
  };
}

/** The first replica: its empty state machine is the snapshot that everyone who joins starts from. */
async function found(log: LogStorage, id: ReplicaId, machine: StateMachine): Promise<InitialState> {
  const initial = firstState(id);
  await log.saveSnapshot(initial.snapshot!, machine.snapshot());
  await log.restart(initial.snapshot!, initial.hardState);
  return initial;
}

/** Reads the newest snapshot into the machine while the log checks it. */
function createReader(machine: StateMachine): {
  readonly begin: SnapshotReader;
  readonly finish: (index: number) => void;
  readonly bytes: () => number;
} {
  let restoration: Restoration | undefined;
  let bytes = 0;
  return {
    begin: () => {
      const own = machine.restore();
      restoration = own;
      bytes = 0;
      return (chunk) => {
        own.add(chunk);
        bytes += chunk.length;
      };
    },
    finish: (index) => restoration?.finish(index),
    bytes: () => bytes,
  };
}
