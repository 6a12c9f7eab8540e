// Broken rules of Raft: each is a sentence of the paper that somebody did not read.

import { raftRules } from '../../../../consensus/raft/rules.ts';
import type { Rules } from '../../../../consensus/raft/rules.ts';
import type { PlantedBug } from './planted-bug.ts';

const broken = (name: string, change: Partial<Rules>, firstSeed = 1): PlantedBug => ({
  name,
  firstSeed,
  flaw: {
    parts: (base) => ({
      ...base,
      createRaft: (config, random, initial) =>
        base.createRaft(config, random, initial, { ...raftRules, ...change }),
    }),
  },
});

export const raftBugs: readonly PlantedBug[] = [
  broken('votes twice in a term', { mayVoteFor: () => true }, 12),
  broken('votes for a log that is behind', { isUpToDate: () => true }, 9),
  broken("commits an old term's entry by counting", { mayCommitByCounting: () => true }, 29),
  broken('keeps entries that conflict with the leader', { isConflict: () => false }),
  broken('votes and acknowledges before its disk has it', { waitsForDisk: () => false }),
  broken('answers reads before it knows what is committed', { mayServeReads: () => true }, 9),
  broken('begins its term without an entry', { appendsNoop: false }, 44),
  {
    name: 'leads on, for reads and leases, without asking a quorum',
    firstSeed: 5,
    flaw: {
      parts: (base) => ({
        ...base,
        createRaft: (...options) => {
          const raft = base.createRaft(...options);
          const hasty: number[] = [];
          return {
            ...raft,
            readIndex: (context, haste) => {
              if (raft.status().role !== 'leader') return raft.readIndex(context, haste);
              hasty.push(context);
              return { accepted: true };
            },
            hasReady: () => hasty.length > 0 || raft.hasReady(),
            ready: () => {
              const ready = raft.ready();
              const index = raft.status().commit;
              const early = hasty.splice(0).map((context) => ({ context, index }));
              return { ...ready, reads: [...ready.reads, ...early] };
            },
          };
        },
      }),
    },
  },
];
