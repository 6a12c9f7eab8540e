// Goes on from one replica's log when the quorum of its zone is lost for good.
//
//   log of replica R: snapshot, entries  --all applied, and one entry of the recovery's own-->  snapshot of replica N
//   voters R, S, T in epoch e                                                                   voter N in epoch e + 1
//
// Entries that R does not know to be committed are kept: they may have been acknowledged. What the others acknowledged
// without R is lost. The recovery's entry begins the epoch, forgets all replicas but the new one, and has a term that no
// old member reaches by electing.

import { assert } from '../../runtime/index.ts';
import type { Random } from '../../runtime/index.ts';
import type { Disk } from '../log/disk.ts';
import { defaultSegmentBytes } from '../log/open-log.ts';
import { succeedLog } from '../log/succession.ts';
import { emptyConf } from '../raft/conf-change/changer.ts';
import type { ReplicaId } from '../raft/types.ts';
import { epochKey, epochOf, nextEpoch } from '../replica/epoch.ts';
import { onlyReplica, replicaRecord } from '../replica/replica-records.ts';
import { replicaIdLimit } from '../replica/protocol.ts';
import { encodeCommand } from '../store/command.ts';
import { readZoneCopy, withLog } from './zone-copy.ts';
import type { ZoneCopy } from './zone-copy.ts';

/** A zone that elects each second for ten days does not come so far: no term means two things in two epochs. */
const termStep = 1_000_000;

export interface Recovered {
  readonly replica: ReplicaId;
  readonly epoch: number;
  readonly term: number;
  /** Of the recovery's own entry, the last one. */
  readonly index: number;
}

/**
 * Makes the log in `directory` that of a new replica, alone in a new epoch; `skein up` goes on from it. After a crash
 * it is whole, the old log or the new. A second run begins another epoch. Errors: conflict (a peer runs on it),
 * not-found, corrupt, unsupported, overloaded with `isDiskFull` (and then nothing has changed).
 */
export function recoverLog(
  disk: Disk,
  directory: string,
  random: Random,
  segmentBytes = defaultSegmentBytes,
): Promise<Recovered> {
  return withLog(disk, directory, async () => {
    const copy = await readZoneCopy(disk, directory);
    const recovered = successorOf(copy, random);
    const { replica, epoch, term, index } = recovered;
    const { machine } = copy;
    const before = replicaRecord(machine.view, copy.recovered.replicaId);
    const { compare, success } = onlyReplica(before, replica);
    const begin = { type: 'put', key: epochKey, value: String(epoch) } as const;
    const transaction = { compare, success: [...success, begin] };
    const { answer } = machine.apply(index, encodeCommand({ type: 'transaction', transaction }));
    assert(answer.ok, 'nothing refuses the entry of a recovery');
    await succeedLog(disk, directory, {
      replicaId: replica,
      hardState: { term, vote: 0, commit: index },
      meta: { index, term, conf: { ...emptyConf, voters: [replica] } },
      chunks: machine.snapshot(),
      segmentBytes,
    });
    return recovered;
  });
}

function successorOf(
  { recovered, lastIndex, lastTerm, machine }: ZoneCopy,
  random: Random,
): Recovered {
  return {
    replica: 1 + random.integer(replicaIdLimit),
    epoch: nextEpoch(epochOf(machine.view), random),
    term: Math.max(recovered.hardState.term, lastTerm) + termStep,
    index: lastIndex + 1,
  };
}
