// Durable appends a second on the real disk, one at a time, in batches and from many clients at once.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

import { crc32c } from '../../consensus/log/crc32c.ts';
import type { LogStorage } from '../../consensus/log/log-storage.ts';
import { nodeDisk } from '../../consensus/log/node-disk.ts';
import { openLog } from '../../consensus/log/open-log.ts';
import type { Entry } from '../../consensus/raft/types.ts';

const data = Buffer.alloc(256, 1);
const forMs = 2_000;
let index = 0;

const nextEntry = (): Entry => ({ index: ++index, term: 1, type: 'normal', data });

async function batches(log: LogStorage, size: number): Promise<number> {
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < forMs) {
    await log.append({ entries: Array.from({ length: size }, nextEntry) });
    count += size;
  }
  return perSecond(count, start);
}

/** Each client waits for its own append before the next one: what group commit is for. */
async function clients(log: LogStorage, count: number): Promise<number> {
  const start = performance.now();
  let done = 0;
  const client = async () => {
    while (performance.now() - start < forMs) {
      await log.append({ entries: [nextEntry()] });
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: count }, client));
  return perSecond(done, start);
}

function perSecond(count: number, start: number): number {
  return Math.round(count / ((performance.now() - start) / 1000));
}

function checksumRate(): number {
  const bytes = Buffer.alloc(64 << 20, 7);
  crc32c(bytes);
  const start = performance.now();
  crc32c(bytes);
  return Math.round(64 / ((performance.now() - start) / 1000));
}

const directory = await mkdtemp(join(tmpdir(), 'skein-log-bench-'));
try {
  const { log } = await openLog(nodeDisk(), { directory, replicaId: 1 });
  const results = {
    bench: 'log',
    recordBytes: data.length,
    batch1: await batches(log, 1),
    batch16: await batches(log, 16),
    batch128: await batches(log, 128),
    clients64: await clients(log, 64),
    clients256: await clients(log, 256),
  };
  const { syncs, segments } = log.stats();
  await log.close();
  const start = performance.now();
  const again = await openLog(nodeDisk(), { directory, replicaId: 1 });
  const openMs = Math.round(performance.now() - start);
  const entries = again.recovered.entries.length;
  await again.log.close();
  const crc32cMbPerSecond = checksumRate();
  console.log(
    JSON.stringify({
      ...results,
      syncs,
      segments,
      openMs,
      openEntries: entries,
      crc32cMbPerSecond,
    }),
  );
} finally {
  await rm(directory, { recursive: true });
}
