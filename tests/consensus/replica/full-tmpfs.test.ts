// A real disk that is full: a small tmpfs, which only root may mount.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isDiskFull } from '../../../consensus/log/disk.ts';
import { nodeDisk } from '../../../consensus/log/node-disk.ts';
import { openLog } from '../../../consensus/log/open-log.ts';
import { entry, meta } from '../log/log-fixture.ts';
import { openLoneZone } from '../lone-zone.ts';

const diskMegabytes = 8;
const segmentBytes = 1 << 20;

describe('a full tmpfs', function () {
  this.timeout(30_000);
  let root: string;
  let isMounted = false;
  let close: () => Promise<void> = async () => {};

  beforeEach(async function () {
    root = await mkdtemp(join(tmpdir(), 'skein-full-'));
    const options = ['-t', 'tmpfs', '-o', `size=${diskMegabytes}m`, 'skein-test', root];
    isMounted = process.getuid?.() === 0 && spawnSync('mount', options).status === 0;
    if (!isMounted) this.skip();
  });
  afterEach(async () => {
    await close();
    close = async () => {};
    // Also after a test that failed and left files open.
    if (isMounted) assert.equal(spawnSync('umount', ['-l', root]).status, 0);
    await rm(root, { recursive: true, force: true });
  });

  /** Takes all room but so many bytes. */
  const fill = (left: number): Promise<void> =>
    writeFile(join(root, 'ballast'), Buffer.alloc(diskMegabytes * (1 << 20) - left));
  const empty = (): Promise<void> => rm(join(root, 'ballast'));

  it('makes a log wait, keeps what it had through a restart, and heals', async () => {
    const options = { directory: join(root, 'log'), replicaId: 1, segmentBytes };
    await fill(segmentBytes + (1 << 19));
    const { log } = await openLog(nodeDisk(), options);
    let last = 0;
    while (log.hasRoom()) await log.append({ entries: [entry(++last, 1, 8_000)] });
    assert.equal(log.stats().segments, 1, 'it is known ahead');
    const covered = last;
    let durable = last;
    const waiting = Array.from({ length: 200 }, () => {
      const index = ++last;
      return log.append({ entries: [entry(index, 1, 8_000)] }).then(() => (durable = index));
    });
    await log.seekRoom();
    assert.equal(log.hasRoom(), false);
    const chunks = Array.from({ length: 10 }, () => Buffer.alloc(1 << 18, 1));
    await assert.rejects(log.saveSnapshot(meta(covered), chunks), isDiskFull);
    const outcomes = Promise.allSettled(waiting);
    await log.close();
    await outcomes;
    assert.ok(durable < last, 'some found no room');

    const { log: again, recovered } = await openLog(nodeDisk(), options);
    assert.equal(recovered.entries.length, durable);
    await again.seekRoom();
    assert.equal(again.hasRoom(), false);
    await empty();
    await again.seekRoom();
    assert.equal(again.hasRoom(), true);
    for (let index = durable + 1; index <= last; index++) {
      await again.append({ entries: [entry(index, 1, 8_000)] });
    }
    await again.saveSnapshot(meta(covered), chunks);
    await again.close();
    assert.deepEqual(
      (await readdir(options.directory)).filter((name) => name.endsWith('.tmp')),
      [],
    );
  });

  it('makes a lone voter refuse writes, lose none, and take them again', async () => {
    const zone = await openLoneZone(join(root, 'log'), { segmentBytes });
    close = zone.close;
    const { store } = zone;
    await fill(segmentBytes + (1 << 19));
    const value = 'x'.repeat(2_000);
    // Longer than any machine is too busy.
    const deadlineMs = 20_000;
    const put = (key: string) =>
      store.transact({ compare: [], success: [{ type: 'put', key, value }] }, { deadlineMs });
    let written = 0;
    let answer = await put('/k/0');
    while (answer.ok) answer = await put(`/k/${++written}`);
    assert.ok(written > 100);
    assert.equal(answer.error.code, 'overloaded', answer.error.message);
    assert.equal(answer.error.details['reason'], 'disk-full');
    assert.match(answer.error.message, /free some space at a$/);
    assert.deepEqual(store.status().fullDisks, ['a']);

    const healed = new Promise<void>((resolve) => {
      const stop = store.onStatus(({ fullDisks }) => {
        if (fullDisks !== undefined) return;
        stop();
        resolve();
      });
    });
    await empty();
    await healed;
    assert.ok((await put('/healed')).ok);
    assert.equal(store.view.range('/k/', '/k0').kvs.length, written);
  });
});
