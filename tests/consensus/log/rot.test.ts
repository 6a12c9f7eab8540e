// Damage that no crash explains is found, named, and never read over.

import assert from 'node:assert/strict';

import { SkeinError } from '../../../runtime/index.ts';
import { createLogFixture, entries, entry, indexesOf, meta, refusal } from './log-fixture.ts';
import { seededRandom } from './virtual-time.ts';

const segments = (paths: readonly string[]) => paths.filter((path) => path.endsWith('.log'));

describe('a log that rots', () => {
  it('is refused, or nothing is missing, wherever one byte before the last write flips', async function () {
    this.timeout(30_000);
    let refused = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const random = seededRandom(seed);
      const { disk, open, run } = createLogFixture(seed);
      const { log } = await open();
      for (let index = 1; index <= 30; index += 3) {
        await run(log.append({ entries: entries(index, index + 2) }));
      }
      await run(log.append({ entries: [entry(31, 9, 0)] }));
      await run(log.close());
      const path = segments(disk.paths())[random.integer(segments(disk.paths()).length)]!;
      const content = disk.content(path);
      let used = content.length;
      while (content[used - 1] === 0) used -= 1;
      // The last write is one record of 32 bytes, with zeros at its end.
      const isLast = path === segments(disk.paths()).at(-1);
      disk.rot(path, random.integer(isLast ? used - 32 : used), 1 << random.integer(8));
      try {
        const { recovered } = await open();
        assert.equal(recovered.entries.length, 31, `seed ${seed}`);
        assert.equal(recovered.entries.at(-1)?.term, 9);
      } catch (error) {
        assert.ok(error instanceof SkeinError, String(error));
        assert.ok(['corrupt', 'unsupported'].includes(error.code), error.message);
        refused += 1;
      }
    }
    assert.ok(refused > 300, `${refused} of 400 flips were noticed`);
  });

  it('names file, offset and remedy', async () => {
    const { disk, open, run } = createLogFixture();
    const { log } = await open();
    await run(log.append({ entries: entries(1, 3) }));
    await run(log.append({ entries: entries(4, 5) }));
    await run(log.close());
    disk.rot('/log/segment-000000000001.log', 200);
    await assert.rejects(
      open(),
      refusal('corrupt', '/log/segment-000000000001.log', 'offset', 'skein rejoin'),
    );
  });

  it('is refused when a segment between others is gone', async () => {
    const { disk, open, run } = createLogFixture();
    const { log } = await open();
    for (let index = 1; index <= 100; index++) await run(log.append({ entries: [entry(index)] }));
    await run(log.close());
    const [, second] = segments(disk.paths());
    await run(disk.boot().remove(second!));
    await assert.rejects(open(), refusal('corrupt', 'segment 2 before it is missing'));
  });

  it('is refused when a segment was cut short', async () => {
    const { disk, open, run } = createLogFixture();
    const { log } = await open();
    await run(log.close());
    const boot = disk.boot();
    const path = '/log/segment-000000000001.log';
    const content = disk.content(path);
    await run(boot.remove(path));
    const file = await run(boot.open(path, 'write'));
    await run(file.write(0, content.subarray(0, 2048)));
    await assert.rejects(open(), refusal('corrupt', 'cut short'));
  });

  it('is refused by name when its format version is unknown', async () => {
    const { disk, open, run } = createLogFixture();
    const { log } = await open();
    await run(log.saveSnapshot(meta(1), []));
    await run(log.close());
    disk.rot('/log/segment-000000000001.log', 8, 2);
    await assert.rejects(open(), refusal('unsupported', 'log format version 3', 'version 1'));
    disk.rot('/log/segment-000000000001.log', 8, 2);
    disk.rot('/log/snapshot-0000000000000001-1.snap', 8, 4);
    await assert.rejects(open(), refusal('unsupported', 'snapshot format version 5'));
  });

  it('cuts a torn write from its end, and goes on', async () => {
    const { disk, open, run } = createLogFixture();
    const { log } = await open();
    await run(log.append({ entries: entries(1, 3) }));
    await run(log.append({ entries: entries(4, 9) }));
    await run(log.close());
    // Nothing follows the last write, so it may never have been acknowledged.
    const content = disk.content('/log/segment-000000000001.log');
    disk.rot('/log/segment-000000000001.log', content.lastIndexOf(9) - 400);
    const again = await open();
    assert.deepEqual(indexesOf(again.recovered), [1, 2, 3]);
    await run(again.log.append({ entries: entries(4, 5, 2) }));
    await run(again.log.close());
    assert.deepEqual(indexesOf((await open()).recovered), [1, 2, 3, 4, 5]);
  });
});

describe('a broken snapshot', () => {
  const path = '/log/snapshot-0000000000000020-1.snap';

  it('is passed over for the one before while the log still covers that', async () => {
    const { disk, open, run } = createLogFixture();
    const { log } = await open();
    await run(
      log.append({ hardState: { term: 1, vote: 77, commit: 30 }, entries: entries(1, 30) }),
    );
    await run(log.saveSnapshot(meta(10), [Buffer.from('ten')]));
    await run(log.saveSnapshot(meta(20), [Buffer.from('twenty')]));
    await run(log.close());
    disk.rot(path, disk.content(path).length - 12);
    const again = await open();
    assert.equal(again.recovered.snapshot?.index, 10);
    assert.deepEqual(
      indexesOf(again.recovered),
      entries(11, 30).map(({ index }) => index),
    );
    await run(again.log.saveSnapshot(meta(25), []));
    assert.ok(!disk.paths().includes(path), 'the broken one is gone once there is a newer one');
  });

  it('is an error when the log begins after the one before', async () => {
    const { disk, open, run } = createLogFixture();
    const { log } = await open();
    for (let index = 1; index <= 60; index++) await run(log.append({ entries: [entry(index)] }));
    await run(log.saveSnapshot(meta(10), [Buffer.from('ten')]));
    await run(log.saveSnapshot(meta(50), [Buffer.from('fifty')]));
    await run(log.compact(50));
    await run(log.close());
    disk.rot('/log/snapshot-0000000000000050-1.snap', 40);
    await assert.rejects(open(), refusal('corrupt', 'snapshot-0000000000000050-1.snap', 'offset'));
  });

  it('is noticed while it is read when it rotted since it was written', async () => {
    const { disk, open, run } = createLogFixture();
    const { log } = await open();
    await run(log.append({ entries: entries(1, 30) }));
    await run(log.saveSnapshot(meta(20), [Buffer.alloc(500, 1), Buffer.alloc(500, 2)]));
    disk.rot(path, disk.content(path).length - 100);
    const read = async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of log.readSnapshot()!.chunks) chunks.push(chunk);
      return chunks;
    };
    await assert.rejects(run(read()), refusal('corrupt', 'a chunk fails its check'));
  });
});
