// A log that is given up goes aside whole, wherever that is cut off, and its peer begins with a blank one.

import assert from 'node:assert/strict';
import { keptAside, markLog, setMarkedLogAside } from '../../../consensus/log/set-aside.ts';
import { openLog } from '../../../consensus/log/open-log.ts';
import { rejoinLog } from '../../../consensus/recover/rejoin-log.ts';
import { refusal } from '../log/log-fixture.ts';
import { seededRandom } from '../log/virtual-time.ts';
import { directory, segmentBytes, self, stoppedLog } from './stopped-log.ts';
import type { StoppedLog } from './stopped-log.ts';

const mark = ({ disk, time }: StoppedLog, seed = 1) =>
  time.run(markLog(disk.boot(), directory, 'for a test', seededRandom(seed)));

async function openAnew({ disk, time }: StoppedLog, id: number): Promise<number> {
  const booted = disk.boot();
  await time.run(setMarkedLogAside(booted, directory));
  const opened = await time.run(openLog(booted, { directory, replicaId: id, segmentBytes }));
  assert.ok(opened !== 'over');
  await time.run(opened.log.close());
  disk.exit();
  return opened.recovered.replicaId;
}

const rejoin = ({ disk, time }: StoppedLog, force = false) =>
  time.run(rejoinLog(disk.boot(), directory, seededRandom(1), { force }));

const logFiles = ({ disk }: StoppedLog, where: string): readonly string[] =>
  disk.paths().filter((path) => path.startsWith(where) && /\.(log|snap)$/.test(path));

describe('a log that is given up', () => {
  it('is set aside by the next start, which begins a blank one', async () => {
    const stopped = await stoppedLog(1);
    const files = logFiles(stopped, `${directory}/`).length;
    assert.equal(await openAnew(stopped, 5), self, 'not marked yet');
    await mark(stopped);
    await mark(stopped);
    assert.equal(await openAnew(stopped, 5), 5);
    assert.equal(logFiles(stopped, `${directory}.set-aside-`).length, files);
    assert.equal(await openAnew(stopped, 6), 5, 'once');
  });

  it('is whole beside the blank one after a crash at any step', async () => {
    let steps = 0;
    for (let isCutOff = true; isCutOff; steps++) {
      const stopped = await stoppedLog(1 + steps);
      const { disk, time } = stopped;
      const contents = () =>
        logFiles(stopped, '/data/')
          .filter((path) => !path.endsWith('.tmp'))
          .map((path) => disk.content(path).toString('base64'));
      const before = contents();
      await mark(stopped);
      isCutOff = false;
      const booted = disk.boot();
      disk.crashAfter(steps + 1, () => (isCutOff = true));
      await time.run(setMarkedLogAside(booted, directory), () => isCutOff);
      disk.crashAfter(Infinity, () => undefined);
      await time.run(setMarkedLogAside(disk.boot(), directory));
      assert.deepEqual(contents().sort(), before.sort(), `step ${steps}`);
      assert.deepEqual(logFiles(stopped, `${directory}/`), []);
      disk.exit();
      assert.equal(await openAnew(stopped, 5), 5);
    }
    assert.ok(steps > 10, `${steps} steps`);
  });

  it('is kept with few others', async () => {
    const stopped = await stoppedLog(1);
    for (let round = 0; round < keptAside + 2; round++) {
      await mark(stopped, round + 1);
      assert.equal(await openAnew(stopped, 100 + round), 100 + round);
    }
    const places = logFiles(stopped, `${directory}.set-aside-`).map((path) =>
      path.slice(0, path.lastIndexOf('/')),
    );
    assert.equal(new Set(places).size, keptAside);
  });

  it('may rot, where another voter is known', async () => {
    const stopped = await stoppedLog(1);
    const [first] = stopped.disk.paths().filter((path) => path.includes('segment-'));
    // Behind the change to three voters.
    const { length } = stopped.disk.content(first!);
    stopped.disk.rot(first!, length - 600);
    await assert.rejects(
      stopped.time.run(openLog(stopped.disk.boot(), { directory, replicaId: 1 })),
      refusal('corrupt', '`skein rejoin`'),
    );
    stopped.disk.exit();
    await rejoin(stopped);
    assert.equal(await openAnew(stopped, 5), 5);
  });

  it('is not that of the only voter, unless somebody knows better', async () => {
    const stopped = await stoppedLog(1, true);
    await assert.rejects(
      rejoin(stopped),
      refusal('forbidden', 'only voter', '`skein recover`', '--force'),
    );
    assert.equal(await openAnew(stopped, 5), self);
    await rejoin(stopped, true);
    assert.equal(await openAnew(stopped, 5), 5);
  });

  it('is not one of which nothing can be read', async () => {
    const stopped = await stoppedLog(1);
    for (const path of logFiles(stopped, directory)) stopped.disk.rot(path, 20);
    await assert.rejects(rejoin(stopped), refusal('forbidden', 'nothing tells who the voters are'));
  });
});
