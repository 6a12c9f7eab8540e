// The parts of a replica with somebody looking on: everything it says, stores and applies is judged on its way.

import type { SnapshotChunks } from '../../../consensus/log/log-storage.ts';
import type { ReplicaParts } from '../../../consensus/replica/replica-parts.ts';
import { recoveredAs, restartBegins, restartEnds, writeBegins, writeEnds } from './durable-log.ts';
import { durableOf, judgeReady, judgeRecovery } from './log-facts.ts';
import type { LifeOfRaft, LogFacts } from './log-facts.ts';
import type { ReplicaId } from '../../../consensus/raft/types.ts';
import type { StateMachine } from '../../../consensus/store/state-machine.ts';
import type { Plan } from './plan.ts';
import type { StateFacts } from './state-facts.ts';

export interface Observers {
  readonly log: LogFacts;
  readonly state: StateFacts;
  /** Replicas of an epoch that is over: what they still say and do until they are fenced is judged no more. */
  readonly bygone: ReadonlySet<ReplicaId>;
  /** The state machine of each peer's present life. */
  readonly machines: Map<string, StateMachine>;
  /** Snapshots travel in pieces of so many bytes, so that small ones have several. */
  readonly chunkBytes: number;
  readonly raftLimits: Plan['raftLimits'];
}

/** `base` may be broken on purpose: whoever looks on stands outside of it. */
export function observedParts(
  peer: string,
  base: ReplicaParts,
  { log: facts, state, bygone, machines, chunkBytes, raftLimits }: Observers,
): ReplicaParts {
  let isBygone = false;
  return {
    ...base,
    openLog: async (disk, options) => {
      const opened = await base.openLog(disk, options);
      const { log, recovered } = opened;
      isBygone = bygone.has(recovered.replicaId);
      if (isBygone) return opened;
      judgeRecovery(facts, peer, recovered);
      const durable = durableOf(facts, recovered.replicaId);
      recoveredAs(durable, recovered);
      return {
        recovered,
        log: {
          ...log,
          append: async (batch) => {
            writeBegins(durable, batch);
            await log.append(batch);
            writeEnds(durable, batch);
          },
          restart: async (meta, hardState) => {
            restartBegins(durable);
            await log.restart(meta, hardState);
            restartEnds(durable, meta, hardState);
          },
          readSnapshot: () => {
            const found = log.readSnapshot();
            return found && { meta: found.meta, chunks: cut(found.chunks, chunkBytes) };
          },
        },
      };
    },
    createRaft: (config, random, initial, rules) => {
      const raft = base.createRaft({ ...config, ...raftLimits }, random, initial, rules);
      const { term, commit } = raft.status();
      const life: LifeOfRaft = { term, commit, handed: undefined, ledTerm: 0 };
      return {
        ...raft,
        readIndex: (context, haste) => {
          facts.asked.set(context, facts.highestCommit);
          return raft.readIndex(context, haste);
        },
        ready: () => {
          const ready = raft.ready();
          if (!isBygone) judgeReady(facts, life, raft, ready);
          return ready;
        },
      };
    },
    createStateMachine: (options) => {
      const machine = base.createStateMachine(options);
      machines.set(peer, machine);
      return {
        ...machine,
        apply: (index, data) => {
          const applied = machine.apply(index, data);
          if (!isBygone) state.applied(peer, index, applied, machine);
          return applied;
        },
        snapshot: () => {
          if (!isBygone) state.snapshotAt(peer, machine.appliedIndex(), machine);
          return machine.snapshot();
        },
        restore: () => {
          const restoration = machine.restore();
          return {
            ...restoration,
            finish: (index) => {
              restoration.finish(index);
              if (!isBygone) state.snapshotAt(peer, index, machine);
            },
          };
        },
      };
    },
  };
}

async function* cut(chunks: SnapshotChunks, bytes: number): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += bytes) yield chunk.subarray(at, at + bytes);
  }
}
