// Watches: ordered, whole revisions, no gap, no repeat, resumable, and told when it is too late.

import assert from 'node:assert/strict';
import { toUSVString } from 'node:util';

import * as fc from 'fast-check';

import { createIntervalIndex } from '../../../consensus/store/interval-index.ts';
import type { Revision, WatchEvent } from '../../../consensus/store/store.ts';
import { prefixEnd } from '../../../consensus/store/store.ts';
import { createStateMachine } from '../../../consensus/store/state-machine.ts';
import type { StateMachine } from '../../../consensus/store/state-machine.ts';
import { anyTransaction, copyOf, createDriver, put, remove, restoreInto } from './commands.ts';

interface Seen {
  readonly revisions: Revision[];
  readonly events: (readonly WatchEvent[])[];
  ended: string | undefined;
  readonly stop: () => void;
}

function watch(machine: StateMachine, from: string, end: string, after: Revision): Seen {
  const seen: Omit<Seen, 'stop'> = { revisions: [], events: [], ended: undefined };
  const stop = machine.watch(from, end, after, {
    events: (revision, events) => {
      seen.revisions.push(revision);
      seen.events.push(events);
    },
    ended: (reason) => void (seen.ended = reason),
  });
  return Object.assign(seen, { stop });
}

const keysOf = (events: readonly WatchEvent[] | undefined) =>
  events?.map(({ type, kv }) => `${type} ${kv.key}`);

