// A replica with a full store: how long a snapshot holds the event loop, how long its log takes to open in a fresh
// process with the worst tail that the schedule allows, and what it takes of memory.

import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

import { nodeDisk, openZoneLog } from '../../consensus/index.ts';
import type { LogStorage } from '../../consensus/log/log-storage.ts';
import { openLog } from '../../consensus/log/open-log.ts';
import { emptyConf } from '../../consensus/raft/conf-change/changer.ts';
import type { Entry } from '../../consensus/raft/types.ts';
import { encodeCommand } from '../../consensus/store/command.ts';
import { createStateMachine } from '../../consensus/store/state-machine.ts';
import type { StateMachine } from '../../consensus/store/state-machine.ts';
import {
  createActorSystem,
  createImmediateDispatcher,
  createRingLogger,
  createSystemClock,
  createSystemRandom,
} from '../../runtime/index.ts';

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

/** The longest that nothing else ran while `work` did, ms. */
async function longestPauseMs(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let before = performance.now();
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - before);
    before = now;
  };
  const timer = setInterval(look, 1);
  before = performance.now();
  await work();
  look();
  clearInterval(timer);
  return Math.round(longest);
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
  const savePauseMs = await longestPauseMs(() => log.saveSnapshot(meta, machine.snapshot()));
  const saveMs = Math.round(performance.now() - start);
  const copy = createStateMachine();
  const restorePauseMs = await longestPauseMs(async () => {
    const restoration = copy.restore();
    for await (const chunk of log.readSnapshot()!.chunks) restoration.add(chunk);
    restoration.finish(index);
  });
  await log.restart(meta, { term: 1, vote: 0, commit: index });
  await appendTail(log, machine, tail);
  await log.close();
  return { saveMs, savePauseMs, restorePauseMs };
}

async function open(directory: string): Promise<object> {
  const clock = createSystemClock();
  const random = createSystemRandom();
  const system = createActorSystem({
    peer: 'a',
    clock,
    random,
    log: createRingLogger(clock, 100),
    dispatcher: createImmediateDispatcher(),
    onFailure: (path, error) => {
      console.error(path, error);
      process.exit(1);
    },
  });
  const start = performance.now();
  const cpu = process.cpuUsage();
  const opening = openZoneLog({
    system,
    random,
    clock,
    disk: nodeDisk(),
    directory,
    domain: 'a',
    isFounder: true,
    health: { isAlive: () => true, deadForMs: () => 0 },
    joinThrough: () => [],
  });
  const { store } = await opening;
  const openMs = Math.round(performance.now() - start);
  const reached = await store.barrier(60_000);
  if (!reached.ok) throw reached.error;
  const readyMs = Math.round(performance.now() - start);
  const { user, system: kernel } = process.cpuUsage(cpu);
  const cpuMs = Math.round((user + kernel) / 1_000);
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1024);
  await new Promise((resume) => setTimeout(resume, 5_000));
  const residentMb = Math.round(process.memoryUsage().rss / (1 << 20));
  const { kvs } = store.view.range('/registry/', '/registry0');
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
