// The judge of watches finds each way in which a watch can be wrong, and nothing wrong with a true one.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { KeyValue, WatchEvent } from '../../consensus/index.ts';
import { anyTransaction, copyOf, createDriver, put, remove } from './store/commands.ts';
import { checkWatch, createTrueHistory, createWatchRecorder } from './watch-checker.ts';
import type { Heard, TrueChange } from './watch-checker.ts';

/** Revisions 2 to 7; `x` is outside of what is watched, and revision 4 touches nothing else. */
function changesOf(): TrueChange[] {
  const driver = createDriver();
  const changes: TrueChange[] = [];
  driver.machine.watch('', '\uffff', 1, {
    events: (revision, events) => void changes.push({ revision, events }),
    ended: () => assert.fail(),
  });
  driver.transact(put('a', '1'), put('b', '1'));
  driver.transact(put('a', '2'), put('x', '2'));
  driver.transact(put('x', '3'));
  driver.transact(remove('a'));
  driver.transact(put('b', '5'));
  driver.transact(put('a', '6'));
  return changes;
}

const changes = changesOf();
const history = createTrueHistory(changes);
const range = { from: 'a', end: 'c' };
const began: Heard = { type: 'began', after: 1, how: 'listed' };

const events = (revision: number): Extract<Heard, { type: 'events' }> => {
  const all = changes.find((change) => change.revision === revision)!.events;
  return { type: 'events', revision, events: all.filter(({ kv }) => kv.key < 'c') };
};
/** The same revision with one event changed. */
const changed = (revision: number, change: (event: WatchEvent) => WatchEvent): Heard => {
  const [first, ...rest] = events(revision).events;
  return { type: 'events', revision, events: [change(first!), ...rest] };
};
const progress = (revision: number): Heard => ({ type: 'progress', revision });
const kindsIn = (...heard: readonly Heard[]): readonly string[] =>
  checkWatch(history, { range, heard }).map(({ kind }) => kind);

