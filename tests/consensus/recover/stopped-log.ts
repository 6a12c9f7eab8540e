// The log of a replica that stopped, on a simulated disk: a voter of three, with a snapshot, entries, and a change of voters.

import type { Disk } from '../../../consensus/log/disk.ts';
import type { LogStorage } from '../../../consensus/log/log-storage.ts';
import { openLog } from '../../../consensus/log/open-log.ts';
import { encodeConfChange } from '../../../consensus/raft/conf-change/change.ts';
import { firstState } from '../../../consensus/raft/initial-state.ts';
import type { Entry } from '../../../consensus/raft/types.ts';
import { recordReplica } from '../../../consensus/replica/replica-records.ts';
import { encodeCommand } from '../../../consensus/store/command.ts';
import { createStateMachine } from '../../../consensus/store/state-machine.ts';
import type { Transaction } from '../../../consensus/store/store.ts';
import { createSimulatedDisk } from '../../simulation/simulated-disk.ts';
import type { SimulatedDisk } from '../../simulation/simulated-disk.ts';
import { createVirtualTime, seededRandom } from '../log/virtual-time.ts';
import type { VirtualTime } from '../log/virtual-time.ts';

export const directory = '/data/log';
export const segmentBytes = 4096;
export const self = 77;
/** Index of the last entry, and up to where the replica knows the log to be committed. */
export const lastIndex = 12;
export const commit = 10;
/** Of the keys that the log writes. */
export const keys = 7;

export interface StoppedLog {
  readonly disk: SimulatedDisk;
  readonly time: VirtualTime;
}

const command = (transaction: Transaction): Uint8Array =>
  encodeCommand({ type: 'transaction', transaction });

function entryAt(index: number): Entry {
  const entry = { index, term: index < 8 ? 1 : 2, type: 'normal' } as const;
  if (index === 2) {
    const sender = { replica: self, peer: 'a', epoch: 0, life: 1 };
    return { ...entry, data: command(recordReplica(sender, { domain: 'here' })) };
  }
  if (index === 4) {
    const steps = [78, 79].map((id) => ({ type: 'add-voter', id }) as const);
    return { ...entry, type: 'config', data: encodeConfChange({ transition: 'auto', steps }) };
  }
  if (index === 5) {
    const leave = encodeConfChange({ transition: 'auto', steps: [] });
    return { ...entry, type: 'config', data: leave };
  }
  // A new leader's own.
  if (index === 8) return { ...entry, data: new Uint8Array(0) };
  return {
    ...entry,
    data: command({
      compare: [],
      success: [{ type: 'put', key: `/k/${index}`, value: 'v'.repeat(600) }],
    }),
  };
}

/** Founded by `self`, grown to three voters, and stopped; `founded` leaves it at its one voter. */
export async function stoppedLog(seed: number, founded = false): Promise<StoppedLog> {
  const time = createVirtualTime();
  const disk = createSimulatedDisk({ clock: time.clock, random: seededRandom(seed) });
  await time.run(writeStoppedLog(disk.boot(), directory, founded));
  disk.exit();
  return { disk, time };
}

/** Does it on any disk; `where` is the log's directory. */
export async function writeStoppedLog(disk: Disk, where: string, founded = false): Promise<void> {
  const { log } = await openLog(disk, { directory: where, replicaId: self, segmentBytes });
  const { snapshot, hardState } = firstState(self);
  await log.saveSnapshot(snapshot!, createStateMachine().snapshot());
  await log.restart(snapshot!, hardState);
  await fill(log, founded ? 3 : lastIndex);
  await log.close();
}

async function fill(log: LogStorage, last: number): Promise<void> {
  for (let index = 2; index <= last; index++) {
    const entry = entryAt(index);
    const hardState = { term: entry.term, vote: 0, commit: Math.min(commit, index - 1) };
    await log.append({ hardState, entries: [entry] });
  }
}
