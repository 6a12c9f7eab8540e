// What one replica's directory holds of a zone: its snapshot, and every entry after it, committed or not.

import { SkeinError } from '../../runtime/index.ts';
import type { Disk } from '../log/disk.ts';
import type { RecoveredLog } from '../log/log-storage.ts';
import { readLog } from '../log/open-log.ts';
import { finishSuccession } from '../log/succession.ts';
import { decodeConfChange } from '../raft/conf-change/change.ts';
import { nextConf } from '../raft/conf-change/changer.ts';
import type { ConfState } from '../raft/types.ts';
import { createStateMachine } from '../store/state-machine.ts';
import type { Restoration, StateMachine } from '../store/state-machine.ts';

export interface ZoneCopy {
  readonly recovered: RecoveredLog;
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** After the last entry, and after the last that is known to be committed. */
  readonly conf: ConfState;
  /** Snapshot and all entries applied. */
  readonly machine: StateMachine;
}

/**
 * Runs `work` with the directory locked. Errors: conflict (a peer runs on it), not-found (no log there), and those of
 * `work`.
 */
export async function withLog<T>(
  disk: Disk,
  directory: string,
  work: () => Promise<T>,
): Promise<T> {
  await listLog(disk, directory);
  const release = await disk.lock(directory);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function listLog(disk: Disk, directory: string): Promise<readonly string[]> {
  try {
    return await disk.list(directory);
  } catch (error) {
    throw noLog(directory, error);
  }
}

const noLog = (directory: string, cause?: unknown): SkeinError =>
  new SkeinError(
    'not-found',
    `there is no log of a zone in ${directory}: say with --data where the peer keeps its data`,
    { directory },
    cause,
  );

/**
 * Reads a stopped replica's log; the caller holds the lock. Writes nothing, but for finishing a recovery that a crash
 * stopped after it had come into force. Errors: not-found, corrupt, unsupported.
 */
export async function readZoneCopy(disk: Disk, directory: string): Promise<ZoneCopy> {
  await finishSuccession(disk, directory);
  const machine = createStateMachine();
  let restoration: Restoration | undefined;
  const recovered = await readLog(disk, directory, () => {
    restoration = machine.restore();
    return restoration.add;
  });
  const snapshot = recovered?.snapshot;
  // Without a snapshot it was never fed: whatever was sent to it, nothing of the zone is here.
  if (recovered === undefined || snapshot === undefined) throw noLog(directory);
  restoration?.finish(snapshot.index);
  let { index: lastIndex, term: lastTerm, conf } = snapshot;
  for (const entry of recovered.entries) {
    if (entry.type === 'config') conf = confAfter(conf, entry.data);
    else machine.apply(entry.index, entry.data);
    ({ index: lastIndex, term: lastTerm } = entry);
  }
  return { recovered, lastIndex, lastTerm, conf, machine };
}

/** A change that does not fit was not committed, and is passed over. */
export function confAfter(conf: ConfState, data: Uint8Array): ConfState {
  const outcome = nextConf(conf, decodeConfChange(data));
  return outcome.ok ? outcome.conf : conf;
}