describe('the judge of watches', () => {
  it('finds nothing wrong with a watch that is told all, ends, and goes on elsewhere', () => {
    const heard: Heard[] = [
      began,
      events(2),
      events(3),
      progress(4),
      { type: 'ended', reason: 'stopped' },
      { type: 'began', after: 4, how: 'resumed' },
      events(5),
      { type: 'began', after: 3, how: 'resumed' },
      events(5),
      events(6),
      { type: 'ended', reason: 'compacted', compacted: 7 },
      { type: 'began', after: 7, how: 'listed' },
      progress(7),
    ];
    assert.deepEqual(checkWatch(history, { range, heard, completeUpTo: 7 }), []);
  });

  it('finds nothing wrong with any watch of a store, wherever it resumes', () => {
    const bounds = fc.constantFrom('', 'a', 'a/c', 'b', '\uffff');
    const moves = fc.array(fc.tuple(fc.nat(25), fc.nat(3)), { maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(anyTransaction, { maxLength: 25 }),
        bounds,
        bounds,
        moves,
        (transactions, from, end, stops) => {
          let driver = createDriver();
          const all: TrueChange[] = [];
          const recorder = createWatchRecorder({ committed: () => driver.machine.view.revision() });
          let stop = driver.machine.watch(from, end, 1, recorder.begin(1, 'listed'));
          for (const [at, transaction] of transactions.entries()) {
            const done = driver.apply({ type: 'transaction', transaction });
            if (done.events.length > 0) all.push({ revision: done.revision, events: done.events });
            if (at % 3 === 0) driver.machine.tellProgress();
            const move = stops.find(([when]) => when === at);
            if (move === undefined) continue;
            stop();
            if (move[1] === 0) driver = createDriver(copyOf(driver.machine));
            const after = recorder.told();
            stop = driver.machine.watch(from, end, after, recorder.begin(after, 'resumed'));
          }
          const truth = createTrueHistory(all);
          const record = { range: { from, end }, heard: recorder.heard };
          assert.deepEqual(checkWatch(truth, { ...record, completeUpTo: truth.newest() }), []);
        },
      ),
    );
  });

  it('finds revisions that are out of order', () => {
    assert.deepEqual(kindsIn(began, events(3), events(2)), ['gap', 'out of order']);
    const { events: two } = events(2);
    const swapped: Heard = { type: 'events', revision: 2, events: two.toReversed() };
    assert.deepEqual(kindsIn(began, swapped), ['out of order']);
  });

  it('finds a revision that was left out, in the middle and at the end', () => {
    assert.deepEqual(kindsIn(began, events(2), events(5)), ['gap']);
    const short = { range, heard: [began, events(2)], completeUpTo: 7 };
    assert.deepEqual(
      checkWatch(history, short).map(({ sentence }) => sentence),
      ['gap: it was never told of 3, 5, 6, 7'],
    );
    assert.deepEqual(kindsIn(began, events(2), events(3), events(5)), [], '4 is of no concern');
  });

  it('finds a revision told twice, and a key twice in one', () => {
    assert.deepEqual(kindsIn(began, events(2), events(2)), ['repeat']);
    const { events: two } = events(2);
    const twice: Heard = { type: 'events', revision: 2, events: [...two, two[0]!] };
    assert.deepEqual(kindsIn(began, twice), ['repeat']);
  });

  it('finds a revision of which a part was told', () => {
    const part: Heard = { type: 'events', revision: 2, events: events(2).events.slice(0, 1) };
    assert.deepEqual(kindsIn(began, part), ['torn revision']);
    assert.deepEqual(kindsIn(began, { type: 'events', revision: 2, events: [] }), [
      'torn revision',
    ]);
  });

  it('finds what was not committed yet, or never', () => {
    assert.deepEqual(kindsIn(began, { ...events(2), committed: 1 }), ['from the future']);
    assert.deepEqual(kindsIn(began, { ...events(2), revision: 8 }), ['from the future']);
    assert.deepEqual(kindsIn(began, { type: 'progress', revision: 1, committed: 0 }), [
      'from the future',
    ]);
    assert.deepEqual(kindsIn(began, progress(8)), ['from the future']);
  });

  it('finds a watch that went on from where it had not been, or was told what it knew', () => {
    const skips: Heard = { type: 'began', after: 5, how: 'resumed' };
    assert.deepEqual(kindsIn(began, events(2), skips, events(6)), ['resumed wrongly']);
    const resumes: Heard = { type: 'began', after: 3, how: 'resumed' };
    assert.deepEqual(kindsIn(began, events(2), events(3), resumes, events(3)), ['resumed wrongly']);
  });

  it('finds progress that is ahead of what was told, goes back, or is not kept to', () => {
    assert.deepEqual(kindsIn(began, events(2), progress(3)), ['false progress']);
    assert.deepEqual(kindsIn(began, events(2), events(3), progress(2)), ['false progress']);
    assert.deepEqual(kindsIn(began, progress(3), events(3)), ['false progress', 'false progress']);
  });

  it('finds an event that is not what happened', () => {
    const lies = (lie: Partial<KeyValue>) =>
      changed(2, (event) => ({ ...event, kv: { ...event.kv, ...lie } }));
    assert.deepEqual(kindsIn(began, lies({ value: 'other' })), ['wrong event']);
    assert.deepEqual(kindsIn(began, lies({ version: 2 })), ['wrong event']);
    assert.deepEqual(kindsIn(began, lies({ key: 'aa' })), ['wrong event', 'torn revision']);
    assert.deepEqual(
      kindsIn(
        began,
        changed(2, (event) => ({ ...event, type: 'delete' })),
      ),
      ['wrong event'],
    );
    const nothing: Heard = { type: 'events', revision: 4, events: events(2).events };
    assert.ok(kindsIn(began, events(2), events(3), nothing).includes('wrong event'));
  });

  it('finds a wrong previous value, by what happened and not by what a replica says', () => {
    const forget = changed(3, ({ type, kv }) => ({ type, kv }));
    assert.deepEqual(kindsIn(began, events(2), forget), ['wrong previous value']);
    const other = changed(3, (event) => ({ ...event, previous: event.kv }));
    assert.deepEqual(kindsIn(began, events(2), other), ['wrong previous value']);
    const alike = changes.map((change) => ({
      ...change,
      events: change.events.map(({ type, kv }) => ({ type, kv })),
    }));
    const faults = checkWatch(createTrueHistory(alike), {
      range,
      heard: [began, events(2), forget],
    });
    assert.deepEqual(
      faults.map(({ kind }) => kind),
      ['wrong previous value'],
    );
  });

  it('finds an event outside of the range', () => {
    const all: Heard = { type: 'events', revision: 3, events: changes[1]!.events };
    assert.deepEqual(kindsIn(began, events(2), all), ['outside of the range']);
  });

  it('finds a watch that was ended as compacted while the replica kept enough', () => {
    const ended: Heard = { type: 'ended', reason: 'compacted', compacted: 2 };
    assert.deepEqual(kindsIn(began, events(2), ended), ['falsely compacted']);
  });

  it('finds what is told after the end', () => {
    const ended: Heard = { type: 'ended', reason: 'stopped' };
    assert.deepEqual(kindsIn(began, ended, events(2)), ['told after its end']);
    assert.deepEqual(kindsIn(began, ended, progress(1)), ['told after its end']);
  });
});
