// A replica with a full store: how long a snapshot holds the event loop, how long its log takes to open in a fresh
// process with the worst tail that the schedule allows, and what it takes of memory.

import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

import { nodeDisk } from '../../consensus/index.ts';
import type { LogStorage } from '../../consensus/log/log-storage.ts';
import { openLog } from '../../consensus/log/open-log.ts';
import { emptyConf } from '../../consensus/raft/conf-change/changer.ts';
import type { Entry } from '../../consensus/raft/types.ts';
import { encodeCommand } from '../../consensus/store/command.ts';
import { createStateMachine } from '../../consensus/store/state-machine.ts';
import type { StateMachine } from '../../consensus/store/state-machine.ts';
import { openLoneZone, untilItLeads } from '../consensus/lone-zone.ts';

const objects = 200_000;
const objectBytes = 2_000;
const replicaId = 1;
/** As the leader of a zone keeps them. */
const keptRevisions = 10_000;
const keyOf = (i: number): string => `/registry/pods/ns-${i % 50}/app-${(i * 7919) % objects}`;

/** What stands behind the snapshot when the log is opened. */
const tails = {
  none: { entries: 0, bytes: 0 },
  largest: { entries: (96 << 20) / objectBytes, bytes: objectBytes },
  longest: { entries: 95_000, bytes: 20 },
} as const;
type Tail = keyof typeof tails;

const put = (key: string, value: string): Uint8Array =>
  encodeCommand({
    type: 'transaction',
    transaction: { compare: [], success: [{ type: 'put', key, value }] },
  });

interface Pause {
  /** The longest that nothing else ran, ms; on a busy machine other processes are in it. */
  readonly wallMs: number;
  /** The most that this process worked meanwhile, garbage collection included. */
  readonly cpuMs: number;
}

async function longestPause(work: () => Promise<unknown>): Promise<Pause> {
  let wallMs = 0;
  let cpuMs = 0;
  let before = performance.now();
  let cpuBefore = process.cpuUsage();
  const look = (): void => {
    const now = performance.now();
    const { user, system } = process.cpuUsage(cpuBefore);
    wallMs = Math.max(wallMs, now - before);
    cpuMs = Math.max(cpuMs, (user + system) / 1_000);
    before = now;
    cpuBefore = process.cpuUsage();
  };
  const timer = setInterval(look, 1);
  await work();
  look();
  clearInterval(timer);
  return { wallMs: Math.round(wallMs), cpuMs: Math.round(cpuMs) };
}

function fullMachine(): StateMachine {
  const machine = createStateMachine();
  let index = 1;
  for (let i = 0; i < objects; i++) {
    machine.apply(++index, put(keyOf(i), `${i}`.padEnd(objectBytes, 'x')));
    if (i > keptRevisions && i % 1_000 === 0) {
      const revision = machine.view.revision() - keptRevisions;
      machine.apply(++index, encodeCommand({ type: 'compact', revision }));
    }
  }
  return machine;
}

async function appendTail(
  log: LogStorage,
  { appliedIndex, view }: StateMachine,
  tail: Tail,
): Promise<void> {
  const { entries, bytes } = tails[tail];
  const from = appliedIndex();
  for (let at = 0; at < entries; at += 1_000) {
    const batch = Array.from({ length: Math.min(1_000, entries - at) }, (_, i): Entry => {
      const index = from + at + i + 1;
      const revision = view.revision() + at - keptRevisions;
      const data =
        i === 0
          ? encodeCommand({ type: 'compact', revision })
          : put(keyOf(index), `${index}`.padEnd(bytes, 'y'));
      return { index, term: 1, type: 'normal', data };
    });
    const commit = from + at + batch.length;
    await log.append({ entries: batch, hardState: { term: 1, vote: 0, commit } });
  }
}

async function build(directory: string, tail: Tail): Promise<object> {
  const machine = fullMachine();
  const { log } = await openLog(nodeDisk(), { directory, replicaId });
  const index = machine.appliedIndex();
  const meta = { index, term: 1, conf: { ...emptyConf, voters: [replicaId] } };
  const start = performance.now();
  const savePause = await longestPause(() => log.saveSnapshot(meta, machine.snapshot()));
  const saveMs = Math.round(performance.now() - start);
  const copy = createStateMachine();
  const restorePause = await longestPause(async () => {
    const restoration = copy.restore();
    for await (const chunk of log.readSnapshot()!.chunks) restoration.add(chunk);
    restoration.finish(index);
  });
  await log.restart(meta, { term: 1, vote: 0, commit: index });
  await appendTail(log, machine, tail);
  await log.close();
  return { saveMs, savePause, restorePause };
}

async function open(directory: string): Promise<object> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  const zone = await openLoneZone(directory);
  const openMs = Math.round(performance.now() - start);
  await untilItLeads(zone, 60_000);
  const readyMs = Math.round(performance.now() - start);
  const { user, system: kernel } = process.cpuUsage(cpu);
  const cpuMs = Math.round((user + kernel) / 1_000);
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1024);
  await new Promise((resume) => setTimeout(resume, 5_000));
  const residentMb = Math.round(process.memoryUsage().rss / (1 << 20));
  const { kvs } = zone.store.view.range('/registry/', '/registry0');
  return { keys: kvs.length, openMs, readyMs, cpuMs, residentMb, peakMb };
}

/** In a process of its own. */
function apart(task: 'build' | 'open', directory: string, tail: Tail): Promise<object> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [task, directory, tail]);
    child.once('message', (result: object) => resolve(result));
    child.once('exit', (code) => reject(new Error(`${task} ended with ${code}`)));
  });
}

const [, , task, directory = '', tail = 'none'] = process.argv;
if (task === 'build' || task === 'open') {
  const work = task === 'build' ? build(directory, tail as Tail) : open(directory);
  process.send!(await work, () => process.exit(0));
} else {
  for (const each of Object.keys(tails) as Tail[]) {
    const at = await mkdtemp(join(tmpdir(), 'skein-bench-'));
    try {
      const built = await apart('build', at, each);
      const opened = await apart('open', at, each);
      console.log(JSON.stringify({ bench: 'opening', tail: each, ...built, ...opened }));
    } finally {
      await rm(at, { recursive: true });
    }
  }
}
