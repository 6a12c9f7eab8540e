// Keepers: they outlive their peers, nothing is started twice, nothing of log or exit is lost.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { ContainerStatus } from '../../../actors/containers/container-driver.ts';
import { claimRecord } from '../../../actors/containers/keeper/record-file.ts';
import { findKeeper, launchKeeper } from '../../../actors/containers/process/keeper-launcher.ts';
import { createLocalPodStreams } from '../../../actors/containers/local-pod-streams.ts';
import { identityOf, isAlive } from '../../../actors/containers/keeper/process-identity.ts';
import { markedProcesses } from '../../../actors/containers/keeper/stray-processes.ts';
import { containerConfig, podConfig, valueOf } from './driver-compliance.ts';
import { makeProcessHarness } from './process-driver-harness.ts';
import type { ProcessHarness } from './process-driver-harness.ts';

const PEER = fileURLToPath(new URL('./peer-process.js', import.meta.url));
const allLog = { container: 'main', follow: false, previous: false, timestamps: false };

describe('a keeper', function () {
  this.timeout(20_000);
  let harness: ProcessHarness;
  beforeEach(async () => {
    harness = await makeProcessHarness();
  });
  afterEach(() => harness.close());

  const peer = (uid: string, script: string, dieAfter = ''): ChildProcess =>
    spawn(process.execPath, [PEER, harness.directory, uid, script, dieAfter], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  const statusOf = async (uid: string): Promise<ContainerStatus | undefined> =>
    valueOf(await harness.driver().containers(uid)).at(-1);
  const logOf = async (uid: string): Promise<string> => {
    const streams = createLocalPodStreams(harness.driver());
    return text(valueOf(await streams.logs({ node: 'here', uid }, allLog)));
  };
  const untilExited = (uid: string): Promise<void> =>
    harness.until(async () => (await statusOf(uid))?.state === 'exited');
  const keeperOf = (uid: string): number => findKeeper(harness.podPath(uid)).living!.pid;

  it('outlives a peer that is killed, with no line and no exit code lost', async () => {
    const { uid } = podConfig();
    const flag = join(harness.directory, 'go');
    const count = 2_000;
    // Half of its output before its peer is killed, half while there is none.
    const script = `i=0; while [ $i -lt ${count} ]; do i=$((i+1)); echo line $i; [ $i -eq 1000 ] && while [ ! -e ${flag} ]; do sleep 0.02; done; done; exit 42`;
    const child = peer(uid, script);
    await once(child.stdout!, 'data');
    const keeper = keeperOf(uid);
    child.kill('SIGKILL');
    await once(child, 'exit');
    writeFileSync(flag, '');
    await harness.crashPeer();
    assert.equal((await statusOf(uid))?.attempt, 0);
    await untilExited(uid);
    assert.equal((await statusOf(uid))?.exit?.exitCode, 42);
    const expected = Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join('');
    assert.equal(await logOf(uid), expected);
    assert.equal(keeperOf(uid), keeper);
  });

  for (const moment of ['launch', 'start']) {
    it(`is one, and starts its container once, when its peer dies at the ${moment}`, async () => {
      const { uid } = podConfig();
      const child = peer(uid, 'echo once; sleep 1000', moment);
      await once(child, 'exit');
      // The keeper may still be on its way: the next peer comes as soon as it can.
      await harness.crashPeer();
      const driver = harness.driver();
      const pod = { uid, name: 'p', namespace: 'd', hostname: 'p', ports: [], graceMs: 1_000 };
      valueOf(await driver.runPod(pod));
      const config = containerConfig(pod, ['sh', '-c', 'echo once; sleep 1000']);
      const id = valueOf(await driver.createContainer(config));
      valueOf(await driver.startContainer(id));
      await harness.until(async () => (await logOf(uid)) === 'once\n');
      assert.equal((await statusOf(uid))?.state, 'running');
      assert.equal(markedProcesses(`${uid}/`).length, 2);
    });
  }

  it('is one of however many are started for a pod at the same time', async () => {
    const pod = podConfig();
    valueOf(await harness.driver().runPod(pod));
    const path = harness.podPath(pod.uid);
    const first = keeperOf(pod.uid);
    const { nextGeneration } = findKeeper(path);
    for (const generation of [nextGeneration, nextGeneration, nextGeneration - 1]) {
      assert.ok((await launchKeeper(path, generation)).ok);
    }
    assert.equal(keeperOf(pod.uid), first);
    assert.equal(readdirSync(path).filter((name) => name.endsWith('.claim')).length, 1);
  });

  it('that is killed is followed by another, which ends what it left and says that it does not know how', async () => {
    const pod = podConfig();
    const driver = harness.driver();
    valueOf(await driver.runPod(pod));
    const id = valueOf(await driver.createContainer(containerConfig(pod, ['sleep', '1000'])));
    valueOf(await driver.startContainer(id));
    const [pid] = markedProcesses(`${pod.uid}/`);
    const before = keeperOf(pod.uid);
    process.kill(before, 'SIGKILL');
    await untilExited(pod.uid);
    const { exit } = (await statusOf(pod.uid))!;
    assert.deepEqual([exit?.exitCode, exit?.reason], [137, 'ContainerStatusUnknown']);
    assert.equal(identityOf(pid!), undefined);
    assert.notEqual(keeperOf(pod.uid), before);
  });

  it('knows a process from a later one with its pid', async () => {
    const pod = podConfig();
    valueOf(await harness.driver().runPod(pod));
    const { living } = findKeeper(harness.podPath(pod.uid));
    assert.ok(isAlive(living!));
    assert.ok(!isAlive({ ...living!, startTime: '1' }));
    assert.ok(!isAlive({ ...living!, bootId: 'another boot' }));
  });

  it('keeps its directory to its own user, and refuses what is not its protocol', async () => {
    const pod = podConfig();
    valueOf(await harness.driver().runPod(pod));
    const path = harness.podPath(pod.uid);
    assert.equal(statSync(path).mode & 0o777, 0o700);
    assert.equal(statSync(join(path, 'keeper.sock')).mode & 0o077, 0);
    const socket = connect(join(path, 'keeper.sock'));
    socket.on('error', () => {});
    socket.write('this is no request\n');
    await once(socket, 'close');
    assert.ok(findKeeper(path).living !== undefined);
  });

  it('ends the whole group with its container, and those that left the group too', async () => {
    const pod = podConfig();
    const driver = harness.driver();
    valueOf(await driver.runPod(pod));
    const script = 'sleep 1001 & setsid sleep 1002 & exec sleep 1003';
    const id = valueOf(await driver.createContainer(containerConfig(pod, ['sh', '-c', script])));
    valueOf(await driver.startContainer(id));
    await harness.until(async () => markedProcesses(`${pod.uid}/`).length === 3);
    valueOf(await driver.stopContainer(id, 2_000));
    assert.equal((await statusOf(pod.uid))?.exit?.exitCode, 143);
    // They were sent SIGKILL; on a busy machine dying takes a moment.
    await harness.until(async () => markedProcesses(`${pod.uid}/`).length === 0);
  });

  it('shortens a stop that is under way when asked to', async () => {
    const pod = podConfig();
    const driver = harness.driver();
    valueOf(await driver.runPod(pod));
    const id = valueOf(
      await driver.createContainer(containerConfig(pod, harness.programs.ignoresTerm)),
    );
    valueOf(await driver.startContainer(id));
    const slow = driver.stopContainer(id, 60_000);
    valueOf(await driver.stopContainer(id, 100));
    valueOf(await slow);
    assert.equal((await statusOf(pod.uid))?.exit?.exitCode, 137);
  });

  it('claims a record for one of several that want it', () => {
    const path = join(harness.directory, 'claim');
    assert.ok(claimRecord(path, { by: 1 }));
    assert.ok(!claimRecord(path, { by: 2 }));
    assert.equal(readFileSync(path, 'utf8'), '{"by":1}\n');
    assert.deepEqual(
      readdirSync(harness.directory).filter((name) => name.endsWith('.tmp')),
      [],
    );
    assert.ok(existsSync(path));
  });
});
