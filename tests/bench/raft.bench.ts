// Proposals a second of three replicas in one process, with disks and network that take no time:
// what the core itself costs.

import type { Message } from '../../consensus/raft/messages.ts';
import { defaultRaftConfig } from '../../consensus/raft/config.ts';
import { createRaft } from '../../consensus/raft/raft.ts';
import type { Raft } from '../../consensus/raft/raft.ts';
import { foundingState } from '../consensus/raft/cluster.ts';
import { seededRandom } from '../consensus/raft/seeded-random.ts';

const ids = [1, 2, 3];
const payload = new Uint8Array(256).fill(7);
const keepEntries = 20_000;

interface Fleet {
  readonly rafts: Map<number, Raft>;
  /** Entries applied at the leader. */
  applied: number;
}

function createFleet(): Fleet {
  const rafts = new Map<number, Raft>();
  for (const id of ids) {
    const config = { ...defaultRaftConfig, id };
    rafts.set(id, createRaft(config, seededRandom(id), foundingState(ids)));
  }
  return { rafts, applied: 0 };
}

/** Carries messages, writes and applies until all are idle. */
function pump(fleet: Fleet): void {
  const queue: Message[] = [];
  let isBusy = true;
  while (isBusy) {
    isBusy = false;
    for (const [id, raft] of fleet.rafts) {
      if (!raft.hasReady()) continue;
      isBusy = true;
      const ready = raft.ready();
      queue.push(...ready.messages);
      if (ready.persist !== undefined) raft.persisted(ready.persist.token);
      const last = ready.committed.at(-1);
      if (last === undefined) continue;
      raft.applied(last.index);
      if (id === 1) fleet.applied += ready.committed.length;
      const { firstIndex, conf } = raft.status();
      if (last.index - firstIndex < 2 * keepEntries) continue;
      raft.snapshotTaken({ index: last.index, term: last.term, conf });
      raft.compact(last.index - keepEntries);
    }
    for (const message of queue.splice(0)) fleet.rafts.get(message.to)!.step(message);
  }
}

/** Proposals committed and applied a second, with `batch` of them a round. */
function measure(batch: number, durationMs: number): number {
  const fleet = createFleet();
  const leader = fleet.rafts.get(1)!;
  leader.campaign();
  pump(fleet);
  const data = Array.from({ length: batch }, () => payload);
  const started = performance.now();
  fleet.applied = 0;
  while (performance.now() - started < durationMs) {
    for (let i = 0; i < 50; i++) {
      leader.propose(data);
      pump(fleet);
    }
  }
  return Math.round((fleet.applied / (performance.now() - started)) * 1000);
}

measure(16, 300);
const perSecond = Object.fromEntries(
  [1, 16, 64, 256].map((batch) => [`batch${batch}`, measure(batch, 1500)]),
);
const result = {
  bench: 'raft',
  replicas: 3,
  payloadBytes: payload.length,
  proposalsPerSecond: perSecond,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
