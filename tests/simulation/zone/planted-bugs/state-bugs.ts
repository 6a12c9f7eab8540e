// A state machine that forgets, repeats or keeps something from those who watch it.

import { Packr } from 'msgpackr';
import { decodeCommand, encodeCommand } from '../../../../consensus/store/command.ts';
import { createStateMachine } from '../../../../consensus/store/state-machine.ts';
import type { StateMachine } from '../../../../consensus/store/state-machine.ts';
import type { Flaw } from '../scenario.ts';
import type { PlantedBug } from './planted-bug.ts';

const withMachine = (change: (machine: StateMachine) => Partial<StateMachine>): Flaw => ({
  parts: (base) => ({
    ...base,
    createStateMachine: () => {
      const machine = createStateMachine();
      return { ...machine, ...change(machine) };
    },
  }),
});

type Row = readonly unknown[];

/** The rows of an encoded state that are kept; see state-snapshot.ts. */
function* rowsKept(
  chunks: Iterable<Uint8Array>,
  isKept: (row: Row) => boolean,
): Generator<Uint8Array> {
  const packr = new Packr({ useRecords: false });
  const bytes = Buffer.concat([...chunks]);
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32LE(at);
    const rows = packr.unpack(bytes.subarray(at + 4, end)) as Row[];
    const packed = packr.pack(rows.filter(isKept));
    const framed = Buffer.alloc(4 + packed.length);
    framed.writeUInt32LE(packed.length, 0);
    framed.set(packed, 4);
    yield framed;
    at = end;
  }
}

const sessionRow = 2;
const answerRow = 3;

export const stateBugs: readonly PlantedBug[] = [
  {
    name: 'applies a repeated request twice',
    firstSeed: 4,
    flaw: withMachine((machine) => ({
      apply: (index, data) => {
        const { command, request } = decodeCommand(data);
        return { ...machine.apply(index, encodeCommand(command)), request };
      },
    })),
  },
  {
    name: 'leaves sessions out of snapshots',
    firstSeed: 1,
    flaw: withMachine((machine) => ({
      snapshot: () =>
        rowsKept(machine.snapshot(), ([type]) => type !== sessionRow && type !== answerRow),
    })),
  },
  {
    name: 'leaves a key out of snapshots',
    firstSeed: 1,
    flaw: withMachine((machine) => ({
      snapshot: () => rowsKept(machine.snapshot(), ([, key]) => key !== '/r/y'),
    })),
  },
  {
    name: 'resumes a watch one revision too late',
    firstSeed: 1,
    flaw: withMachine((machine) => ({
      watch: (from, end, after, watcher) => machine.watch(from, end, after + 1, watcher),
    })),
  },
  {
    name: 'resumes a watch one revision too early',
    firstSeed: 1,
    flaw: withMachine((machine) => ({
      watch: (from, end, after, watcher) =>
        machine.watch(from, end, Math.max(machine.compacted(), after - 1), watcher),
    })),
  },
  {
    name: 'goes on with a watch over what was compacted, and says nothing',
    firstSeed: 3,
    flaw: withMachine((machine) => ({
      watch: (from, end, after, watcher) =>
        machine.watch(from, end, Math.max(after, machine.compacted()), watcher),
    })),
  },
  {
    name: 'does not tell watchers of deletions',
    firstSeed: 1,
    flaw: withMachine((machine) => ({
      watch: (from, end, after, watcher) =>
        machine.watch(from, end, after, {
          ...watcher,
          events: (revision, events) => {
            const puts = events.filter(({ type }) => type === 'put');
            if (puts.length > 0) watcher.events(revision, puts);
          },
        }),
    })),
  },
  {
    name: 'gives a new leader no full term for the leases it takes over',
    firstSeed: 1,
    flaw: {
      parts: (base) => ({
        ...base,
        createLessor: (electionTimeoutMs) => {
          const lessor = base.createLessor(electionTimeoutMs);
          return {
            ...lessor,
            lead: (leases, nowMs) => {
              lessor.lead([], nowMs);
              for (const lease of leases) lessor.granted({ ...lease, ttlMs: 1 }, nowMs);
            },
          };
        },
      }),
    },
  },
];
