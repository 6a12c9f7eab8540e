// A container engine in virtual time: containers that start slowly, crash and hang, by seed. It outlives the peers that use it, as keepers do.
//
// What a container does is read from its command (for tests), else the seed decides (for whole simulations):
//   simulate exit=CODE after=MS    ends by itself        simulate stubborn    ends only by SIGKILL
//   simulate missing               cannot be started     simulate             runs until it is stopped

import { PassThrough } from 'node:stream';
import type {
  ContainerConfig,
  ContainerDriver,
  ContainerExit,
  ContainerStatus,
  PodConfig,
  PodSandbox,
} from '../../actors/containers/container-driver.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Clock, Random, Result, Timer } from '../../runtime/index.ts';

/** Chances and times of containers whose command does not say what they do. */
export interface ContainerFaults {
  /** Uniform between these. */
  readonly startMs: readonly [number, number];
  /** Chance that a container crashes, and within which time after its start. */
  readonly crashChance: number;
  readonly crashWithinMs: number;
  /** Chance that a container ignores SIGTERM. */
  readonly hangChance: number;
}

export const noFaults: ContainerFaults = {
  startMs: [5, 50],
  crashChance: 0,
  crashWithinMs: 60_000,
  hangChance: 0,
};

/** The machine's side: lives on when a peer dies. */
export interface SimulatedContainerHost {
  /** The driver of one life of a peer; `crash` cuts it off without a word. */
  readonly driver: () => ContainerDriver & { readonly crash: () => void };
  /** Everything ends, as when the machine loses its power; what was on the disk stays. */
  readonly reboot: () => void;
  /** Containers that run now. */
  readonly running: () => readonly ContainerStatus[];
  /** Starts that were made in all, by instance: none may ever be 2. */
  readonly starts: () => ReadonlyMap<string, number>;
  readonly heldAddresses: () => number;
}

export interface SimulatedHostOptions {
  readonly clock: Pick<Clock, 'wallMs' | 'setTimer'>;
  readonly random: Random;
  readonly faults?: ContainerFaults;
  /** First three numbers of the addresses of its pods: `127.70.3`. */
  readonly addressPrefix?: string;
}

interface Pod {
  sandbox: PodSandbox;
  deadline: Timer | undefined;
}

interface Container {
  readonly config: ContainerConfig;
  status: ContainerStatus;
  readonly behaviour: Behaviour;
  starting: Promise<void> | undefined;
  end: Timer | undefined;
  kill: Timer | undefined;
  killAtMs: number;
  readonly waiting: (() => void)[];
}

interface Behaviour {
  readonly startMs: number;
  readonly isMissing: boolean;
  readonly isStubborn: boolean;
  readonly exit: { readonly code: number; readonly afterMs: number } | undefined;
}

const SIGTERM_CODE = 143;
const SIGKILL_CODE = 137;
const PODS_LIMIT = 250;

