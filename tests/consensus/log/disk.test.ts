// The disk port, as the real disk and the simulated one both keep it.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Disk } from '../../../consensus/log/disk.ts';
import { nodeDisk } from '../../../consensus/log/node-disk.ts';
import { createSimulatedDisk } from '../../simulation/simulated-disk.ts';
import { refusal } from './log-fixture.ts';
import { createVirtualTime, seededRandom } from './virtual-time.ts';

interface Subject {
  readonly disk: Disk;
  readonly root: string;
  readonly run: <T>(promise: Promise<T>) => Promise<T>;
}

function keepsThePort(subject: () => Subject): void {
  it('reads what was written, and only that at the end of the file', async () => {
    const { disk, root, run } = subject();
    const file = await run(disk.open(`${root}/a`, 'write'));
    await run(file.write(3, Buffer.from('def')));
    await run(file.write(0, Buffer.from('abc')));
    await run(file.sync());
    assert.equal(Buffer.from(await run(file.read(1, 100))).toString(), 'bcdef');
    assert.equal((await run(file.read(6, 10))).length, 0);
    assert.equal(await run(disk.sizeBytes(`${root}/a`)), 6);
    await run(file.close());
  });

  it('preallocates zeros that can be written through', async () => {
    const { disk, root, run } = subject();
    await run(disk.preallocate(`${root}/p`, 3000));
    const file = await run(disk.open(`${root}/p`, 'write-through'));
    await run(file.write(2999, Buffer.from([7])));
    const content = await run(file.read(0, 4000));
    assert.equal(content.length, 3000);
    assert.equal(content.indexOf(7), 2999);
    await run(file.close());
  });

  it('renames over what was there, removes and lists', async () => {
    const { disk, root, run } = subject();
    for (const name of ['a', 'b', 'c']) await run(disk.preallocate(`${root}/${name}`, 1));
    await run(disk.rename(`${root}/a`, `${root}/b`));
    await run(disk.remove(`${root}/c`));
    await run(disk.syncDirectory(root));
    assert.deepEqual(await run(disk.list(root)), ['b']);
  });

  it('rejects for a file that is not there', async () => {
    const { disk, root, run } = subject();
    await assert.rejects(run(disk.open(`${root}/none`, 'read')));
    await assert.rejects(run(disk.open(`${root}/none`, 'write-through')));
    await assert.rejects(run(disk.remove(`${root}/none`)));
  });

  it('locks a directory once, until it is released', async () => {
    const { disk, root, run } = subject();
    const release = await run(disk.lock(root));
    await assert.rejects(run(disk.lock(root)), refusal('conflict', root));
    await run(release());
    await run((await run(disk.lock(root)))());
  });
}

describe('the real disk', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'skein-disk-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));
  keepsThePort(() => ({ disk: nodeDisk(), root, run: (promise) => promise }));
});

describe('the simulated disk', () => {
  const create = () => {
    const time = createVirtualTime();
    const disk = createSimulatedDisk({ clock: time.clock, random: seededRandom(4) });
    const run = async <T>(promise: Promise<T>) => (await time.run(promise)) as T;
    return { disk, run };
  };

  keepsThePort(() => {
    const { disk, run } = create();
    return { disk: disk.boot(), root: '/root', run };
  });

  it('keeps what was synced over a crash, and sectors of the rest by chance', async () => {
    const { disk, run } = create();
    const before = disk.boot();
    await run(before.preallocate('/d/f', 64 * 512));
    await run(before.syncDirectory('/d'));
    const file = await run(before.open('/d/f', 'write'));
    await run(file.write(0, Buffer.alloc(512, 1)));
    await run(file.sync());
    await run(file.write(512, Buffer.alloc(63 * 512, 2)));
    disk.crash();
    const sectors = Array.from({ length: 64 }, (_, i) =>
      disk.content('/d/f').subarray(i * 512, i * 512 + 512),
    );
    assert.ok(sectors[0]!.equals(Buffer.alloc(512, 1)));
    for (const sector of sectors)
      assert.ok(
        sector.every((byte) => byte === sector[0]),
        'whole',
      );
    const kept = sectors.filter((sector) => sector[0] === 2).length;
    assert.ok(kept > 10 && kept < 53, `${kept} of 63 sectors came through`);
  });

  it('forgets a file whose directory was not synced, or keeps it, but never half of a rename', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed < 40; seed++) {
      const time = createVirtualTime();
      const disk = createSimulatedDisk({ clock: time.clock, random: seededRandom(seed) });
      const before = disk.boot();
      await time.run(before.preallocate('/d/f', 512));
      await time.run(before.rename('/d/f', '/d/g'));
      disk.crash();
      seen.add(disk.paths().join());
    }
    assert.deepEqual([...seen].sort(), ['', '/d/f', '/d/g']);
  });

  it('loses what it claimed to have synced while it lies', async () => {
    const { disk, run } = create();
    const before = disk.boot();
    await run(before.preallocate('/d/f', 512 * 64));
    await run(before.syncDirectory('/d'));
    disk.setLying(true);
    const file = await run(before.open('/d/f', 'write-through'));
    await run(file.write(0, Buffer.alloc(512 * 64, 3)));
    disk.crash();
    assert.ok(disk.content('/d/f').includes(0), 'some of it is gone');
  });
});
