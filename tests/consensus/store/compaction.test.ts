// The past is bounded by count and by bytes, forgotten in small steps, and left alone while nothing happens.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  compactionsDue,
  compactionStep,
  keptHistoryBytes,
  keptRevisions,
} from '../../../consensus/store/compaction.ts';
import { weightOf } from '../../../consensus/store/weights.ts';
import { createZone } from '../replica/zone.ts';
import { anyTransaction, copyOf, createDriver, put, remove } from './commands.ts';

/** Every revision keeps so many bytes of the past. */
const historyOf = (compacted: number, newest: number, bytesEach: number) => ({
  compacted,
  newest,
  bytes: (newest - compacted) * bytesEach,
  oldestBytes: (changes: number) => changes * bytesEach,
});
const mebibyte = 1 << 20;

describe('compaction', () => {
  it('forgets a whole step once that leaves enough revisions, and nothing before', () => {
    const full = 1 + keptRevisions + compactionStep;
    assert.deepEqual(compactionsDue(historyOf(1, full - 1, 300), 0), []);
    assert.deepEqual(compactionsDue(historyOf(1, full, 300), 0), [1 + compactionStep]);
    assert.deepEqual(compactionsDue(historyOf(1, full, 300), 1 + compactionStep), []);
  });

  it('keeps up with a load of tens of thousands of revisions a second', () => {
    const due = compactionsDue(historyOf(0, 50_000, 300), 0);
    assert.equal(due.length, 8);
    for (const [at, revision] of due.entries()) assert.equal(revision, (at + 1) * compactionStep);
    assert.equal(compactionsDue(historyOf(0, 50_000, 300), due.at(-1)!)[0], 9 * compactionStep);
  });

  it('keeps fewer revisions of large values, and does not compact for every write then', () => {
    const history = historyOf(10, 10 + 65, mebibyte);
    const [revision, ...others] = compactionsDue(history, 0);
    assert.equal(revision, 10 + 17, 'three quarters stay');
    assert.deepEqual(others, []);
    assert.deepEqual(compactionsDue(history, revision ?? 0), []);
    assert.deepEqual(compactionsDue(historyOf(27, 27 + 64, mebibyte), 0), []);
  });

  it('bounds what is kept, whatever is written, and never goes back or too far at once', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 4_000 });
    fc.assert(
      fc.property(sizes, fc.nat(500), (kibibytes, compacted) => {
        const bytes = kibibytes.map((size) => size * 1_024);
        const sum = (all: readonly number[]) => all.reduce((a, b) => a + b, 0);
        const history = {
          compacted,
          newest: compacted + bytes.length,
          bytes: sum(bytes),
          oldestBytes: (changes: number) => sum(bytes.slice(0, changes)),
        };
        let at = compacted;
        for (;;) {
          const due = compactionsDue(history, at);
          if (due.length === 0) break;
          for (const revision of due) {
            assert.ok(revision > at && revision <= at + compactionStep);
            at = revision;
          }
        }
        assert.ok(at <= history.newest);
        assert.ok(sum(bytes.slice(at - compacted)) <= keptHistoryBytes);
      }),
    );
  });
});

describe('what a store weighs', () => {
  it('is what is there, and what was replaced since the compacted revision, through snapshots too', () => {
    const sum = (all: Iterable<{ key: string; value: string }>) =>
      [...all].reduce((total, kv) => total + weightOf(kv), 0);
    fc.assert(
      fc.property(fc.array(anyTransaction, { maxLength: 30 }), fc.nat(30), (transactions, back) => {
        const driver = createDriver();
        const replaced: number[] = [];
        for (const transaction of transactions) {
          const { events } = driver.apply({ type: 'transaction', transaction });
          if (events.length > 0) {
            const before = events.flatMap(({ previous }) => previous ?? []);
            replaced.push(sum(before) + events.length * weightOf({ key: '', value: '' }));
          }
        }
        const revision = driver.machine.view.revision() - back;
        if (revision > 1) {
          driver.apply({ type: 'compact', revision });
          replaced.splice(0, revision - 1);
        }
        for (const machine of [driver.machine, copyOf(driver.machine)]) {
          const history = machine.history();
          assert.equal(
            history.bytes,
            replaced.reduce((a, b) => a + b, 0),
          );
          assert.equal(history.oldestBytes(replaced.length), history.bytes);
          assert.equal(machine.liveBytes(), sum(machine.view.range('', '\uffff').kvs));
        }
      }),
    );
  });

  it('keeps what a deletion took until it is compacted away', () => {
    const { machine, transact, apply } = createDriver();
    transact(put('a', 'x'.repeat(1_000)));
    transact(remove('a'));
    assert.equal(machine.liveBytes(), 0);
    assert.ok(machine.history().bytes > 1_000);
    apply({ type: 'compact', revision: 3 });
    assert.equal(machine.history().bytes, 0);
  });
});

describe('the log of a zone under large values', () => {
  it('forgets the past by itself before it takes too much', async function () {
    this.timeout(60_000);
    const zone = createZone(41);
    const { simulation } = zone;
    let opened = false;
    void zone.start('a', true).then(() => (opened = true));
    assert.ok(await simulation.run({ until: () => opened, limitMs: 10_000 }));
    const { store } = zone.members.get('a')!.zone;
    const value = 'x'.repeat(mebibyte);
    const writes = keptHistoryBytes / mebibyte + 20;
    for (let at = 0; at < writes; at++) {
      let isDone = false;
      void store
        .transact({ compare: [], success: [put('a', `${at}${value}`)] })
        .then((done) => (isDone = done.ok));
      assert.ok(await simulation.run({ until: () => isDone, limitMs: 10_000 }));
    }
    const isForgotten = () => {
      try {
        store.view.range('a', 'b', { revision: 3 });
        return false;
      } catch {
        return true;
      }
    };
    assert.ok(await simulation.run({ until: isForgotten, limitMs: 5_000 }), 'revision 3 is gone');
    const recent = store.view.revision() - 20;
    assert.equal(store.view.range('a', 'b', { revision: recent }).kvs.length, 1);
    assert.deepEqual(zone.failures, []);
  });
});