export function createSimulatedContainerHost(
  options: SimulatedHostOptions,
): SimulatedContainerHost {
  const { clock, random, faults = noFaults, addressPrefix = '127.70.3' } = options;
  const pods = new Map<string, Pod>();
  const containers = new Map<string, Container>();
  const starts = new Map<string, number>();
  const watchers = new Set<(status: ContainerStatus) => void>();
  let lastAddress = 1;

  const change = (container: Container, status: ContainerStatus): void => {
    container.status = status;
    for (const changed of watchers) changed(status);
  };
  const end = (container: Container, code: number, reason?: string): void => {
    if (container.status.state === 'exited') return;
    container.end?.cancel();
    container.kill?.cancel();
    const { exit: _exit, ...status } = container.status;
    const now = clock.wallMs();
    const exit: ContainerExit = {
      exitCode: code,
      signal: code > 128 ? code - 128 : 0,
      reason: reason ?? (code === 0 ? 'Completed' : 'Error'),
      message: '',
      startedAtMs: status.startedAtMs === 0 ? now : status.startedAtMs,
      finishedAtMs: now,
    };
    change(container, { ...status, state: 'exited', startedAtMs: exit.startedAtMs, exit });
    for (const tell of container.waiting.splice(0)) tell();
  };
  const start = (container: Container): Promise<void> => {
    const { id } = container.status;
    starts.set(id, (starts.get(id) ?? 0) + 1);
    return new Promise((resolve) => {
      clock.setTimer(container.behaviour.startMs, () => {
        resolve();
        if (container.status.state !== 'created') return;
        const { behaviour, status } = container;
        if (behaviour.isMissing) return end(container, 128, 'StartError');
        change(container, { ...status, state: 'running', startedAtMs: clock.wallMs() });
        if (behaviour.exit === undefined) return;
        const { code, afterMs } = behaviour.exit;
        container.end = clock.setTimer(afterMs, () => end(container, code));
      });
    });
  };
  const stop = (container: Container, graceMs: number): Promise<void> => {
    if (container.status.state !== 'running') return Promise.resolve();
    if (!container.behaviour.isStubborn) {
      clock.setTimer(1, () => end(container, SIGTERM_CODE));
    }
    const killAtMs = clock.wallMs() + graceMs;
    if (killAtMs < container.killAtMs) {
      container.killAtMs = killAtMs;
      container.kill?.cancel();
      container.kill = clock.setTimer(graceMs, () => end(container, SIGKILL_CODE));
    }
    return new Promise((resolve) => container.waiting.push(resolve));
  };
  const containersOf = (uid: string): readonly Container[] =>
    [...containers.values()].filter(({ config }) => config.podUid === uid);
  const stopPod = (uid: string): void => {
    const pod = pods.get(uid);
    if (pod === undefined) return;
    pod.deadline?.cancel();
    for (const container of containersOf(uid)) {
      if (container.starting !== undefined) end(container, SIGKILL_CODE);
    }
    pod.sandbox = { ...pod.sandbox, state: 'stopped', address: '' };
  };
  const nextAddress = (): string | undefined => {
    const held = new Set([...pods.values()].map(({ sandbox }) => sandbox.address));
    for (let i = 0; i < PODS_LIMIT; i++) {
      lastAddress = 2 + ((lastAddress - 1) % PODS_LIMIT);
      const address = `${addressPrefix}.${lastAddress}`;
      if (!held.has(address)) return address;
    }
    return undefined;
  };
  const runPod = (config: PodConfig): Result<PodSandbox> => {
    const existing = pods.get(config.uid);
    if (existing?.sandbox.state === 'ready') return ok(existing.sandbox);
    const address = nextAddress();
    if (address === undefined) return failed(new SkeinError('overloaded', 'no address is free'));
    const sandbox: PodSandbox = {
      config,
      state: 'ready',
      address,
      ports: config.ports.map((port) => ({ ...port, servedPort: port.containerPort })),
      createdAtMs: clock.wallMs(),
    };
    pods.set(config.uid, { sandbox, deadline: undefined });
    return ok(sandbox);
  };
  const create = (config: ContainerConfig): Result<string> => {
    if (!pods.has(config.podUid)) return notFound(config.podUid);
    if (config.command.length === 0) {
      return failed(new SkeinError('invalid', `container "${config.name}" has no command`));
    }
    const id = `${config.podUid}/${config.name}_${config.attempt}`;
    if (containers.has(id)) return ok(id);
    const { podUid, name, attempt } = config;
    containers.set(id, {
      config,
      status: { id, podUid, name, attempt, state: 'created', startedAtMs: 0, logPath: '' },
      behaviour: behaviourOf(config.command, random, faults),
      starting: undefined,
      end: undefined,
      kill: undefined,
      killAtMs: Infinity,
      waiting: [],
    });
    return ok(id);
  };
  const remove = (id: string): Result<void> => {
    if (containers.get(id)?.status.state === 'running') {
      return failed(new SkeinError('conflict', `${id} still runs`));
    }
    return containers.delete(id) ? ok(undefined) : notFound(id);
  };

  const driver = (): ContainerDriver & { readonly crash: () => void } => {
    const own = new Set<(status: ContainerStatus) => void>();
    let isGone = false;
    // The answer to a peer that is gone never arrives.
    const answer = <T>(value: T): Promise<T> =>
      isGone ? new Promise(() => {}) : Promise.resolve(value);
    const withContainer = async (
      id: string,
      act: (container: Container) => Promise<void>,
    ): Promise<Result<void>> => {
      const container = containers.get(id);
      if (container === undefined) return answer(notFound(id));
      await act(container);
      return answer(ok(undefined));
    };
    const leave = (): void => {
      isGone = true;
      for (const changed of own) watchers.delete(changed);
      own.clear();
    };
    return {
      name: 'simulated',
      capabilities: { addresses: 'own', tty: false, images: false },
      open: () => answer(ok(undefined)),
      runPod: (config) => answer(runPod(config)),
      createContainer: (config) => answer(create(config)),
      startContainer: (id) =>
        withContainer(id, (container) => (container.starting ??= start(container))),
      stopContainer: (id, graceMs) => withContainer(id, (container) => stop(container, graceMs)),
      removeContainer: (id) => answer(remove(id)),
      stopPod: (uid) => answer(ok(stopPod(uid))),
      removePod: (uid) => {
        stopPod(uid);
        for (const { status } of containersOf(uid)) containers.delete(status.id);
        pods.delete(uid);
        return answer(ok(undefined));
      },
      pods: () => answer(ok([...pods.values()].map(({ sandbox }) => sandbox))),
      containers: (uid) =>
        answer(
          ok(
            [...containers.values()]
              .map(({ status }) => status)
              .filter(({ podUid }) => uid === undefined || podUid === uid),
          ),
        ),
      watch: (changed) => {
        own.add(changed);
        watchers.add(changed);
        return () => {
          own.delete(changed);
          watchers.delete(changed);
        };
      },
      attach: async () =>
        failed(new SkeinError('unsupported', 'simulated containers have no streams')),
      exec: (id, { command }) => {
        if (containers.get(id)?.status.state !== 'running') return answer(notFound(id));
        const code = Number(/^exit=(\d+)$/.exec(command[1] ?? '')?.[1] ?? 0);
        const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
        stdin.resume();
        stdout.end();
        stderr.end();
        const exited = Promise.resolve(ok(code));
        return answer(ok({ stdin, stdout, stderr, exited, resize: () => {}, kill: () => {} }));
      },
      usage: () =>
        answer(
          runningOf(containers).map(({ podUid, name, startedAtMs }) => ({
            podUid,
            name,
            cpuMs: Math.round((clock.wallMs() - startedAtMs) / 100),
            memoryBytes: 10 * 1024 * 1024,
          })),
        ),
      wildcardListeners: () => answer([]),
      setDeadline: (uid, remainingMs) => {
        const pod = pods.get(uid);
        if (pod === undefined) return answer(notFound(uid));
        pod.deadline?.cancel();
        pod.deadline =
          remainingMs === undefined
            ? undefined
            : clock.setTimer(remainingMs, () => {
                for (const container of containersOf(uid)) {
                  if (container.status.state === 'running') {
                    end(container, SIGKILL_CODE, 'DeadlineExceeded');
                  }
                }
              });
        return answer(ok(undefined));
      },
      close: async () => leave(),
      crash: leave,
    };
  };

  return {
    driver,
    reboot: () => {
      for (const container of containers.values()) {
        if (container.starting !== undefined) {
          end(container, SIGKILL_CODE, 'ContainerStatusUnknown');
        }
      }
    },
    running: () => runningOf(containers),
    starts: () => starts,
    heldAddresses: () => [...pods.values()].filter(({ sandbox }) => sandbox.address !== '').length,
  };
}

