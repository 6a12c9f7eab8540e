// Probes over this machine's network, and by exec through the driver.

import { request as httpRequest } from 'node:http';
import type { ClientRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { abortWithin, unreachable } from '../../runtime/index.ts';
import type { ContainerDriver } from './container-driver.ts';
import type { Prober, ProbeTarget } from './prober.ts';

type HttpTarget = Extract<ProbeTarget, { type: 'http' }>;
type TcpTarget = Extract<ProbeTarget, { type: 'tcp' }>;
type ExecTarget = Extract<ProbeTarget, { type: 'exec' }>;

/** Of an answer's body or a command's output, so much is quoted. */
const QUOTE_BYTES = 1_024;

export function createNodeProber(driver: Pick<ContainerDriver, 'exec'>): Prober {
  return {
    look: async (target, signal) => {
      const deadline = abortWithin(signal, target.timeoutMs);
      try {
        return await lookAt(driver, target, deadline);
      } catch (error) {
        const late = deadline.aborted ? `no answer within ${target.timeoutMs} ms` : undefined;
        return late ?? (error as Error).message;
      }
    },
  };
}

function lookAt(
  driver: Pick<ContainerDriver, 'exec'>,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<string | undefined> {
  switch (target.type) {
    case 'http':
      return lookByHttp(target, signal);
    case 'tcp':
      return lookByTcp(target, signal);
    case 'exec':
      return lookByExec(driver, target, signal);
    default:
      return unreachable(target);
  }
}

function lookByHttp(target: HttpTarget, signal: AbortSignal): Promise<string | undefined> {
  const { host, port, path, isTls, headers } = target;
  const url = `${isTls ? 'https' : 'http'}://${host}:${port}${path}`;
  const options = {
    host,
    port,
    path,
    signal,
    agent: false,
    headers: { 'user-agent': 'kube-probe/skein', accept: '*/*', ...Object.fromEntries(headers) },
  };
  return new Promise((resolve, reject) => {
    // A pod's certificate need not be for its address: a probe asks for life, not for identity.
    const request: ClientRequest = isTls
      ? httpsRequest({ ...options, rejectUnauthorized: false })
      : httpRequest(options);
    request.on('error', reject);
    request.on('response', (response) => {
      const { statusCode = 0 } = response;
      response.destroy();
      const isGood = statusCode >= 200 && statusCode < 400;
      resolve(isGood ? undefined : `${url} answered with status ${statusCode}`);
    });
    request.end();
  });
}

function lookByTcp({ host, port }: TcpTarget, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal });
    socket.on('error', reject);
    socket.on('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}

async function lookByExec(
  driver: Pick<ContainerDriver, 'exec'>,
  { containerId, command }: ExecTarget,
  signal: AbortSignal,
): Promise<string | undefined> {
  const options = { container: '', command, stdin: false, tty: false };
  const session = await driver.exec(containerId, options);
  if (!session.ok) return session.error.message;
  const { stdout, stderr, exited, kill } = session.value;
  let output = '';
  for (const stream of [stdout, stderr]) {
    stream.on('data', (chunk: Buffer) => {
      if (output.length < QUOTE_BYTES) output += chunk.toString('utf8').slice(0, QUOTE_BYTES);
    });
  }
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      kill();
      reject(new Error('aborted'));
    });
  });
  const exit = await Promise.race([exited, aborted]);
  if (!exit.ok) return exit.error.message;
  return exit.value === 0 ? undefined : `command ended with ${exit.value}: ${output.trim()}`;
}
