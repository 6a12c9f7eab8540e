// What every container driver must do; each one's test file calls this with a way to make it.

import assert from 'node:assert/strict';
import type {
  ContainerConfig,
  ContainerDriver,
  ContainerStatus,
  PodConfig,
} from '../../../actors/containers/container-driver.ts';
import type { Result } from '../../../runtime/index.ts';

/** Commands with these ways to behave, in whatever the driver runs. */
export interface Programs {
  readonly runsUntilStopped: readonly string[];
  readonly ignoresTerm: readonly string[];
  readonly exitsWith: (code: number) => readonly string[];
  readonly missing: readonly string[];
  /** For exec. */
  readonly execExitsWith: (code: number) => readonly string[];
}

export interface DriverHarness {
  readonly programs: Programs;
  readonly driver: () => ContainerDriver;
  /** The peer dies without a word and starts again on the same machine: a new driver, opened. */
  readonly crashPeer: () => Promise<void>;
  /** Lets time pass, real or virtual, until this holds. */
  readonly until: (holds: () => Promise<boolean>) => Promise<void>;
  /** Awaits a call, letting virtual time pass where there is some. */
  readonly settle: <T>(call: Promise<T>) => Promise<T>;
  /** Stops what is left; throws when something has leaked. */
  readonly close: () => Promise<void>;
}

let serial = 0;

export function podConfig(changes: Partial<PodConfig> = {}): PodConfig {
  serial++;
  return {
    uid: `00000000-0000-4000-8000-${String(serial).padStart(12, '0')}`,
    name: `pod-${serial}`,
    namespace: 'default',
    hostname: `pod-${serial}`,
    ports: [{ name: 'http', containerPort: 8080 }],
    graceMs: 1_000,
    ...changes,
  };
}

export function containerConfig(
  pod: PodConfig,
  command: readonly string[],
  changes: Partial<ContainerConfig> = {},
): ContainerConfig {
  return {
    podUid: pod.uid,
    name: 'main',
    attempt: 0,
    image: 'none',
    command,
    environment: {},
    workingDirectory: '',
    ...changes,
  };
}

export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw result.error;
  return result.value;
}

