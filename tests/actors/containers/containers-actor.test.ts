// Pods bound to a peer become running containers, and the store hears of it.

import assert from 'node:assert/strict';
import { failed, ok, SkeinError } from '../../../runtime/index.ts';
import { allocationKey, readAllocation } from '../../../actors/objects/allocation.ts';
import { conditionOf, createWorld, isRunning, markDeleted } from './containers-world.ts';
import type { World } from './containers-world.ts';

describe('the containers actor', () => {
  let world: World;
  beforeEach(() => {
    world = createWorld('containers');
  });
  afterEach(() => world.close());

  it('runs a pod that is bound to its node and writes its status', async () => {
    world.boot();
    await world.bind('web', {});
    assert.ok(await world.until(() => conditionOf(world.pod('web'), 'Ready') === 'True'));
    const { status } = world.pod('web')!;
    assert.equal(status?.phase, 'Running');
    assert.match(status.podIP ?? '', /^127\.70\.3\.\d+$/);
    assert.equal(status.hostIP, '127.70.3.1');
    assert.ok(status.startTime);
    const [container] = status.containerStatuses!;
    assert.equal(container?.restartCount, 0);
    assert.ok(container.state?.running?.startedAt);
    assert.match(container.containerID ?? '', /^simulated:\/\//);
    for (const type of ['PodScheduled', 'Initialized', 'ContainersReady']) {
      assert.equal(conditionOf(world.pod('web'), type), 'True', type);
    }
  });

  it('leaves pods of other nodes alone', async () => {
    world.boot();
    await world.bind('elsewhere', { nodeName: 'node-b' });
    await world.pass(5_000);
    assert.deepEqual(world.host.running(), []);
    assert.equal(world.pod('elsewhere')?.status?.phase, 'Pending');
  });

  it('runs init containers in order before the others', async () => {
    world.boot();
    const init = (name: string): { name: string; image: string; command: string[] } => ({
      name,
      image: 'none',
      command: ['simulate', 'exit=0', 'after=1000'],
    });
    await world.bind('staged', { initContainers: [init('first'), init('second')] });
    const names: string[][] = [];
    await world.until(() => {
      names.push(world.host.running().map(({ name }) => name));
      return conditionOf(world.pod('staged'), 'Ready') === 'True';
    });
    assert.deepEqual([...new Set(names.flat())], ['first', 'second', 'main']);
    assert.ok(names.every((running) => running.length <= 1));
    const inits = world.pod('staged')?.status?.initContainerStatuses;
    assert.deepEqual(
      inits?.map(({ state }) => state?.terminated?.reason),
      ['Completed', 'Completed'],
    );
  });

  it('restarts a container that keeps ending at once, then after 10, 20, 40 s, and says CrashLoopBackOff', async () => {
    world.boot();
    await world.bind('crashing', { command: ['simulate', 'exit=1', 'after=100'] });
    const waits: number[] = [];
    let endedMs = 0;
    for (let attempt = 0; attempt < 5; attempt++) {
      const id = `/main_${attempt}`;
      assert.ok(await world.until(() => world.host.running().some((c) => c.id.endsWith(id))));
      if (attempt > 0) waits.push(Math.round((world.simulation.nowMs() - endedMs) / 1_000));
      assert.ok(await world.until(() => world.host.running().length === 0));
      endedMs = world.simulation.nowMs();
    }
    assert.deepEqual(waits, [0, 10, 20, 40]);
    await world.pass(500);
    const [container] = world.pod('crashing')?.status?.containerStatuses ?? [];
    assert.equal(container?.state?.waiting?.reason, 'CrashLoopBackOff');
    assert.equal(container.lastState?.terminated?.exitCode, 1);
    assert.equal(container.restartCount, 4);
    assert.equal(world.pod('crashing')?.status?.phase, 'Running');
    assert.equal(conditionOf(world.pod('crashing'), 'Ready'), 'False');
    // Only the last two instances are kept.
    assert.equal(world.host.starts().size, 5);
  });

  it('lets a pod that is not to restart succeed or fail, and frees its address', async () => {
    world.boot();
    for (const code of [0, 3]) {
      const command = ['simulate', `exit=${code}`, 'after=100'];
      await world.bind(`job-${code}`, { command, restartPolicy: 'Never' });
    }
    const isOver = (name: string, phase: string): boolean =>
      world.pod(name)?.status?.phase === phase;
    assert.ok(await world.until(() => isOver('job-0', 'Succeeded') && isOver('job-3', 'Failed')));
    await world.pass(1_000);
    assert.equal(world.host.heldAddresses(), 0);
    const [container] = world.pod('job-3')?.status?.containerStatuses ?? [];
    assert.equal(container?.state?.terminated?.exitCode, 3);
  });

  it('gives the room of a pod back when it is over, and when it is deleted', async () => {
    world.boot();
    const job = await world.bind('job', {
      command: ['simulate', 'exit=0', 'after=100'],
      restartPolicy: 'Never',
    });
    const web = await world.bind('web', {});
    const holders = (): string[] =>
      Object.keys(readAllocation(world.store.view.get(allocationKey('node-a'))));
    const held = { cpuMillis: 1, memoryBytes: 1, hostPorts: [] };
    world.store.apply({
      compare: [],
      success: [
        {
          type: 'put',
          key: allocationKey('node-a'),
          value: JSON.stringify({ [job]: held, [web]: held, other: held }),
        },
      ],
    });
    assert.ok(await world.until(() => world.pod('job')?.status?.phase === 'Succeeded'));
    assert.deepEqual(holders(), [web, 'other']);
    await world.edit('web', markDeleted);
    assert.ok(await world.until(() => world.pod('web') === undefined));
    assert.deepEqual(holders(), ['other']);
  });

  it('ends a deleted pod within its grace, then lets go of it in the store', async () => {
    world.boot();
    await world.bind('stubborn', { command: ['simulate', 'stubborn'] });
    await world.until(() => isRunning(world.pod('stubborn')));
    const beganMs = world.simulation.nowMs();
    await world.edit('stubborn', (pod) => markDeleted(pod, 3));
    assert.ok(await world.until(() => world.pod('stubborn') === undefined));
    const tookMs = world.simulation.nowMs() - beganMs;
    assert.ok(tookMs >= 3_000 && tookMs < 3_500, `${tookMs} ms`);
    assert.deepEqual(world.host.running(), []);
    assert.equal(world.host.heldAddresses(), 0);
  });

  it('lets go at once of a pod that was deleted before it started here', async () => {
    await world.bind('early', {});
    await world.edit('early', markDeleted);
    world.boot();
    assert.ok(await world.until(() => world.pod('early') === undefined));
    assert.equal(world.host.starts().size, 0);
  });

  it('takes running pods over after a crash of the peer: same containers, same counts', async () => {
    world.boot();
    await world.bind('web', {});
    await world.until(() => isRunning(world.pod('web')));
    const before = world.pod('web')!;
    const running = world.host.running();
    world.crash();
    world.boot();
    await world.pass(5_000);
    assert.deepEqual(world.host.running(), running);
    assert.deepEqual(world.pod('web'), before);
    await world.edit('web', markDeleted);
    assert.ok(await world.until(() => world.pod('web') === undefined));
  });

  it('learns after a crash how containers ended meanwhile', async () => {
    world.boot();
    const command = ['simulate', 'exit=7', 'after=2000'];
    await world.bind('job', { command, restartPolicy: 'Never' });
    await world.until(() => isRunning(world.pod('job')));
    world.crash();
    await world.pass(5_000);
    world.boot();
    assert.ok(await world.until(() => world.pod('job')?.status?.phase === 'Failed'));
    const [container] = world.pod('job')?.status?.containerStatuses ?? [];
    assert.equal(container?.state?.terminated?.exitCode, 7);
  });

  it('starts containers again after the machine itself was restarted', async () => {
    world.boot();
    await world.bind('web', {});
    await world.until(() => isRunning(world.pod('web')));
    world.crash();
    world.host.reboot();
    world.boot();
    assert.ok(await world.until(() => world.host.running().length === 1));
    await world.pass(1_000);
    const [container] = world.pod('web')?.status?.containerStatuses ?? [];
    assert.equal(container?.restartCount, 1);
    assert.equal(container.lastState?.terminated?.reason, 'ContainerStatusUnknown');
  });

  it('ends what the zone deleted while the peer was away, but only once it knows', async () => {
    world.boot();
    await world.bind('lost', {});
    await world.bind('kept', {});
    await world.until(() => world.host.running().length === 2);
    world.crash();
    await world.remove('lost');
    world.barrier = async () => failed(new SkeinError('unavailable', 'no quorum'));
    world.boot();
    await world.pass(20_000);
    assert.equal(world.host.running().length, 2);
    world.barrier = async () => ok(0);
    assert.ok(await world.until(() => world.host.running().length === 1));
    assert.equal(world.host.heldAddresses(), 1);
  });

  it('ends a pod that vanishes from the store, and makes room for its namesake', async () => {
    world.boot();
    await world.bind('web', {});
    await world.until(() => isRunning(world.pod('web')));
    await world.remove('web');
    const uid = await world.bind('web', {});
    assert.ok(await world.until(() => isRunning(world.pod('web'))));
    await world.pass(5_000);
    assert.deepEqual(
      world.host.running().map(({ podUid }) => podUid),
      [uid],
    );
  });

  it('keeps pods running while the store is unavailable, and reports afterwards', async () => {
    world.boot();
    const uid = await world.bind('web', { command: ['simulate', 'exit=1', 'after=30000'] });
    await world.until(() => isRunning(world.pod('web')));
    await world.pass(1_000);
    const held = world.store.hold();
    await world.pass(35_000);
    assert.ok(world.host.running().some(({ podUid, attempt }) => podUid === uid && attempt === 1));
    held.release();
    const restarts = (): number =>
      world.pod('web')?.status?.containerStatuses?.[0]?.restartCount ?? 0;
    assert.ok(await world.until(() => restarts() >= 1));
  });

  it('derives the status anew when somebody else wrote the pod first', async () => {
    world.boot();
    await world.bind('web', {});
    await world.bind('other', {});
    for (let i = 0; i < 20; i++) {
      await world.edit('web', (pod) => {
        pod.metadata!.labels = { count: String(i) };
      });
      await world.pass(7);
    }
    assert.ok(
      await world.until(() => isRunning(world.pod('web')) && isRunning(world.pod('other'))),
    );
    assert.equal(world.pod('web')?.metadata?.labels?.['count'], '19');
  });

  it('writes nothing while nothing changes, although probes go on', async () => {
    world.boot();
    const probe = { httpGet: { path: '/ready', port: 80 }, periodSeconds: 1 };
    await world.bind('web', {
      containers: [{ name: 'main', image: 'n', command: ['simulate'], readinessProbe: probe }],
    });
    await world.until(() => conditionOf(world.pod('web'), 'Ready') === 'True');
    await world.pass(1_000);
    const writes = world.store.proposed.length;
    await world.pass(60_000);
    assert.equal(world.store.proposed.length, writes);
  });

  it('goes on probing and restarting when the wall clock is set back', async () => {
    world.boot();
    world.problem = () => 'refused';
    const probe = { httpGet: { path: '/ready', port: 80 }, periodSeconds: 1 };
    await world.bind('web', {
      containers: [{ name: 'main', image: 'n', command: ['simulate'], readinessProbe: probe }],
    });
    await world.bind('loop', {
      containers: [{ name: 'main', image: 'n', command: ['simulate', 'exit=1', 'after=10'] }],
    });
    await world.pass(15_000);
    world.jump(-3_600_000);
    const before = world.host.starts().size;
    world.problem = () => undefined;
    const isReady = (): boolean => conditionOf(world.pod('web'), 'Ready') === 'True';
    assert.ok(await world.until(isReady, 3_000));
    assert.ok(await world.until(() => world.host.starts().size > before));
  });

  it('takes a pod out of service when its readiness probe fails, and restarts it when its liveness probe does', async () => {
    world.boot();
    let failing = '';
    world.problem = (path) => (path === failing ? 'refused' : undefined);
    const probe = (path: string): object => ({
      httpGet: { path, port: 80 },
      periodSeconds: 1,
      failureThreshold: 2,
    });
    await world.bind('web', {
      containers: [
        {
          name: 'main',
          image: 'none',
          command: ['simulate'],
          readinessProbe: probe('/ready'),
          livenessProbe: probe('/live'),
        },
      ],
    });
    const isReady = (): boolean => conditionOf(world.pod('web'), 'Ready') === 'True';
    assert.ok(await world.until(isReady));
    failing = '/ready';
    assert.ok(await world.until(() => !isReady(), 4_000));
    assert.equal(world.host.starts().size, 1);
    failing = '/live';
    assert.ok(await world.until(() => world.host.starts().size === 2));
    failing = '';
    const restarts = (): number | undefined =>
      world.pod('web')?.status?.containerStatuses?.[0]?.restartCount;
    assert.ok(await world.until(() => restarts() === 1 && isReady()));
  });

  it('keeps a ready pod ready while the peer restarts', async () => {
    const probe = { httpGet: { path: '/', port: 80 }, periodSeconds: 5, initialDelaySeconds: 5 };
    world.boot();
    await world.bind('web', {
      containers: [{ name: 'main', image: 'n', command: ['simulate'], readinessProbe: probe }],
    });
    const isReady = (): boolean => conditionOf(world.pod('web'), 'Ready') === 'True';
    assert.ok(await world.until(isReady));
    world.crash();
    world.boot();
    let stayed = true;
    world.objects.view.watch(['Pod'], () => (stayed &&= isReady()));
    await world.pass(30_000);
    assert.ok(stayed && isReady());
  });

  it('says why a container without a command cannot run', async () => {
    world.boot();
    await world.bind('imageonly', { containers: [{ name: 'main', image: 'nginx' }] });
    const waiting = (): { reason?: string; message?: string } | undefined =>
      world.pod('imageonly')?.status?.containerStatuses?.[0]?.state?.waiting;
    assert.ok(await world.until(() => waiting()?.reason === 'CreateContainerError'));
    assert.match(waiting()?.message ?? '', /has no command/);
    assert.equal(world.pod('imageonly')?.status?.phase, 'Pending');
    await world.edit('imageonly', markDeleted);
    assert.ok(await world.until(() => world.pod('imageonly') === undefined));
  });

  it('tells what happened in Events that count repetitions', async () => {
    world.boot();
    await world.bind('crashing', { command: ['simulate', 'exit=1', 'after=100'] });
    await world.pass(60_000);
    const events = world.objects.view.list('Event', 'default');
    const started = events.find(({ reason }) => reason === 'Started');
    assert.equal(started?.involvedObject.name, 'crashing');
    assert.ok((started.count ?? 0) >= 3);
    assert.equal(events.find(({ reason }) => reason === 'BackOff')?.type, 'Warning');
  });

  it('gives the same run for the same seed', async () => {
    const run = async (): Promise<string> => {
      const one = createWorld('same', {
        startMs: [1, 3_000],
        crashChance: 0.5,
        crashWithinMs: 20_000,
        hangChance: 0.3,
      });
      one.boot();
      for (let i = 0; i < 8; i++) await one.bind(`pod-${i}`, { command: ['server'] });
      await one.pass(30_000);
      one.crash();
      one.boot();
      await one.pass(30_000);
      for (let i = 0; i < 8; i++) await one.edit(`pod-${i}`, markDeleted);
      assert.ok(await one.until(() => one.objects.view.list('Pod').length === 0));
      for (const count of one.host.starts().values()) assert.equal(count, 1);
      assert.equal(one.host.heldAddresses(), 0);
      const digest = one.simulation.digest();
      await one.close();
      return digest;
    };
    assert.equal(await run(), await run());
  });
});
