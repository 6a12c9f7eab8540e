// What the log promises while it runs: order, one sync for many, a stop for good, and room.

import assert from 'node:assert/strict';

import { diskFull, isDiskFull } from '../../../consensus/log/disk.ts';
import type { Disk } from '../../../consensus/log/disk.ts';
import { openLog } from '../../../consensus/log/open-log.ts';
import { createLogFixture, entries, entry, indexesOf, meta, refusal } from './log-fixture.ts';

describe('a log', () => {
  it('is born with the identity it is given, and keeps it', async () => {
    const { open, run } = createLogFixture();
    const { log, recovered } = await open({ replicaId: 123_456_789_012 });
    assert.equal(recovered.replicaId, 123_456_789_012);
    assert.deepEqual(recovered.entries, []);
    await run(log.close());
    assert.equal((await open({ replicaId: 5 })).recovered.replicaId, 123_456_789_012);
  });

  it('gives back hard state and entries as they were appended', async () => {
    const { open, run } = createLogFixture();
    const { log } = await open();
    const hardState = { term: 2 ** 40, vote: 77, commit: 1 };
    const config = { index: 2, term: 2 ** 40, type: 'config' as const, data: Buffer.from('c') };
    await run(log.append({ hardState, entries: [entry(1), config] }));
    await run(log.close());
    const { recovered } = await open();
    assert.deepEqual(recovered.hardState, hardState);
    assert.deepEqual(
      recovered.entries.map((e) => ({ ...e, data: Buffer.from(e.data) })),
      [entry(1), config],
    );
  });

  it('lets entries of a new term take the place of old ones', async () => {
    const { open, run } = createLogFixture();
    const { log } = await open();
    await run(log.append({ entries: entries(1, 9) }));
    await run(log.append({ entries: entries(4, 5, 2) }));
    await run(log.close());
    const { recovered } = await open();
    assert.deepEqual(indexesOf(recovered), [1, 2, 3, 4, 5]);
    assert.deepEqual(
      recovered.entries.map(({ term }) => term),
      [1, 1, 1, 2, 2],
    );
  });

  it('shares one sync among all that was appended while the last one ran', async () => {
    const { open, run } = createLogFixture();
    const { log } = await open({ segmentBytes: 1 << 20 });
    const first = log.append({ entries: [entry(1)] });
    await run(Promise.resolve());
    const rest = entries(2, 100).map((each) => log.append({ entries: [each] }));
    await run(Promise.all([first, ...rest]));
    assert.equal(log.stats().syncs, 2);
  });

  it('refuses a gap before it reaches the disk', async () => {
    const { open } = createLogFixture();
    const { log } = await open();
    await assert.rejects(log.append({ entries: [entry(2)] }), /entry 2 does not follow 0/);
  });

  it('stops for good when a write fails, and when a sync does', async () => {
    for (const kind of ['write', 'sync'] as const) {
      const { disk, open, run } = createLogFixture();
      const { log } = await open();
      await run(log.append({ entries: [entry(1)] }));
      disk.failNext(kind);
      const queued = [log.append({ entries: [entry(2)] }), log.append({ entries: [entry(3)] })];
      for (const each of queued) each.catch(() => undefined);
      await assert.rejects(run(queued[0]!), refusal('stopped', 'a write or sync failed', kind));
      await assert.rejects(run(queued[1]!), refusal('stopped'));
      await assert.rejects(run(log.append({ entries: [entry(2)] })), refusal('stopped'));
      await assert.rejects(run(log.saveSnapshot(meta(1), [])), refusal('stopped'));
    }
  });

  it('stops for good when there is no room inside a segment: a part may be written', async () => {
    const { disk, run } = createLogFixture();
    let isFull = false;
    const boot = disk.boot();
    const copying: Disk = {
      ...boot,
      open: async (path, access) => {
        const file = await boot.open(path, access);
        const write: typeof file.write = (offset, bytes) =>
          isFull ? Promise.reject(diskFull(path)) : file.write(offset, bytes);
        return { ...file, write };
      },
    };
    const options = { directory: '/log', replicaId: 7, segmentBytes: 4096 };
    const { log } = await run(openLog(copying, options));
    isFull = true;
    await assert.rejects(run(log.append({ entries: [entry(1)] })), refusal('stopped', 'no room'));
    isFull = false;
    await assert.rejects(run(log.append({ entries: [entry(1)] })), refusal('stopped'));
  });

  it('takes what continues an installed snapshot while it is still starting again', async () => {
    const { open, run } = createLogFixture();
    const { log } = await open();
    await run(log.append({ entries: entries(1, 5) }));
    await run(log.saveSnapshot(meta(50, 2), []));
    const restarted = log.restart(meta(50, 2), { term: 2, vote: 0, commit: 50 });
    await run(Promise.all([restarted, log.append({ entries: [entry(51, 2)] })]));
    await run(log.close());
    assert.deepEqual(indexesOf((await open()).recovered), [51]);
  });

  it('removes segments only up to what a snapshot covers', async () => {
    const { open, run } = createLogFixture();
    const { log } = await open();
    for (let index = 1; index <= 200; index++) await run(log.append({ entries: [entry(index)] }));
    const before = log.stats().segments;
    await assert.rejects(run(log.compact(100)), /needs a snapshot/);
    await run(log.saveSnapshot(meta(150), [Buffer.from('state')]));
    await run(log.compact(100));
    assert.ok(log.stats().segments < before);
    await run(log.close());
    const { recovered } = await open();
    assert.equal(recovered.snapshot?.index, 150);
    assert.deepEqual(
      indexesOf(recovered),
      entries(151, 200).map(({ index }) => index),
    );
  });

  it('starts again after an installed snapshot, without anything older', async () => {
    const { disk, open, run } = createLogFixture();
    const { log } = await open();
    await run(log.append({ entries: entries(1, 60) }));
    await run(log.saveSnapshot(meta(40), [Buffer.from('own')]));
    await run(log.saveSnapshot(meta(1000, 7), [Buffer.from('received')]));
    await run(log.restart(meta(1000, 7), { term: 7, vote: 0, commit: 1000 }));
    await run(log.append({ entries: [entry(1001, 7)] }));
    await run(log.close());
    const { log: again, recovered } = await open();
    assert.equal(recovered.snapshot?.index, 1000);
    assert.deepEqual(recovered.hardState, { term: 7, vote: 0, commit: 1000 });
    assert.deepEqual(indexesOf(recovered), [1001]);
    assert.deepEqual(
      disk.paths().filter((path) => path.endsWith('.snap')),
      ['/log/snapshot-0000000000001000-7.snap'],
    );
    const read = async () => {
      const chunks: string[] = [];
      for await (const chunk of again.readSnapshot()!.chunks) chunks.push(chunk.toString());
      return chunks;
    };
    assert.deepEqual(await run(read()), ['received']);
  });

  it('keeps a snapshot that is being read until it has been', async () => {
    const { open, run } = createLogFixture();
    const { log } = await open();
    await run(log.append({ entries: entries(1, 40) }));
    await run(log.saveSnapshot(meta(10), [Buffer.from('a'), Buffer.from('b')]));
    const reading = log.readSnapshot()!.chunks[Symbol.asyncIterator]();
    assert.equal(String((await run(reading.next())).value), 'a');
    for (const index of [20, 30, 40]) await run(log.saveSnapshot(meta(index), []));
    assert.equal(String((await run(reading.next())).value), 'b');
    assert.equal((await run(reading.next())).done, true);
  });

  it('refuses a second opening while it is open', async () => {
    const { open, run } = createLogFixture();
    const { log } = await open();
    await assert.rejects(open(), refusal('conflict', 'in use'));
    await run(log.close());
    await open();
  });
});

