// What processes of pods find around them, and what is seen of them from outside.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ContainerStatus } from '../../../actors/containers/container-driver.ts';
import { createNodeProber } from '../../../actors/containers/node-prober.ts';
import { createLoadMeter, readNodeCapacity } from '../../../actors/containers/node-capacity.ts';
import { haltAllPods } from '../../../actors/containers/found-pods.ts';
import { createLocalPodStreams } from '../../../actors/containers/local-pod-streams.ts';
import type { ContainerConfig, PodConfig } from '../../../actors/containers/container-driver.ts';
import { containerConfig, podConfig, valueOf } from './driver-compliance.ts';
import { makeProcessHarness } from './process-driver-harness.ts';
import type { ProcessHarness } from './process-driver-harness.ts';

const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === 'linux';
const allLog = { container: '', follow: false, previous: false, timestamps: false };

describe('processes of pods', () => {
  let harness: ProcessHarness;
  beforeEach(async () => {
    harness = await makeProcessHarness({ logFileBytes: 4_000, logFiles: 3 });
  });
  afterEach(() => harness.close());

  const start = async (
    command: readonly string[],
    changes: Partial<ContainerConfig> = {},
    pod: PodConfig = podConfig(),
  ): Promise<{ readonly id: string; readonly uid: string }> => {
    const driver = harness.driver();
    valueOf(await driver.runPod(pod));
    const id = valueOf(await driver.createContainer(containerConfig(pod, command, changes)));
    valueOf(await driver.startContainer(id));
    return { id, uid: pod.uid };
  };
  const statusOf = async (id: string): Promise<ContainerStatus> =>
    valueOf(await harness.driver().containers()).find((status) => status.id === id)!;
  const outputOf = async (
    command: readonly string[],
    changes?: Partial<ContainerConfig>,
  ): Promise<string> => {
    const { id, uid } = await start(command, changes);
    await harness.until(async () => (await statusOf(id)).state === 'exited');
    const streams = createLocalPodStreams(harness.driver());
    return text(valueOf(await streams.logs({ node: '', uid }, allLog)));
  };

  it("have a fresh environment: nothing of the peer's", async () => {
    const environment = { GREETING: 'hello', HOSTNAME: 'web' };
    const lines = (await outputOf(['env'], { environment })).trim().split('\n').sort();
    const names = lines.map((line) => line.split('=')[0]);
    assert.deepEqual(names, ['GREETING', 'HOME', 'HOSTNAME', 'PATH', 'SKEIN_INSTANCE']);
    assert.ok(lines.includes('GREETING=hello'));
  });

  it('run where they are told, or in a directory of their own', async () => {
    assert.equal(await outputOf(['pwd'], { workingDirectory: '/' }), '/\n');
    const own = await outputOf(['sh', '-c', 'pwd; touch mine && ls']);
    assert.match(own, /\/work\/[-0-9a-f]+\nmine\n$/);
  });

  it('say why when they cannot start: no program, no directory, no permission', async () => {
    const why = async (
      command: readonly string[],
      changes?: Partial<ContainerConfig>,
    ): Promise<string> => {
      const { id } = await start(command, changes);
      await harness.until(async () => (await statusOf(id)).state === 'exited');
      const { exit } = await statusOf(id);
      assert.deepEqual([exit?.reason, exit?.exitCode], ['StartError', 128]);
      return exit?.message ?? '';
    };
    assert.match(await why(['no-such-program']), /no such program/);
    assert.match(
      await why(['true'], { workingDirectory: '/no/such' }),
      /working directory "\/no\/such"/,
    );
    assert.match(await why(['/etc/passwd']), /permission denied/);
  });

  it("of two pods run as two users, neither of them the peer's", async function () {
    if (!isRoot) this.skip();
    const [one, other] = [await outputOf(['id', '-u']), await outputOf(['id', '-u'])];
    assert.notEqual(one, other);
    assert.ok(Number(one) > 65_536 && Number(other) > 65_536);
    const denied = await outputOf([
      'sh',
      '-c',
      `ls ${join(harness.directory, 'pods')} 2>&1; id -G`,
    ]);
    assert.match(denied, /denied/);
  });

  it('are found when they listen on all addresses, and not when they bind their own', async function () {
    if (!isLinux) this.skip();
    const server = (host: string): string =>
      `require('node:net').createServer().listen(0, '${host}', function () { console.log(this.address().port) })`;
    const loose = await start([process.execPath, '-e', server('0.0.0.0')]);
    const tight = await start([process.execPath, '-e', server('127.70.3.77')]);
    const streams = createLocalPodStreams(harness.driver());
    const portOf = async (uid: string): Promise<number> =>
      Number(await text(valueOf(await streams.logs({ node: '', uid }, allLog))));
    await harness.until(async () => (await portOf(loose.uid)) > 0 && (await portOf(tight.uid)) > 0);
    const found = await harness.driver().wildcardListeners();
    const ours = found.filter(({ podUid }) => podUid === loose.uid || podUid === tight.uid);
    assert.deepEqual(
      ours.map(({ podUid, port }) => [podUid, port]),
      [[loose.uid, await portOf(loose.uid)]],
    );
  });

  it('all stop with their peer when it is told so, and leave their exits and logs', async () => {
    await start(['sh', '-c', 'echo here; exec sleep 1000']);
    await start(['sleep', '1000']);
    valueOf(await haltAllPods(harness.driver()));
    const pods = valueOf(await harness.driver().pods());
    assert.deepEqual(
      pods.map(({ state }) => state),
      ['stopped', 'stopped'],
    );
    const containers = valueOf(await harness.driver().containers());
    assert.deepEqual(
      containers.map(({ state, exit }) => [state, exit?.exitCode]),
      [
        ['exited', 143],
        ['exited', 143],
      ],
    );
  });

  it('are measured: busy ones use more than idle ones', async () => {
    const busy = await start(['sh', '-c', 'while :; do :; done']);
    const idle = await start(['sleep', '1000']);
    const used = async (uid: string): Promise<number> =>
      (await harness.driver().usage()).find(({ podUid }) => podUid === uid)?.cpuMs ?? 0;
    await harness.until(async () => (await used(busy.uid)) >= 100);
    assert.ok((await used(idle.uid)) < 50);
  });

  it('are probed by http, tcp and exec', async () => {
    const prober = createNodeProber(harness.driver());
    const { signal } = new AbortController();
    const { id } = await start(['sleep', '1000']);
    const exec = (command: readonly string[], timeoutMs = 5_000): Promise<string | undefined> =>
      prober.look({ type: 'exec', containerId: id, command, timeoutMs }, signal);
    assert.equal(await exec(['true']), undefined);
    assert.equal(await exec(['sh', '-c', 'echo oh no; exit 4']), 'command ended with 4: oh no');
    assert.match((await exec(['sleep', '1000'], 50)) ?? '', /no answer within 50 ms/);

    const server = createServer((request, response) => {
      if (request.url === '/silent') return;
      response.statusCode = Number(request.url?.slice(1));
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const place = { host: '127.0.0.1', port };
    const http = (path: string): Promise<string | undefined> =>
      prober.look(
        { type: 'http', isTls: false, ...place, path, headers: [['X-A', 'b']], timeoutMs: 200 },
        signal,
      );
    assert.equal(await http('/200'), undefined);
    assert.equal(await http('/301'), undefined);
    assert.match((await http('/503')) ?? '', /status 503/);
    assert.match((await http('/silent')) ?? '', /no answer within 200 ms/);
    const tcp = (): Promise<string | undefined> =>
      prober.look({ type: 'tcp', ...place, timeoutMs: 200 }, signal);
    assert.equal(await tcp(), undefined);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    assert.match((await tcp()) ?? '', /ECONNREFUSED/);
  });

  it('are reached through a data directory with a very long path', async function () {
    if (!isLinux) this.skip();
    const root = mkdtempSync(join(tmpdir(), 'skein-long-'));
    const long = await makeProcessHarness({ directory: join(root, 'd'.repeat(120)) });
    const pod = podConfig();
    valueOf(await long.driver().runPod(pod));
    const id = valueOf(
      await long.driver().createContainer(containerConfig(pod, ['sleep', '1000'])),
    );
    valueOf(await long.driver().startContainer(id));
    valueOf(await long.driver().stopContainer(id, 1_000));
    await long.close();
    rmSync(root, { recursive: true });
  });
});

describe('the machine', () => {
  it('says what it has and what of it pods can have', () => {
    const { capacity, allocatable } = readNodeCapacity();
    assert.ok(Number(capacity.cpu) >= 1);
    assert.ok(Number.parseInt(allocatable.memory) < Number.parseInt(capacity.memory));
    assert.ok(Number.parseInt(allocatable.cpu) < Number(capacity.cpu) * 1_000);
    assert.equal(capacity.pods, '110');
  });

  it('measures its load as fractions', () => {
    const meter = createLoadMeter();
    for (const { cpu, memory } of [meter(), meter()]) {
      assert.ok(cpu >= 0 && cpu <= 1 && memory > 0 && memory < 1);
    }
  });
});
