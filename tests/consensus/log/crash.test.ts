// Whatever the moment of a crash: what was acknowledged is there, and what is there was appended.

import assert from 'node:assert/strict';

import type { LogStorage, RecoveredLog } from '../../../consensus/log/log-storage.ts';
import { openLog } from '../../../consensus/log/open-log.ts';
import type { Entry, HardState, SnapshotMeta } from '../../../consensus/raft/types.ts';
import type { Random } from '../../../runtime/index.ts';
import { createSimulatedDisk } from '../../simulation/simulated-disk.ts';
import { createVirtualTime, seededRandom } from './virtual-time.ts';

const options = { directory: '/log', replicaId: 77, segmentBytes: 4096 };
const noConf = {
  voters: [77],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

/** What a log should hold after some of its records. */
interface Expected {
  readonly hardState: HardState;
  readonly base: { readonly index: number; readonly term: number };
  readonly entries: readonly Entry[];
}

/** The states a crash may leave: any from `floor` on, in the order in which they were appended. */
interface Model {
  states: Expected[];
  floor: number;
  snapshots: SnapshotMeta[];
}

const lastOf = (state: Expected) => state.entries.at(-1)?.index ?? state.base.index;

function afterEntry(state: Expected, entry: Entry): Expected {
  const kept = state.entries.filter(({ index }) => index < entry.index);
  return { ...state, entries: [...kept, entry] };
}

/** What recovery makes of a state with a snapshot under it. */
function seenThrough(state: Expected, snapshot: SnapshotMeta | undefined): unknown {
  const at = snapshot?.index ?? 0;
  const termThere =
    at === state.base.index ? state.base.term : state.entries.find((e) => e.index === at)?.term;
  const isContinued = snapshot === undefined || termThere === snapshot.term;
  const entries = isContinued ? state.entries.filter((e) => e.index > at) : [];
  const last = entries.at(-1)?.index ?? at;
  const { term, vote, commit } = state.hardState;
  const fitted = Math.min(Math.max(commit, at), last);
  const raised = (snapshot?.term ?? 0) > term;
  const hardState = raised
    ? { term: snapshot!.term, vote: 0, commit: fitted }
    : { term, vote, commit: fitted };
  return plain({ hardState, entries });
}

function plain(state: { hardState: HardState; entries: readonly Entry[] }): unknown {
  const entries = state.entries.map((e) => [
    e.index,
    e.term,
    e.type,
    Buffer.from(e.data).toString('hex'),
  ]);
  return JSON.stringify({ hardState: state.hardState, entries });
}

/** Checks what was recovered and makes it the model's only state. */
function settle(model: Model, recovered: RecoveredLog, savedAtLeast: number): void {
  const { snapshot } = recovered;
  const at = snapshot?.index ?? 0;
  assert.ok(at >= savedAtLeast, `snapshot ${savedAtLeast} was acknowledged, found ${at}`);
  const seen = plain(recovered);
  const match = model.states
    .slice(model.floor)
    .find((state) => seenThrough(state, snapshot) === seen);
  if (match === undefined) {
    assert.fail(
      `recovered ${String(seen)}\nsnapshot ${at}, not among\n` +
        model.states
          .slice(model.floor)
          .map((state) => String(seenThrough(state, snapshot)))
          .join('\n'),
    );
  }
  const base = snapshot === undefined ? match.base : { index: snapshot.index, term: snapshot.term };
  const { hardState, entries } = recovered;
  model.states = [{ hardState, base, entries }];
  model.floor = 0;
  model.snapshots = snapshot === undefined ? [] : [snapshot];
}

/** Appends without waiting, and follows what may have reached the disk. */
function appendSome(model: Model, log: LogStorage, random: Random): Promise<void> {
  let state = model.states.at(-1)!;
  const term = state.hardState.term + (random.float() < 0.1 ? 1 : 0);
  const isRewrite = term > state.hardState.term;
  const isPlain = !isRewrite && random.float() < 0.5;
  const first = isRewrite
    ? Math.max(state.hardState.commit, state.base.index) +
      1 +
      random.integer(lastOf(state) - Math.max(state.hardState.commit, state.base.index) + 1)
    : lastOf(state) + 1;
  const entries: Entry[] = [];
  for (let i = 0; i < random.integer(5) + (isRewrite ? 1 : 0); i++) {
    const type = random.float() < 0.9 ? 'normal' : 'config';
    entries.push({ index: first + i, term, type, data: random.bytes(random.integer(900)) });
  }
  const commit = Math.max(
    state.hardState.commit,
    Math.min(first - 1, state.hardState.commit + random.integer(4)),
  );
  const hardState = { term, vote: random.integer(3), commit };
  if (!isPlain) model.states.push((state = { ...state, hardState }));
  for (const entry of entries) model.states.push((state = afterEntry(state, entry)));
  const reached = model.states.length - 1;
  return log.append(isPlain ? { entries } : { hardState, entries }).then(() => {
    model.floor = Math.max(model.floor, reached);
  });
}

async function snapshotSomewhere(
  model: Model,
  log: LogStorage,
  random: Random,
  saved: (index: number) => void,
): Promise<void> {
  const state = model.states.at(-1)!;
  const newest = model.snapshots.at(-1)?.index ?? 0;
  const isReceived = random.float() < 0.3;
  const index = isReceived ? lastOf(state) + 1 + random.integer(9) : state.hardState.commit;
  if (index <= newest) return;
  const term = isReceived
    ? state.hardState.term
    : (state.entries.find((entry) => entry.index === index)?.term ?? 0);
  const meta = { index, term, conf: noConf };
  const chunks = Array.from({ length: random.integer(4) }, () =>
    random.bytes(1 + random.integer(2000)),
  );
  model.snapshots.push(meta);
  await log.saveSnapshot(meta, chunks);
  saved(index);
  if (!isReceived) return log.compact(index);
  const hardState = { ...state.hardState, commit: index };
  model.states.push({ hardState, base: { index, term }, entries: [] });
  await log.restart(meta, hardState);
  model.floor = model.states.length - 1;
}

async function runSeed(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const time = createVirtualTime();
  const disk = createSimulatedDisk({ clock: time.clock, random });
  const start = { hardState: { term: 0, vote: 0, commit: 0 }, base: { index: 0, term: 0 } };
  const model: Model = { states: [{ ...start, entries: [] }], floor: 0, snapshots: [] };
  let saved = 0;
  for (let life = 0; life < 6; life++) {
    let isDown = false;
    const isOver = () => isDown;
    disk.crashAfter(1 + random.integer(life % 2 === 0 ? 300 : 12), () => (isDown = true));
    const opened = await time.run(openLog(disk.boot(), options), isOver);
    if (opened === 'over') continue;
    settle(model, opened.recovered, saved);
    const work = async () => {
      for (;;) {
        const appends: Promise<void>[] = [];
        for (let i = 0; i < 1 + random.integer(6); i++) {
          appends.push(appendSome(model, opened.log, random));
          if (random.float() < 0.5) await appends.at(-1);
        }
        await Promise.all(appends);
        if (random.float() < 0.2) {
          await snapshotSomewhere(model, opened.log, random, (index) => (saved = index));
        }
      }
    };
    assert.equal(await time.run(work(), isOver), 'over');
  }
  const opened = await time.run(openLog(disk.boot(), options));
  assert.notEqual(opened, 'over');
  if (opened !== 'over') settle(model, opened.recovered, saved);
}

describe('a log that loses power', () => {
  it('keeps every acknowledged batch and loses others only from the end, over 300 seeds', async function () {
    this.timeout(60_000);
    for (let seed = 1; seed <= 300; seed++) {
      try {
        await runSeed(seed);
      } catch (error) {
        throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
      }
    }
  });

  it('does the same again with the same seed', async () => {
    const digest = async () => {
      const random = seededRandom(5);
      const time = createVirtualTime();
      const disk = createSimulatedDisk({ clock: time.clock, random });
      const opened = await time.run(openLog(disk.boot(), options));
      assert.notEqual(opened, 'over');
      if (opened === 'over') return '';
      for (let index = 1; index < 40; index++) {
        const entry: Entry = { index, term: 1, type: 'normal', data: random.bytes(300) };
        await time.run(opened.log.append({ entries: [entry] }));
      }
      disk.crash();
      return disk
        .paths()
        .map((path) => `${path} ${disk.content(path).toString('hex')}`)
        .join();
    };
    assert.equal(await digest(), await digest());
  });
});

describe('a log whose process ended while a write was under way', () => {
  it('keeps what the next process found, once that has built on it', async () => {
    let found = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const random = seededRandom(seed);
      const time = createVirtualTime();
      const disk = createSimulatedDisk({ clock: time.clock, random });
      const first = await time.run(openLog(disk.boot(), options));
      assert.ok(first !== 'over');
      let isDown = false;
      disk.crashAfter(1 + random.integer(3), () => (isDown = true), 'exit');
      const work = async () => {
        for (let index = 1; ; index++) {
          const data = random.bytes(100 + random.integer(1_500));
          await first.log.append({ entries: [{ index, term: 1, type: 'normal', data }] });
        }
      };
      await time.run(work(), () => isDown);
      const second = await time.run(openLog(disk.boot(), options));
      assert.ok(second !== 'over');
      disk.crash();
      const third = await time.run(openLog(disk.boot(), options));
      assert.ok(third !== 'over');
      assert.deepEqual(third.recovered, second.recovered, `seed ${seed}`);
      found += second.recovered.entries.length;
    }
    assert.ok(found > 0);
  });
});