export function describeDriver(name: string, make: () => Promise<DriverHarness>): void {
  describe(`the ${name} driver keeps the contract of container drivers`, () => {
    let harness: DriverHarness;
    let driver: ContainerDriver;
    beforeEach(async () => {
      harness = await make();
      driver = harness.driver();
    });
    afterEach(() => harness.close());

    const statusOf = async (id: string): Promise<ContainerStatus> => {
      const all = valueOf(await harness.driver().containers());
      const status = all.find((one) => one.id === id);
      assert.ok(status, `${id} is not listed`);
      return status;
    };
    const untilState = (id: string, state: ContainerStatus['state']): Promise<void> =>
      harness.until(async () => (await statusOf(id)).state === state);
    const start = async (
      command: readonly string[],
      pod: PodConfig = podConfig(),
      changes: Partial<ContainerConfig> = {},
    ): Promise<{ pod: PodConfig; id: string }> => {
      valueOf(await harness.settle(driver.runPod(pod)));
      const id = valueOf(await driver.createContainer(containerConfig(pod, command, changes)));
      valueOf(await harness.settle(driver.startContainer(id)));
      return { pod, id };
    };

    it('gives each pod an address and says where its ports are served', async () => {
      const [one, other] = [podConfig(), podConfig()];
      const first = valueOf(await harness.settle(driver.runPod(one)));
      const second = valueOf(await harness.settle(driver.runPod(other)));
      assert.notEqual(first.address, '');
      assert.deepEqual(first.config, one);
      const place = (s: typeof first): string => `${s.address}:${s.ports[0]!.servedPort}`;
      assert.notEqual(place(first), place(second));
      assert.equal(first.ports[0]!.containerPort, 8080);
    });

    it('answers a pod that runs already with the same sandbox', async () => {
      const pod = podConfig();
      const first = valueOf(await harness.settle(driver.runPod(pod)));
      const [again, third] = await harness.settle(
        Promise.all([driver.runPod(pod), driver.runPod(pod)]),
      );
      assert.deepEqual(valueOf(again), first);
      assert.deepEqual(valueOf(third), first);
      assert.equal(valueOf(await driver.pods()).length, 1);
    });

    it('runs a container from created to running to exited', async () => {
      const pod = podConfig();
      valueOf(await harness.settle(driver.runPod(pod)));
      const config = containerConfig(pod, harness.programs.runsUntilStopped);
      const id = valueOf(await driver.createContainer(config));
      assert.equal((await statusOf(id)).state, 'created');
      valueOf(await harness.settle(driver.startContainer(id)));
      const running = await statusOf(id);
      assert.equal(running.state, 'running');
      assert.ok(running.startedAtMs > 0);
      valueOf(await harness.settle(driver.stopContainer(id, 5_000)));
      const { exit, state } = await statusOf(id);
      assert.equal(state, 'exited');
      assert.equal(exit?.exitCode, 143);
      assert.equal(exit.signal, 15);
      assert.ok(exit.finishedAtMs >= exit.startedAtMs);
    });

    it('keeps the exit code and names the reason', async () => {
      const good = await start(harness.programs.exitsWith(0));
      const bad = await start(harness.programs.exitsWith(3));
      await untilState(good.id, 'exited');
      await untilState(bad.id, 'exited');
      const [first, second] = [(await statusOf(good.id)).exit!, (await statusOf(bad.id)).exit!];
      assert.deepEqual([first.exitCode, first.reason], [0, 'Completed']);
      assert.deepEqual([second.exitCode, second.reason, second.signal], [3, 'Error', 0]);
    });

    it('says StartError for a program that does not exist', async () => {
      const { id } = await start(harness.programs.missing);
      await untilState(id, 'exited');
      const { exit } = await statusOf(id);
      assert.equal(exit?.reason, 'StartError');
      assert.equal(exit.exitCode, 128);
    });

    it('kills a container that ignores the request to end, after its grace', async () => {
      const { id } = await start(harness.programs.ignoresTerm);
      // Time for the program to begin ignoring.
      valueOf(await harness.settle(driver.stopContainer(id, 300)));
      assert.equal((await statusOf(id)).exit?.exitCode, 137);
    });

    it('starts an instance once, however often it is asked', async () => {
      const { id } = await start(harness.programs.runsUntilStopped);
      const { startedAtMs } = await statusOf(id);
      valueOf(await harness.settle(driver.startContainer(id)));
      await harness.crashPeer();
      valueOf(await harness.settle(harness.driver().startContainer(id)));
      assert.equal((await statusOf(id)).startedAtMs, startedAtMs);
      assert.equal(valueOf(await harness.driver().containers()).length, 1);
    });

    it('refuses a container without a command', async () => {
      const pod = podConfig();
      valueOf(await harness.settle(driver.runPod(pod)));
      const refused = await driver.createContainer(containerConfig(pod, []));
      assert.ok(!refused.ok);
      assert.equal(refused.error.code, 'invalid');
    });

    it('refuses what concerns a pod or container it does not have', async () => {
      const calls = [
        driver.createContainer(containerConfig(podConfig(), ['true'])),
        driver.startContainer('nobody/main_0'),
        driver.stopContainer('nobody/main_0', 0),
        driver.exec('nobody/main_0', {
          container: '',
          command: ['true'],
          stdin: false,
          tty: false,
        }),
        driver.setDeadline('nobody', 1_000),
      ];
      for (const result of await harness.settle(Promise.all<Result<unknown>>(calls))) {
        assert.equal(result.ok ? 'ok' : result.error.code, 'not-found');
      }
    });

    it('tells of starts and exits', async () => {
      const seen: string[] = [];
      driver.watch(({ state }) => seen.push(state));
      const { id } = await start(harness.programs.exitsWith(0));
      await untilState(id, 'exited');
      assert.deepEqual(seen, ['running', 'exited']);
    });

    it('lets containers live on when its peer dies, and takes them over', async () => {
      const { id, pod } = await start(harness.programs.runsUntilStopped);
      const before = valueOf(await driver.pods());
      const { startedAtMs } = await statusOf(id);
      await harness.crashPeer();
      assert.deepEqual(valueOf(await harness.driver().pods()), before);
      const adopted = await statusOf(id);
      assert.deepEqual([adopted.state, adopted.startedAtMs], ['running', startedAtMs]);
      const seen: ContainerStatus[] = [];
      harness.driver().watch((status) => seen.push(status));
      valueOf(await harness.settle(harness.driver().stopContainer(id, 5_000)));
      assert.equal(seen.at(-1)?.exit?.exitCode, 143);
      assert.equal(seen.at(-1)?.podUid, pod.uid);
    });

    it('knows after a peer died how containers ended meanwhile or before', async () => {
      const { id } = await start(harness.programs.exitsWith(7));
      await harness.crashPeer();
      await untilState(id, 'exited');
      assert.equal((await statusOf(id)).exit?.exitCode, 7);
    });

    it('gives an address to a new pod only after the old one gave it back', async () => {
      const { pod, id } = await start(harness.programs.runsUntilStopped);
      await harness.crashPeer();
      const held = valueOf(await harness.driver().pods())[0]!;
      const other = valueOf(await harness.settle(harness.driver().runPod(podConfig())));
      assert.notDeepEqual([other.address, other.ports], [held.address, held.ports]);
      valueOf(await harness.settle(harness.driver().stopPod(pod.uid)));
      const stopped = valueOf(await harness.driver().pods()).find((s) => s.config.uid === pod.uid);
      assert.deepEqual([stopped?.state, stopped?.address], ['stopped', '']);
      assert.equal((await statusOf(id)).state, 'exited');
    });

    it('leaves nothing of a pod that was removed, and removing again is no error', async () => {
      const { pod } = await start(harness.programs.runsUntilStopped);
      valueOf(await harness.settle(driver.removePod(pod.uid)));
      valueOf(await harness.settle(driver.removePod(pod.uid)));
      assert.deepEqual(valueOf(await driver.pods()), []);
      assert.deepEqual(valueOf(await driver.containers()), []);
      await harness.crashPeer();
      assert.deepEqual(valueOf(await harness.driver().pods()), []);
    });

    it('forgets an ended instance when asked, and refuses to forget a running one', async () => {
      const { id, pod } = await start(harness.programs.runsUntilStopped);
      const refused = await driver.removeContainer(id);
      assert.equal(refused.ok ? 'ok' : refused.error.code, 'conflict');
      valueOf(await harness.settle(driver.stopContainer(id, 5_000)));
      const next = await start(harness.programs.runsUntilStopped, pod, { attempt: 1 });
      valueOf(await driver.removeContainer(id));
      const left = valueOf(await driver.containers(pod.uid));
      assert.deepEqual(
        left.map((status) => status.id),
        [next.id],
      );
    });

    it('runs a command in a container and tells its exit code', async () => {
      const { id } = await start(harness.programs.runsUntilStopped);
      const command = harness.programs.execExitsWith(5);
      const options = { container: 'main', command, stdin: false, tty: false };
      const session = valueOf(await driver.exec(id, options));
      session.stdout.resume();
      session.stderr.resume();
      assert.equal(valueOf(await harness.settle(session.exited)), 5);
    });

    it('measures what running containers use', async () => {
      const { pod } = await start(harness.programs.runsUntilStopped);
      const [usage] = await driver.usage();
      assert.equal(usage?.podUid, pod.uid);
      assert.equal(usage.name, 'main');
      assert.ok(usage.memoryBytes > 0);
    });

    it('kills a pod at its deadline although its peer is dead, and not one whose deadline was lifted', async () => {
      const doomed = await start(harness.programs.runsUntilStopped);
      const spared = await start(harness.programs.runsUntilStopped);
      valueOf(await driver.setDeadline(doomed.pod.uid, 400));
      valueOf(await driver.setDeadline(spared.pod.uid, 400));
      valueOf(await driver.setDeadline(spared.pod.uid, undefined));
      await harness.crashPeer();
      await untilState(doomed.id, 'exited');
      const { exit } = await statusOf(doomed.id);
      assert.deepEqual([exit?.exitCode, exit?.reason], [137, 'DeadlineExceeded']);
      assert.equal((await statusOf(spared.id)).state, 'running');
    });
  });
}
