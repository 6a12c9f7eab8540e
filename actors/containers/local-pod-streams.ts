// Logs, processes and ports of the pods on this peer.

import { connect } from 'node:net';
import { Readable } from 'node:stream';
import type { Duplex } from 'node:stream';
import { asSkeinError, failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import type { LogOptions, PodStreams, PodTarget } from '../objects/pod-streams.ts';
import type { ContainerDriver, ContainerStatus } from './container-driver.ts';
import { createLogOutput } from './log-output.ts';
import { readLogLines } from './log-reader.ts';

/** A connection that is not there after this is not coming. */
const CONNECT_LIMIT_MS = 5_000;

/** PodStreams of one node; `target.node` is taken to be this one. */
export function createLocalPodStreams(driver: ContainerDriver): PodStreams {
  const instances = async (
    { uid }: PodTarget,
    container: string,
  ): Promise<Result<readonly ContainerStatus[]>> => {
    const listed = await driver.containers(uid);
    if (!listed.ok) return listed;
    const begun = listed.value.filter(({ state }) => state !== 'created');
    const names = new Set(begun.map(({ name }) => name));
    if (container === '' && names.size > 1) {
      const choice = [...names].join(', ');
      return failed(new SkeinError('invalid', `name one of the pod's containers: ${choice}`));
    }
    const found = begun.filter(({ name }) => container === '' || name === container);
    if (found.length > 0) return ok(found);
    return failed(
      new SkeinError(
        'not-found',
        container === ''
          ? `pod ${uid} has no container that has started on this peer`
          : `container "${container}" of pod ${uid} has not started on this peer`,
      ),
    );
  };

  const running = async (
    target: PodTarget,
    container: string,
  ): Promise<Result<ContainerStatus>> => {
    const found = await instances(target, container);
    if (!found.ok) return found;
    const status = found.value.findLast(({ state }) => state === 'running');
    if (status !== undefined) return ok(status);
    const { name } = found.value[0]!;
    return failed(new SkeinError('not-found', `container "${name}" is not running`));
  };

  return {
    logs: async (target, options) => {
      const found = await instances(target, options.container);
      if (!found.ok) return found;
      const status = options.previous ? found.value.at(-2) : found.value.at(-1);
      if (status === undefined) {
        const { name } = found.value[0]!;
        return failed(
          new SkeinError(
            'not-found',
            `container "${name}" has no previous instance: it never restarted`,
          ),
        );
      }
      const ending = new AbortController();
      return ok(readableOf(logBytes(driver, status, options, ending.signal), ending));
    },
    exec: async (target, options) => {
      const found = await running(target, options.container);
      return found.ok ? driver.exec(found.value.id, options) : found;
    },
    attach: async (target, { container, stdin }) => {
      const found = await running(target, container);
      return found.ok ? driver.attach(found.value.id, stdin) : found;
    },
    connect: async ({ uid }, port) => {
      const pods = await driver.pods();
      if (!pods.ok) return pods;
      const sandbox = pods.value.find(({ config }) => config.uid === uid);
      if (sandbox?.state !== 'ready') {
        return failed(new SkeinError('not-found', `pod ${uid} does not run on this peer`));
      }
      const mapped = sandbox.ports.find(({ containerPort }) => containerPort === port);
      if (mapped === undefined && driver.capabilities.addresses === 'mapped') {
        const why = `pod ${uid} declares no port ${port}, and on this machine only declared ports are mapped`;
        return failed(new SkeinError('not-found', why));
      }
      return dial(sandbox.address, mapped?.servedPort ?? port);
    },
  };
}

async function* logBytes(
  driver: ContainerDriver,
  status: ContainerStatus,
  options: LogOptions,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const output = createLogOutput(options);
  const lines = readLogLines(status.logPath, {
    tailLines: options.tailLines,
    isEnded: options.follow ? () => hasEnded(driver, status) : undefined,
    signal,
  });
  for await (const line of lines) {
    const bytes = output.take(line);
    if (bytes === undefined) return;
    if (bytes.length > 0) yield bytes;
  }
}

/** Readable.from would wait for the next line before it closes: a quiet log is followed for ever. */
function readableOf(bytes: AsyncGenerator<Buffer>, ending: AbortController): Readable {
  const readable = new Readable({
    read: () => {
      bytes.next().then(
        ({ done, value }) => readable.push(done === true ? null : value),
        (error: unknown) => readable.destroy(asSkeinError(error)),
      );
    },
    destroy: (error, done) => {
      ending.abort();
      // What stands at a line that nobody reads any more would keep its file open.
      bytes.return(undefined).catch(() => undefined);
      done(error);
    },
  });
  return readable;
}

async function hasEnded(
  driver: ContainerDriver,
  { id, podUid }: ContainerStatus,
): Promise<boolean> {
  const listed = await driver.containers(podUid);
  if (!listed.ok) return false;
  const now = listed.value.find((one) => one.id === id);
  return now === undefined || now.state === 'exited';
}

function dial(host: string, port: number): Promise<Result<Duplex>> {
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port,
      noDelay: true,
      timeout: CONNECT_LIMIT_MS,
      allowHalfOpen: true,
    });
    const fail = (why: string): void => {
      socket.destroy();
      resolve(failed(new SkeinError('unavailable', `${host}:${port}: ${why}`)));
    };
    socket.once('timeout', () => fail(`no connection within ${CONNECT_LIMIT_MS} ms`));
    socket.once('error', (error) => fail(error.message));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.removeAllListeners('timeout');
      socket.removeAllListeners('error');
      resolve(ok(socket));
    });
  });
}
