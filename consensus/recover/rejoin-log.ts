// Gives a replica's log up, rotten or not, so that its peer joins its zone again as a new replica.

import type { Random } from '../../runtime/index.ts';
import { SkeinError } from '../../runtime/index.ts';
import type { Disk } from '../log/disk.ts';
import { readableSegments } from '../log/recovery.ts';
import { recordTypes } from '../log/record.ts';
import { readNothing } from '../log/open-log.ts';
import { markLog } from '../log/set-aside.ts';
import { openSnapshots } from '../log/snapshots.ts';
import { finishSuccession } from '../log/succession.ts';
import type { ConfState, ReplicaId } from '../raft/types.ts';
import { confAfter, withLog } from './zone-copy.ts';

export interface RejoinOptions {
  /** Somebody knows that other peers hold the zone's data, though this log does not say so. */
  readonly force: boolean;
}

/**
 * Marks the log: the next `skein up` sets it aside and joins anew. Errors: conflict (a peer runs on it), not-found,
 * forbidden (as far as the log can be read nobody else has its data; `force` passes over that), unsupported.
 */
export function rejoinLog(
  disk: Disk,
  directory: string,
  random: Random,
  { force }: RejoinOptions,
): Promise<void> {
  return withLog(disk, directory, async () => {
    if (!force) await refuseIfAlone(disk, directory);
    await markLog(disk, directory, 'somebody had this peer join anew', random);
  });
}

async function refuseIfAlone(disk: Disk, directory: string): Promise<void> {
  const { replicaId, conf } = await readableConf(disk, directory);
  const voters = [...(conf?.voters ?? []), ...(conf?.votersOutgoing ?? [])];
  if (voters.some((id) => id !== replicaId)) return;
  const isOnly = voters.length > 0;
  throw new SkeinError(
    'forbidden',
    `${isOnly ? 'this replica is the only voter' : 'nothing tells who the voters are'}, as far as ${directory} ` +
      'can be read: what it holds may be nowhere else. To go on from it, or from another peer, use `skein recover`; ' +
      'if it is broken and no other peer holds the zone, put a copy of it back. If others do hold the zone, say so with --force',
    { directory },
  );
}

interface ReadableConf {
  readonly replicaId: ReplicaId | undefined;
  readonly conf: ConfState | undefined;
}

/** The configuration by the newest whole snapshot and the entries after it, up to the first that is broken. */
async function readableConf(disk: Disk, directory: string): Promise<ReadableConf> {
  await finishSuccession(disk, directory);
  const { snapshots } = await openSnapshots(disk, directory, readNothing);
  const snapshot = snapshots.newest();
  const { replicaId, records } = await readableSegments(disk, directory);
  let conf = snapshot?.conf;
  let last = snapshot?.index ?? 0;
  for (const { type, index, data } of records) {
    if (type !== recordTypes.config || index <= last || conf === undefined) continue;
    conf = confAfter(conf, data);
    last = index;
  }
  return { replicaId, conf };
}
