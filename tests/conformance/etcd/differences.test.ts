// Where Skein's store differs from etcd on purpose: the table in consensus/store/README.md, row by row.

import assert from 'node:assert/strict';
import type { KeyValue } from '../../../consensus/index.ts';
import { encodeCommand } from '../../../consensus/store/command.ts';
import { maxKeyLength, maxTransactionRange } from '../../../consensus/store/transaction.ts';
import { createDriver, put, remove } from '../../consensus/store/commands.ts';
import { refusal } from '../../consensus/log/log-fixture.ts';
import type { Answer, Contestant, RangeAnswer } from './contestant.ts';
import { wire } from './etcd-contestant.ts';
import { isRefusal } from './etcd-gateway.ts';
import { useEtcd } from './etcd-oracle.ts';
import { createMachineContestant } from './skein-contestant.ts';
import { lastKey } from './steps.ts';

const keysOf = (answer: Answer<RangeAnswer>): readonly string[] => {
  assert.ok('kvs' in answer, JSON.stringify(answer));
  return answer.kvs.map(({ key }: KeyValue) => key);
};

describe('where the store differs from etcd', () => {
  const oracle = useEtcd();
  let etcd: Contestant;
  let skein: Contestant;
  let cleared: number;
  beforeEach(async () => {
    cleared = await oracle().clear();
    ({ contestant: etcd } = oracle());
    skein = createMachineContestant(cleared);
  });
  const both = async (...success: Parameters<typeof put>[]): Promise<void> => {
    for (const store of [etcd, skein]) {
      await store.transact({ compare: [], success: success.map((each) => put(...each)) });
    }
  };

  it('keys are in the order of code units, etcd orders bytes', async () => {
    const [wide, duck] = ['\uff5e', '\u{1f986}'];
    await both([wide], [duck]);
    assert.deepEqual(keysOf(await etcd.range('a', lastKey(), {})), [wide, duck]);
    assert.deepEqual(keysOf(await skein.range('a', '\uffff', {})), [duck, wide]);
  });

  it('text that UTF-8 cannot hold is refused, as is a key above all keys; etcd takes any bytes', async () => {
    for (const text of ['\ud83e', 'a\udd86', '\udd86\ud83e']) {
      const put = { type: 'put', key: 'a', value: text } as const;
      const lost = { type: 'put', key: text, value: '' } as const;
      for (const success of [[put], [lost], [remove('a', text)]]) {
        const transaction = { compare: [], success };
        assert.throws(
          () => encodeCommand({ type: 'transaction', transaction }),
          refusal('invalid', 'half a surrogate pair'),
        );
      }
    }
    assert.throws(() => createDriver().transact(put('\uffff')), refusal('invalid', 'U+FFFF'));
    const bytes = Buffer.from([0xff]).toString('base64');
    const answer = await oracle().gateway.ask('kv/txn', {
      success: [{ request_put: { key: bytes, value: bytes } }],
    });
    assert.ok(!isRefusal(answer));
  });

  it('revision 0 was never there; etcd takes it for the newest', async () => {
    await both(['a']);
    assert.deepEqual(await skein.range('a', 'b', { revision: 0 }), { refused: 'compacted' });
    assert.deepEqual(keysOf(await etcd.range('a', 'b', { revision: 0 })), ['a']);
  });

  it('a watch from the compacted revision itself has ended; etcd tells what is left of it', async () => {
    await both(['a', '1'], ['b', '1']);
    for (const store of [etcd, skein]) {
      await store.transact({ compare: [], success: [remove('a'), put('b', '2')] });
    }
    await skein.compact(cleared + 2);
    // Not in the background: what is left meanwhile depends on the moment.
    const physically = { revision: cleared + 2, physical: true };
    assert.ok(!isRefusal(await oracle().gateway.ask('kv/compaction', physically)));
    await both(['b', '3']);
    const after = cleared + 1;
    const seen = await skein.watch('a', 'c', after);
    assert.deepEqual(seen, { heard: [], isCompacted: true });
    const told = await etcd.watch('a', 'c', after);
    while (told.heard.length < 2) await new Promise((again) => setTimeout(again, 5));
    assert.deepEqual(
      told.heard.map(([at, events]) => [at, events.map(({ type, kv }) => `${type} ${kv.key}`)]),
      [
        [cleared + 2, ['put b']],
        [cleared + 3, ['put b']],
      ],
      'the deletion of a is missing',
    );
  });

  it('a range of a transaction answers so many keys and says that there are more; etcd answers all', async () => {
    const count = maxTransactionRange + 1;
    for (let at = 0; at < count; at += 100) {
      const some = Array.from({ length: Math.min(100, count - at) }, (_, i) => [`k${at + i}`]);
      await both(...(some as [string][]));
    }
    const range = { type: 'range', key: 'k', end: 'l' } as const;
    const counted = async (store: Contestant): Promise<unknown> => {
      const answer = await store.transact({ compare: [], success: [range] });
      assert.ok('responses' in answer && answer.responses[0]?.type === 'range');
      return [answer.responses[0].kvs.length, answer.responses[0].more];
    };
    assert.deepEqual(await counted(skein), [maxTransactionRange, true]);
    assert.deepEqual(await counted(etcd), [count, false]);
  });

  it('keys have a greatest length; etcd takes what fits a request', async () => {
    const key = 'k'.repeat(maxKeyLength + 1);
    assert.deepEqual(await skein.transact({ compare: [], success: [put(key)] }), {
      refused: 'empty key',
    });
    assert.ok('succeeded' in (await etcd.transact({ compare: [], success: [put(key)] })));
  });

  it('a lease has the term that was asked for; etcd lengthens short ones', async () => {
    const granted = await oracle().gateway.ask('lease/grant', { ID: 999_999, TTL: 1 });
    assert.ok(!isRefusal(granted) && Number(granted.TTL) > 1, JSON.stringify(granted));
    const driver = createDriver();
    driver.answer({ type: 'grant-lease', id: 1, ttlMs: 100 });
    assert.deepEqual(driver.machine.lease(1), { id: 1, ttlMs: 100 });
  });

  it('a watch of no keys hears nothing; etcd refuses it', async () => {
    const { machine, transact } = createDriver();
    const hears = (): never => assert.fail();
    const stop = machine.watch('b', 'a', 1, { events: hears, ended: hears });
    transact(put('a'), put('b'));
    stop();
    await assert.rejects(
      oracle().gateway.watch({ key: wire('b'), range_end: wire('a') }, hears),
      /refused a watch/,
    );
  });
});
