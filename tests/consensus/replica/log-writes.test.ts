import assert from 'node:assert/strict';
import { diskFull } from '../../../consensus/log/disk.ts';
import type { LogStorage } from '../../../consensus/log/log-storage.ts';
import { createLogWrites } from '../../../consensus/replica/log-writes.ts';
import type { Installation } from '../../../consensus/replica/log-writes.ts';
import { SkeinError } from '../../../runtime/index.ts';
import { entry, meta } from '../log/log-fixture.ts';

const hardState = { term: 1, vote: 0, commit: 9 };

/** A log that writes down what is asked of it, and fails as it is told. */
function recorded() {
  const calls: string[] = [];
  const failing = new Map<string, Error>();
  let appended: (() => void)[] = [];
  const work = (name: string) => async (): Promise<void> => {
    calls.push(name);
    const error = failing.get(name);
    if (error !== undefined) throw error;
  };
  const log: LogStorage = {
    append: (batch) => {
      calls.push(`append ${batch.entries.map(({ index }) => index).join(' ')}`);
      return new Promise((done) => appended.push(done));
    },
    hasRoom: () => true,
    seekRoom: work('seek'),
    saveSnapshot: work('save'),
    restart: work('restart'),
    readSnapshot: () => undefined,
    compact: work('compact'),
    stats: () => ({ bytes: 0, syncs: 0, segments: 0 }),
    close: work('close'),
  };
  const writes = createLogWrites(log);
  const installation: Installation = {
    meta: meta(9),
    chunks: [],
    hardState,
    finish: () => calls.push('finish'),
  };
  const settleAppends = (): void => {
    for (const done of appended) done();
    appended = [];
  };
  return { calls, failing, writes, installation, settleAppends };
}

const append = (index: number, bytes = 10) => ({ entries: [entry(index, 1, bytes)] });
/** All that can happen by itself has happened. */
const turn = (): Promise<void> => new Promise((resume) => setImmediate(resume));

describe('writes on their way to the log', () => {
  it('go at once, but behind a snapshot that is installed', async () => {
    const { calls, writes, installation } = recorded();
    void writes.append(append(1));
    const installed = writes.install(installation);
    void writes.append(append(10));
    void writes.append(append(11));
    await installed;
    await turn();
    void writes.append(append(12));
    const all = ['append 1', 'save', 'restart', 'finish', 'append 10', 'append 11', 'append 12'];
    assert.deepEqual(calls, all);
  });

  it('install a snapshot once there is room, each step once, and keep what is behind it waiting', async () => {
    const { calls, failing, writes, installation } = recorded();
    failing.set('save', diskFull('/log'));
    void writes.install(installation);
    void writes.append(append(10));
    await turn();
    assert.equal(writes.hasRoom(), false);
    await writes.seekRoom();
    await turn();
    assert.deepEqual(calls, ['save', 'seek', 'save'], 'still none');
    failing.delete('save');
    failing.set('restart', diskFull('/log'));
    await writes.seekRoom();
    await turn();
    assert.equal(writes.hasRoom(), false);
    failing.delete('restart');
    await writes.seekRoom();
    await turn();
    assert.equal(writes.hasRoom(), true);
    assert.deepEqual(calls.slice(3), [
      'seek',
      'save',
      'restart',
      'seek',
      'restart',
      'finish',
      'append 10',
    ]);
  });

  it('fail with a log that has failed', async () => {
    const { failing, writes, installation } = recorded();
    failing.set('restart', new SkeinError('stopped', 'the log has stopped'));
    const installed = writes.install(installation);
    const behind = writes.append(append(10));
    await assert.rejects(installed, /the log has stopped/);
    await assert.rejects(behind, /the log has stopped/);
  });

  it('say when so much waits that no more is to be taken', async () => {
    const { writes, settleAppends } = recorded();
    const half = 33 << 20;
    void writes.append(append(1, half));
    assert.equal(writes.isFull(), false);
    void writes.append(append(2, half));
    assert.equal(writes.isFull(), true);
    settleAppends();
    await turn();
    assert.equal(writes.isFull(), false);
  });
});
