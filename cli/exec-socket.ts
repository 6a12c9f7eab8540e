// A command in a container over a WebSocket: the first byte of each message names the stream.

import { WebSocket } from 'ws';
import { tlsOf } from './client.ts';
import type { CommandFailure } from './failure.ts';
import { EXIT, refused, unreachablePeer } from './failure.ts';
import type { PeerAccess } from './kubeconfig.ts';

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
const PROTOCOL = 'v5.channel.k8s.io';
const CONNECT_MS = 5_000;
/** Keeps what stands between from closing a quiet connection. */
const PING_MS = 20_000;
/** Unsent input above this waits. */
const MAX_UNSENT_BYTES = 1024 * 1024;

export interface ExecStreams {
  /** Undefined when the command gets no input. */
  readonly input: NodeJS.ReadableStream | undefined;
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream;
  /** Calls back now and at each change of the terminal's size. Returns how to stop. */
  readonly onSize?: (tell: (columns: number, rows: number) => void) => () => void;
  readonly interrupted: AbortSignal;
}

interface EndStatus {
  readonly status?: string;
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: readonly { reason?: string; message?: string }[] };
}

/** The command's exit code, from the Status that ends the session. Refuses when it never ran. */
export function exitCodeOf(text: string): number {
  const { status, message = 'the command failed', reason, details } = JSON.parse(text) as EndStatus;
  if (status === 'Success') return EXIT.done;
  const cause = details?.causes?.find((one) => one.reason === 'ExitCode');
  if (reason === 'NonZeroExitCode' && cause !== undefined) return Number(cause.message);
  throw refused(message);
}

const frame = (channel: number, bytes: Uint8Array | string): Buffer =>
  Buffer.concat([Buffer.of(channel), Buffer.from(bytes)]);

function pumpInput(socket: WebSocket, input: NodeJS.ReadableStream): void {
  input.on('data', (chunk: Buffer | string) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > MAX_UNSENT_BYTES) input.pause();
    socket.send(frame(CHANNEL.stdin, Buffer.from(chunk)), () => {
      if (socket.bufferedAmount <= MAX_UNSENT_BYTES) input.resume();
    });
  });
  input.on('end', () => {
    if (socket.readyState === WebSocket.OPEN) socket.send(Buffer.of(CHANNEL.close, CHANNEL.stdin));
  });
}

/** The words of a refused upgrade. */
async function refusalOf(response: AsyncIterable<Buffer>, code: number): Promise<CommandFailure> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  try {
    const { message } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as EndStatus;
    if (message !== undefined) return refused(message, { code, reason: '' });
  } catch {
    // Not a Status: the code must do.
  }
  return refused(`The peer answered ${code} to exec.`, { code, reason: '' });
}

/** Runs until the command ends; resolves with its exit code. */
export function runExec(peer: PeerAccess, path: string, streams: ExecStreams): Promise<number> {
  const url = `${peer.server.replace(/^http/, 'ws')}${path}`;
  const headers = peer.token === undefined ? {} : { authorization: `Bearer ${peer.token}` };
  const socket = new WebSocket(url, [PROTOCOL], {
    ...tlsOf(peer),
    headers,
    handshakeTimeout: CONNECT_MS,
    perMessageDeflate: false,
  });
  return new Promise<number>((resolve, reject) => {
    let stopSizes = (): void => undefined;
    const pings = setInterval(() => {
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    }, PING_MS);
    const finish = (): void => {
      clearInterval(pings);
      stopSizes();
    };
    let outcome: (() => void) | undefined;
    streams.interrupted.addEventListener('abort', () => socket.close(), { once: true });
    socket.on('open', () => {
      if (streams.input !== undefined) pumpInput(socket, streams.input);
      const tell = (Width: number, Height: number): void =>
        socket.send(frame(CHANNEL.resize, JSON.stringify({ Width, Height })));
      stopSizes = streams.onSize?.(tell) ?? stopSizes;
    });
    socket.on('message', (message: Buffer) => {
      const bytes = message.subarray(1);
      if (message[0] === CHANNEL.stdout) streams.out.write(bytes);
      else if (message[0] === CHANNEL.stderr) streams.err.write(bytes);
      else if (message[0] === CHANNEL.error) {
        try {
          const code = exitCodeOf(bytes.toString('utf8'));
          outcome = () => resolve(code);
        } catch (error) {
          outcome = () => reject(error);
        }
        socket.close();
      }
    });
    socket.on('unexpected-response', (_request, response) => {
      finish();
      void refusalOf(response, response.statusCode ?? 0).then(reject, reject);
    });
    socket.on('error', (error) => {
      finish();
      reject(unreachablePeer(`Cannot exec through ${peer.server}: ${error.message}.`, error));
    });
    socket.on('close', () => {
      finish();
      const lost = (): void =>
        reject(unreachablePeer(`The connection to ${peer.server} broke off.`));
      (outcome ?? lost)();
    });
  });
}
