// Skein's store, asked what etcd is asked: the state machine alone, or a whole zone log through its port.

import { assert, SkeinError } from '../../../runtime/index.ts';
import type { Result } from '../../../runtime/index.ts';
import type { Revision, Store, StoreView, Watcher } from '../../../consensus/index.ts';
import { createStateMachine } from '../../../consensus/store/state-machine.ts';
import type { CommandAnswer } from '../../../consensus/store/state-machine.ts';
import { encodeState } from '../../../consensus/store/state-snapshot.ts';
import { copyOf, createDriver } from '../../consensus/store/commands.ts';
import type { Driver } from '../../consensus/store/commands.ts';
import type { Answer, Contestant, RefusalKind, Watched } from './contestant.ts';

/** Of a lease, milliseconds: long enough that none ends by itself. */
const ttlMs = 3_600_000;

export interface SkeinContestant extends Contestant {
  /** Goes on with a copy made by way of a snapshot; its watches go on too. */
  readonly restart: () => void;
}

/** What an error means to whoever asks; anything else was not expected. */
function kindOf(error: unknown): { readonly refused: RefusalKind } {
  assert(error instanceof SkeinError, `not a refusal: ${String(error)}`);
  const { code, message } = error;
  const kinds: readonly (readonly [boolean, RefusalKind])[] = [
    [code === 'compacted', 'compacted'],
    [code === 'invalid' && message.includes('the newest is'), 'future revision'],
    [code === 'too-large' && message.includes('operations in one list'), 'too many operations'],
    [code === 'invalid' && message.includes('written twice'), 'duplicate key'],
    [code === 'invalid' && message.startsWith('a key has 1 to'), 'empty key'],
    [code === 'not-found' && message.startsWith('lease'), 'no such lease'],
    [code === 'already-exists' && message.startsWith('lease'), 'lease exists'],
  ];
  const known = kinds.find(([isIt]) => isIt);
  assert(known !== undefined, `Skein refused for a known reason: ${code}: ${message}`);
  return { refused: known[1] };
}

function tried<T>(read: () => T): Answer<T> {
  try {
    return read();
  } catch (error) {
    return kindOf(error);
  }
}

const answered = <T, U>(result: Result<T>, value: (answer: T) => U): Answer<U> =>
  result.ok ? value(result.value) : kindOf(result.error);

const reads = (view: () => StoreView): Pick<Contestant, 'range' | 'count' | 'revision'> => ({
  range: async (from, end, options) =>
    tried(() => {
      const { kvs, more } = view().range(from, end, options);
      return { kvs, more };
    }),
  count: async (from, end, revision) => tried(() => view().count(from, end, revision)),
  revision: async () => view().revision(),
});

function listenTo(watched: Watched): Watcher {
  return {
    events: (revision, events) => void watched.heard.push([revision, events]),
    ended: (reason) => void (watched.isCompacted = reason === 'compacted'),
  };
}

/** The pure store, empty at `revision` as if all before had been compacted. */
export function createMachineContestant(revision: Revision): SkeinContestant {
  let driver: Driver = createDriver(emptyAt(revision));
  const resumes: (() => void)[] = [];
  const asked = (command: Parameters<Driver['apply']>[0]): Result<CommandAnswer> =>
    driver.apply(command).answer;
  return {
    transact: async (transaction) =>
      answered(asked({ type: 'transaction', transaction }), (answer) => {
        assert(answer.type === 'transaction', 'a transaction is answered as one');
        return answer.result;
      }),
    ...reads(() => driver.machine.view),
    grant: async (id) => answered(asked({ type: 'grant-lease', id, ttlMs }), () => 'granted'),
    revoke: async (id) => answered(asked({ type: 'end-lease', id }), () => 'revoked'),
    compact: async (to) => answered(asked({ type: 'compact', revision: to }), () => 'compacted'),
    watch: async (from, end, after) => {
      const watched: Watched = { heard: [], isCompacted: false };
      let told = after;
      const begin = (): void => {
        const { events, ended } = listenTo(watched);
        const listen = (at: Revision, changed: Parameters<Watcher['events']>[1]): void => {
          told = at;
          events(at, changed);
        };
        // A watch that had heard all goes on from the newest: what is older may be compacted by now.
        if (!watched.isCompacted) driver.machine.watch(from, end, told, { events: listen, ended });
      };
      begin();
      resumes.push(() => {
        told = Math.max(told, driver.machine.view.revision());
        begin();
      });
      return watched;
    },
    restart: () => {
      driver = createDriver(copyOf(driver.machine));
      for (const resume of resumes) resume();
    },
  };
}

function emptyAt(revision: Revision): ReturnType<typeof createStateMachine> {
  const machine = createStateMachine();
  const restoration = machine.restore();
  const keyspace = { compacted: revision, revision, base: () => [], changes: [] };
  for (const chunk of encodeState({ keyspace, leases: [], sessions: [] })) restoration.add(chunk);
  restoration.finish(1);
  return machine;
}

/** A whole store through its port. It chooses the ids of leases and compacts by itself: that is not asked here. */
export function createStoreContestant(store: Store): Contestant {
  return {
    transact: async (transaction) => answered(await store.transact(transaction), (done) => done),
    ...reads(() => store.view),
    grant: unasked,
    compact: unasked,
    revoke: async (id) => answered(await store.revokeLease(id), () => 'revoked'),
    watch: async (from, end, after) => {
      const watched: Watched = { heard: [], isCompacted: false };
      store.watch(from, end, after, listenTo(watched));
      return watched;
    },
  };
}

function unasked(): never {
  throw new Error('a whole store is not asked for this');
}
