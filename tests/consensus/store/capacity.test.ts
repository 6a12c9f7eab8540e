// A full store refuses what would make it larger, says so, and takes everything again once something was deleted.

import assert from 'node:assert/strict';
import { maxStoreBytes } from '../../../consensus/store/capacity.ts';
import { createStateMachine } from '../../../consensus/store/state-machine.ts';
import { refusal } from '../log/log-fixture.ts';
import { copyOf, createDriver, put, remove } from './commands.ts';
import type { Driver } from './commands.ts';

const mebibyte = 1 << 20;
const limitBytes = 8 * mebibyte;
const large = 'x'.repeat(mebibyte);

/** Seven values of a mebibyte, where a little less than eight fit. */
function nearlyFull(): Driver {
  const driver = createDriver(createStateMachine({ limitBytes }));
  for (let at = 0; at < 7; at++) driver.transact(put(`k${at}`, large));
  return driver;
}

describe('a store that is full', () => {
  it('refuses new keys, names the limit, and does nothing of the transaction', () => {
    const { machine, transact } = nearlyFull();
    const revision = machine.view.revision();
    assert.throws(
      () => transact(put('a'), put('k8', large)),
      refusal('too-large', 'delete what is not needed', String(limitBytes)),
    );
    assert.equal(machine.view.revision(), revision);
    assert.equal(machine.view.get('a'), undefined);
    transact(put('small'));
  });

  it('takes everything again as soon as enough was deleted: nothing has to be switched back', () => {
    const { transact } = nearlyFull();
    assert.throws(() => transact(put('k8', large)), refusal('too-large'));
    transact(remove('k0'));
    transact(put('k8', large));
  });

  it('has a reserve for changes of what is there, and for the own keys of the zone', () => {
    const { transact } = nearlyFull();
    transact(put('k7', large.slice(4_000)));
    assert.throws(() => transact(put('new', 'x'.repeat(4_000))), refusal('too-large'));
    transact(put('k0', large + 'x'.repeat(4_000)));
    transact(put('/skein/duties/cleaner', 'x'.repeat(4_000)));
    assert.throws(() => transact(put('/skein/huge', large)), refusal('too-large'), 'a bounded one');
    assert.throws(() => transact(put('k1', large + large.slice(1_000))), refusal('too-large'));
    transact(put('k0', 'smaller'), put('k1', large));
  });

  it('deletes, reads, and ends leases', () => {
    const { answer, machine, transact } = nearlyFull();
    answer({ type: 'grant-lease', id: 1, ttlMs: 1_000 });
    transact(put('k0', large, 1));
    transact(remove('k1'), { type: 'range', key: 'k2' });
    answer({ type: 'end-lease', id: 1 });
    assert.equal(machine.view.count('k', 'l'), 5);
  });

  it('is full alike at a replica that came by a snapshot', () => {
    const { machine } = nearlyFull();
    const copy = createStateMachine({ limitBytes });
    const restoration = copy.restore();
    for (const chunk of machine.snapshot()) restoration.add(chunk);
    restoration.finish(machine.appliedIndex());
    for (const each of [machine, copy]) {
      assert.throws(() => createDriver(each).transact(put('k8', large)), refusal('too-large'));
    }
    assert.equal(copyOf(machine, mebibyte).digest(), machine.digest());
  });

  it('has room for the objects that Skein promises to hold: 200,000 of 2 KB', () => {
    const { machine, transact } = createDriver();
    transact(put(`/registry/pods/default/${'n'.repeat(40)}`, 'x'.repeat(2_048)));
    assert.ok(machine.liveBytes() * 200_000 < maxStoreBytes);
  });
});