describe('a watch', () => {
  it('tells all events of a revision at once, in the order of the transaction', () => {
    const { machine, transact } = createDriver();
    const seen = watch(machine, 'a', 'c', 1);
    transact(put('b'), put('x'), put('a'));
    transact(put('x'));
    transact(put('a', 'again'), remove('b', 'z'));
    assert.deepEqual(seen.revisions, [2, 4]);
    assert.deepEqual(keysOf(seen.events[0]), ['put b', 'put a']);
    assert.deepEqual(keysOf(seen.events[1]), ['put a', 'delete b']);
    const [again, gone] = seen.events[1]!;
    assert.equal(again?.previous?.value, 'v');
    assert.equal(gone?.kv.modRevision, 4);
    assert.equal(gone?.kv.value, '');
    assert.equal(gone?.previous?.createRevision, 2);
  });

  it('catches up from any revision still kept, then goes on', () => {
    const { machine, transact } = createDriver();
    for (let i = 0; i < 9; i++) transact(put(i % 2 === 0 ? 'even' : 'odd', String(i)));
    const seen = watch(machine, 'odd', 'odd\0', 4);
    assert.deepEqual(seen.revisions, [5, 7, 9]);
    transact(put('odd'));
    transact(put('even'));
    assert.deepEqual(seen.revisions, [5, 7, 9, 11]);
  });

  it('waits for a revision that is yet to come', () => {
    const { machine, transact } = createDriver();
    const seen = watch(machine, 'a', 'b', 3);
    for (let i = 0; i < 4; i++) transact(put('a'));
    assert.deepEqual(seen.revisions, [4, 5]);
  });

  it('ends with compacted when it asks for what is no longer kept', () => {
    const { machine, transact, apply } = createDriver();
    for (let i = 0; i < 5; i++) transact(put('a', String(i)));
    apply({ type: 'compact', revision: 4 });
    const late = watch(machine, 'a', 'b', 3);
    assert.equal(late.ended, 'compacted');
    assert.deepEqual(late.revisions, []);
    const inTime = watch(machine, 'a', 'b', 4);
    assert.deepEqual(inTime.revisions, [5, 6]);
    assert.equal(inTime.events[0]?.[0]?.previous?.value, '2', 'what came before is still known');
  });

  it('hears nothing after it was stopped, even from within', () => {
    const { machine, transact } = createDriver();
    const heard: Revision[] = [];
    const stop = machine.watch('a', 'b', 1, {
      events: (revision) => {
        heard.push(revision);
        stop();
        second.stop();
      },
      ended: () => assert.fail(),
    });
    const second = watch(machine, 'a', 'b', 1);
    transact(put('a'));
    transact(put('a'));
    assert.deepEqual(heard, [2]);
    assert.deepEqual(second.revisions, []);
  });

  it('that begins inside another is told each revision once', () => {
    const { machine, transact } = createDriver();
    let inner: Seen | undefined;
    machine.watch('a', 'b', 1, {
      events: () => (inner ??= watch(machine, 'a', 'b', 1)),
      ended: () => assert.fail(),
    });
    transact(put('a'));
    transact(put('a'));
    assert.deepEqual(inner?.revisions, [2, 3]);
  });

  it('that heard nothing for a while is told how far it is, once for each way the store has gone', () => {
    const { machine, transact } = createDriver();
    const told: string[] = [];
    const listen = (name: string, from: string, after: Revision) =>
      machine.watch(from, `${from}~`, after, {
        events: (revision) => void told.push(`${name} events ${revision}`),
        progress: (revision) => void told.push(`${name} progress ${revision}`),
        ended: () => assert.fail(),
      });
    listen('quiet', 'q', 1);
    listen('busy', 'b', 1);
    listen('future', 'q', 9);
    const turn = (): readonly string[] => {
      machine.tellProgress();
      return told.splice(0);
    };
    assert.deepEqual(turn(), [], 'nothing has happened');
    transact(put('b'));
    transact(put('x'));
    assert.deepEqual(turn(), ['busy events 2', 'quiet progress 3'], 'who hears events needs none');
    assert.deepEqual(turn(), ['busy progress 3'], 'until it hears none');
    assert.deepEqual(turn(), [], 'an idle store tells nothing');
    transact(put('q'));
    assert.deepEqual(turn(), ['quiet events 4', 'busy progress 4']);
  });

  it('hears no progress once it was stopped from within another', () => {
    const { machine, transact } = createDriver();
    const ended = () => assert.fail();
    const stops: (() => void)[] = [];
    const heard: number[] = [];
    for (const name of [0, 1]) {
      const progress = () => {
        heard.push(name);
        for (const stop of stops) stop();
      };
      stops.push(machine.watch('a', 'b', 1, { events: ended, progress, ended }));
    }
    transact(put('x'));
    machine.tellProgress();
    assert.deepEqual(heard, [0]);
  });

  it('goes on over a restored snapshot that reaches back to where it is, and ends over one that does not', () => {
    const leader = createDriver();
    const follower = createStateMachine();
    leader.transact(put('a', '1'));
    restoreInto(follower, leader.machine.snapshot(), 1, 100);
    const resumed = watch(follower, 'a', 'b', 1);
    const future = watch(follower, 'a', 'b', 3);
    leader.transact(put('a', '2'));
    leader.transact(put('a', '3'));
    restoreInto(follower, leader.machine.snapshot(), 3, 100);
    assert.deepEqual(resumed.revisions, [2, 3, 4]);
    assert.deepEqual(future.revisions, [4]);
    for (let i = 0; i < 3; i++) leader.transact(put('a', 'more'));
    leader.apply({ type: 'compact', revision: 6 });
    restoreInto(follower, leader.machine.snapshot(), 7, 100);
    assert.equal(resumed.ended, 'compacted');
    assert.deepEqual(resumed.revisions, [2, 3, 4]);
  });

  it('ends with stopped when the replica closes', () => {
    const { machine, transact } = createDriver();
    const seen = watch(machine, 'a', 'b', 1);
    machine.close();
    transact(put('a'));
    assert.equal(seen.ended, 'stopped');
    assert.deepEqual(seen.revisions, []);
  });

  it('sees exactly what its range had, whenever and wherever it begins', () => {
    const bounds = fc.constantFrom('', 'a', 'a\0', 'a/c', 'b', 'b\0', '\uffff');
    fc.assert(
      fc.property(
        fc.array(anyTransaction, { maxLength: 30 }),
        fc.array(fc.tuple(bounds, bounds, fc.nat(30), fc.nat(30)), { maxLength: 6 }),
        fc.nat(30),
        (transactions, wanted, copyAt) => {
          let driver = createDriver();
          const all: [Revision, readonly WatchEvent[]][] = [];
          const watches: [string, string, Revision, Seen][] = [];
          for (const [at, transaction] of transactions.entries()) {
            for (const [from, end, starts, back] of wanted) {
              if (starts !== at) continue;
              const after = Math.max(1, driver.machine.view.revision() - back);
              watches.push([from, end, after, watch(driver.machine, from, end, after)]);
            }
            if (at === copyAt && watches.length === 0)
              driver = createDriver(copyOf(driver.machine));
            const { events, revision } = driver.apply({ type: 'transaction', transaction });
            if (events.length > 0) all.push([revision, events]);
          }
          for (const [from, end, after, seen] of watches) {
            const expected = all
              .filter(([revision]) => revision > after)
              .map(([revision, events]) => {
                const inside = events.filter(({ kv }) => kv.key >= from && kv.key < end);
                return [revision, inside] as const;
              })
              .filter(([, events]) => events.length > 0);
            assert.deepEqual(
              seen.revisions,
              expected.map(([revision]) => revision),
            );
            assert.deepEqual(
              seen.events,
              expected.map(([, events]) => events),
            );
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('an index of intervals', () => {
  it('finds the same ranges as looking at each of them, as they come and go', () => {
    const bound = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 3 });
    const range = fc.record({ from: bound, end: bound });
    fc.assert(
      fc.property(fc.array(range, { maxLength: 40 }), fc.nat(5), bound, (ranges, every, key) => {
        const index = createIntervalIndex();
        for (const each of ranges) index.add(each);
        const kept = ranges.filter((_, i) => i % (every + 2) !== 0);
        index.holding('b', () => {});
        for (const each of ranges) if (!kept.includes(each)) index.remove(each);
        const found = new Set();
        index.holding(key, (each) => found.add(each));
        assert.deepEqual(found, new Set(kept.filter((r) => r.from <= key && key < r.end)));
        assert.equal(index.size(), kept.length);
      }),
    );
  });

  it('ends a prefix where the next key that does not start with it begins, in text that can be written', () => {
    assert.equal(prefixEnd('/a/'), '/a0');
    assert.equal(prefixEnd(''), '\uffff');
    const odd = fc.constantFrom(
      'a',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '\u{10000}',
      '\u{107ff}',
      '\u{10ffff}',
    );
    const text = fc
      .array(odd, { minLength: 1, maxLength: 3 })
      .map((characters) => characters.join(''));
    fc.assert(
      fc.property(text, text, (prefix, key) => {
        fc.pre(!key.startsWith('\uffff'));
        const end = prefixEnd(prefix);
        assert.equal(toUSVString(end), end);
        assert.equal(key >= prefix && key < end, key.startsWith(prefix), `[${prefix}, ${end})`);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes the end of a prefix for the end of its range', () => {
    const { machine, transact } = createDriver();
    const seen = watch(machine, '/pods/', prefixEnd('/pods/'), 1);
    transact(put('/pods/a'), put('/pods0'), put('/pod'));
    assert.deepEqual(keysOf(seen.events[0]), ['put /pods/a']);
  });
});