describe('a disk without room', () => {
  it('is noticed half a segment before a batch has to wait', async () => {
    const { open, run } = createLogFixture(3, 4096 + 512);
    const { log } = await open();
    assert.equal(log.hasRoom(), true);
    let last = 0;
    while (log.hasRoom()) await run(log.append({ entries: [entry(++last, 1, 200)] }));
    const { bytes } = log.stats();
    for (let more = 0; more < 4; more++) {
      await run(log.append({ entries: [entry(++last, 1, 200)] }));
    }
    assert.equal(log.stats().bytes, bytes, 'all of it went where there was room already');
  });

  it('is noticed by a log that is opened on it', async () => {
    const { open, run } = createLogFixture(3, 4096 + 512);
    const { log } = await open();
    let last = 0;
    while (log.hasRoom()) await run(log.append({ entries: [entry(++last, 1, 200)] }));
    await run(log.close());
    const { log: again } = await open();
    await run(again.seekRoom());
    assert.equal(again.hasRoom(), false);
  });

  it('lets a batch wait, all behind it in order, and takes them once there is room', async () => {
    const { disk, open, run } = createLogFixture(3, 3 * 4096);
    const { log } = await open();
    let last = 0;
    while (log.hasRoom()) await run(log.append({ entries: [entry(++last, 1, 500)] }));
    const settled: number[] = [];
    const waiting = Array.from({ length: 20 }, (_, at) => {
      const hardState = { term: 2 + at, vote: 0, commit: 0 };
      const batch =
        at % 2 === 0 ? { entries: [entry(++last, 1, 900)] } : { entries: [], hardState };
      return log.append(batch).then(() => settled.push(at));
    });
    for (let tries = 0; tries < 5; tries++) await run(log.seekRoom());
    assert.ok(settled.length < 20, 'a batch waits');
    assert.deepEqual(settled, [...settled.keys()], 'none overtakes one that waits');
    assert.equal(log.hasRoom(), false);

    disk.setCapacityBytes(100 * 4096);
    await run(log.seekRoom());
    await run(Promise.all(waiting));
    assert.deepEqual(settled, [...settled.keys()]);
    assert.equal(log.hasRoom(), true);
    await run(log.close());
    const { recovered } = await open();
    assert.equal(recovered.entries.length, last);
    assert.equal(recovered.hardState.term, 21, 'the last one counts');
  });

  it('refuses what waits when the log is closed', async () => {
    const { open, run } = createLogFixture(3, 4096 + 512);
    const { log } = await open();
    await run(log.append({ entries: entries(1, 3) }));
    const waiting = Array.from({ length: 9 }, (_, at) =>
      log.append({ entries: [entry(at + 4, 1, 900)] }),
    );
    const outcomes = run(Promise.allSettled(waiting));
    await run(log.seekRoom());
    await run(log.close());
    for (const { status } of await outcomes) assert.equal(status, 'rejected');
    assert.equal((await open()).recovered.entries.length, 3);
  });

  it('leaves no half of a snapshot behind', async () => {
    const { disk, open, run } = createLogFixture(3, 4 * 4096);
    const { log } = await open();
    await run(log.append({ entries: entries(1, 9) }));
    const chunks = Array.from({ length: 20 }, () => Buffer.alloc(1000, 1));
    await assert.rejects(run(log.saveSnapshot(meta(9), chunks)), isDiskFull);
    assert.ok(disk.paths().every((path) => path.endsWith('.log')));
    await run(log.append({ entries: [entry(10)] }));
    disk.setCapacityBytes(Infinity);
    await run(log.saveSnapshot(meta(9), chunks));
  });

  it('has room again after a compaction, though batches wait for it', async () => {
    const { open, run } = createLogFixture(3, 6 * 4096 + 2048);
    const { log } = await open();
    let last = 0;
    while (log.hasRoom()) {
      await run(log.append({ entries: [entry(++last, 1, 900)] }));
      // Behind the making of the next segment: until that has ended nobody knows whether there is room.
      await run(log.seekRoom());
    }
    const covered = last;
    const waiting = Array.from({ length: 8 }, () =>
      log.append({ entries: [entry(++last, 1, 900)] }),
    );
    await run(log.seekRoom());
    assert.equal(log.hasRoom(), false);
    await run(log.saveSnapshot(meta(covered), [Buffer.from('small')]));
    await run(log.compact(covered));
    await run(log.seekRoom());
    await run(Promise.all(waiting));
    await run(log.close());
    assert.equal((await open()).recovered.entries.at(-1)?.index, last);
  });

  it('refuses to start anew after a received snapshot, and nothing changes', async () => {
    const { disk, open, run } = createLogFixture(3, 4096 + 512);
    const { log } = await open();
    await run(log.append({ entries: entries(1, 3) }));
    await run(log.saveSnapshot(meta(9), [Buffer.from('small')]));
    const hardState = { term: 1, vote: 0, commit: 9 };
    await assert.rejects(run(log.restart(meta(9), hardState)), isDiskFull);
    disk.setCapacityBytes(Infinity);
    await run(log.restart(meta(9), hardState));
    await run(log.append({ entries: [entry(10)] }));
    await run(log.close());
    assert.deepEqual(
      (await open()).recovered.entries.map(({ index }) => index),
      [10],
    );
  });
});