function behaviourOf(
  command: readonly string[],
  random: Random,
  faults: ContainerFaults,
): Behaviour {
  const [fromMs, toMs] = faults.startMs;
  const startMs = fromMs + random.integer(Math.max(1, toMs - fromMs));
  // Drawn whether used or not, so that one command does not shift the chances of the next.
  const [crash, within, hang] = [random.float(), random.float(), random.float()];
  if (command[0] === 'simulate') {
    const word = (name: string): number | undefined => {
      const found = command.find((text) => text.startsWith(`${name}=`));
      return found === undefined ? undefined : Number(found.slice(name.length + 1));
    };
    const code = word('exit');
    return {
      startMs,
      isMissing: command.includes('missing'),
      isStubborn: command.includes('stubborn'),
      exit: code === undefined ? undefined : { code, afterMs: word('after') ?? 0 },
    };
  }
  return {
    startMs,
    isMissing: false,
    isStubborn: hang < faults.hangChance,
    exit:
      crash < faults.crashChance
        ? { code: 1, afterMs: Math.round(within * faults.crashWithinMs) }
        : undefined,
  };
}

function runningOf(containers: ReadonlyMap<string, Container>): readonly ContainerStatus[] {
  return [...containers.values()]
    .map(({ status }) => status)
    .filter(({ state }) => state === 'running');
}

function notFound(what: string): Result<never> {
  return failed(new SkeinError('not-found', `${what} is not here`));
}
