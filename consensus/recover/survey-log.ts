// What one stopped replica has, and what the others may have had besides: for whoever decides where to recover.

import type { Disk } from '../log/disk.ts';
import type { ReplicaId } from '../raft/types.ts';
import { epochOf } from '../replica/epoch.ts';
import { replicaRecord } from '../replica/replica-records.ts';
import type { StoreView } from '../store/store.ts';
import { readZoneCopy, withLog } from './zone-copy.ts';

/** A replica by the peer it lives on, when the log says. */
export interface Member {
  readonly replica: ReplicaId;
  readonly peer: string | undefined;
  readonly isSelf: boolean;
}

export interface Survey {
  readonly replica: ReplicaId;
  readonly epoch: number;
  /** The last it was in. */
  readonly term: number;
  /** Of two replicas the one whose last entry has the greater term has more; of equal terms the greater index. */
  readonly lastEntry: { readonly term: number; readonly index: number };
  /** Up to where it knows that a majority had the log. */
  readonly commit: number;
  /** With every entry applied. */
  readonly revision: number;
  readonly voters: readonly Member[];
  /** The voters of before, while a change of voters is under way; else empty. */
  readonly votersOutgoing: readonly Member[];
  readonly learners: readonly Member[];
  /** With every entry applied; to count in. */
  readonly view: StoreView;
}

/** Errors: conflict (a peer runs on it), not-found, corrupt, unsupported. Changes nothing, but see `readZoneCopy`. */
export function surveyLog(disk: Disk, directory: string): Promise<Survey> {
  return withLog(disk, directory, async () => {
    const { recovered, lastIndex, lastTerm, conf, machine } = await readZoneCopy(disk, directory);
    const { replicaId, hardState } = recovered;
    const members = (ids: readonly ReplicaId[]): Member[] =>
      ids.map((replica) => ({
        replica,
        peer: replicaRecord(machine.view, replica)?.peer,
        isSelf: replica === replicaId,
      }));
    return {
      replica: replicaId,
      epoch: epochOf(machine.view),
      term: hardState.term,
      lastEntry: { term: lastTerm, index: lastIndex },
      commit: hardState.commit,
      revision: machine.view.revision(),
      voters: members(conf.voters),
      votersOutgoing: members(conf.votersOutgoing),
      learners: members([...conf.learners, ...conf.learnersNext]),
      view: machine.view,
    };
  });
}
