// The log on a real file system: two processes, kill -9, and the port's promises.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { nodeDisk } from '../../../consensus/log/node-disk.ts';
import { openLog } from '../../../consensus/log/open-log.ts';
import { entry, refusal } from './log-fixture.ts';

const moduleUrl = (name: string) =>
  new URL(`../../../consensus/log/${name}.js`, import.meta.url).href;

/** A process that opens the log, then appends for ever and prints each index that is durable. */
const writer = `
  const { openLog } = await import('${moduleUrl('open-log')}');
  const { nodeDisk } = await import('${moduleUrl('node-disk')}');
  const options = { directory: process.argv[1], replicaId: 9, segmentBytes: 65536 };
  const { log, recovered } = await openLog(nodeDisk(), options);
  let index = recovered.entries.length;
  console.log('open ' + index);
  const next = () => {
    const entry = { index: ++index, term: 1, type: 'normal', data: Buffer.alloc(index % 700, index) };
    return log.append({ entries: [entry] }).then(() => console.log('durable ' + entry.index));
  };
  const loop = async () => { for (;;) await next(); };
  await Promise.all(Array.from({ length: 8 }, loop));
`;

function startWriter(directory: string): ChildProcess {
  return spawn(process.execPath, ['--input-type=module', '-e', writer, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

describe('a log on a real disk', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'skein-log-'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  it('has every acknowledged entry after kill -9, round after round', async function () {
    this.timeout(30_000);
    const directory = join(root, 'log');
    let durable = 0;
    for (let round = 1; round <= 4; round++) {
      const child = startWriter(directory);
      const gone = once(child, 'exit');
      const target = durable + 60 * round;
      for await (const line of createInterface({ input: child.stdout! })) {
        const [what, index] = line.split(' ');
        if (what === 'durable') durable = Math.max(durable, Number(index));
        if (durable >= target) child.kill('SIGKILL');
      }
      await gone;
      const { log, recovered } = await openLog(nodeDisk(), { directory, replicaId: 1 });
      assert.equal(recovered.replicaId, 9);
      assert.ok(recovered.entries.length >= durable, `${recovered.entries.length} < ${durable}`);
      for (const { index, data } of recovered.entries) {
        assert.deepEqual(Buffer.from(data), Buffer.alloc(index % 700, index));
      }
      durable = recovered.entries.length;
      await log.close();
    }
  });

  it('refuses a second process by the pid of the first, and lets it in when that is gone', async function () {
    this.timeout(30_000);
    const directory = join(root, 'log');
    const child = startWriter(directory);
    await once(createInterface({ input: child.stdout! }), 'line');
    const options = { directory, replicaId: 1, segmentBytes: 65_536 };
    await assert.rejects(
      openLog(nodeDisk(), options),
      refusal('conflict', `in use by process ${child.pid}`, 'stop it'),
    );
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    const { log } = await openLog(nodeDisk(), options);
    await assert.rejects(openLog(nodeDisk(), options), refusal('conflict', String(process.pid)));
    await log.close();
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.startsWith('lock')),
      [],
    );
  });

  it('is not held up by a lock whose pid another process has now', async () => {
    const directory = join(root, 'log');
    const disk = nodeDisk();
    await disk.makeDirectory(directory);
    await writeFile(join(directory, `lock.${process.ppid}.00000000-1`), '');
    const release = await disk.lock(directory);
    await release();
    assert.deepEqual(await readdir(directory), []);
  });

  it('is readable by its owner only', async () => {
    const directory = join(root, 'deep', 'log');
    const { log } = await openLog(nodeDisk(), { directory, replicaId: 1, segmentBytes: 65_536 });
    await log.append({ entries: [entry(1)] });
    assert.equal((await stat(directory)).mode & 0o777, 0o700);
    for (const name of await readdir(directory)) {
      assert.equal((await stat(join(directory, name))).mode & 0o777, 0o600, name);
    }
    await log.close();
  });
});
