// Logs, processes and ports of pods on any peer: here directly, elsewhere over a stream of the mesh.

import { PassThrough } from 'node:stream';
import type { Duplex } from 'node:stream';
import type { Mesh } from '../../mesh/index.ts';
import { asSkeinError, failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import type { ExecSession, PodStreams, PodTarget } from '../objects/pod-streams.ts';
import { serveAttach, serveExec, servePlain } from './pod-stream-server.ts';
import {
  encodeFrame,
  framesOf,
  frameTypes,
  readFirstFrame,
  receiveFrames,
} from './stream-frames.ts';
import type { Answer, ExitAnswer } from './stream-frames.ts';

/** Protocols of the mesh that this file speaks. */
export const podProtocols = {
  logs: '/skein/pod-logs/1',
  exec: '/skein/pod-exec/1',
  attach: '/skein/pod-attach/1',
  connect: '/skein/pod-connect/1',
} as const;

export interface MeshPodStreamsOptions {
  /** Name of this peer's node. */
  readonly node: string;
  readonly local: PodStreams;
  readonly mesh: Pick<Mesh, 'memberNamed' | 'openStream' | 'handleStream'>;
}

/** Also answers other peers, until `close`. */
export function createPodStreams(
  options: MeshPodStreamsOptions,
): PodStreams & { readonly close: () => void } {
  const { node, local, mesh } = options;
  const stops = [
    mesh.handleStream(podProtocols.logs, (_from, header, stream) =>
      servePlain('logs', local, header, stream),
    ),
    mesh.handleStream(podProtocols.connect, (_from, header, stream) =>
      servePlain('connect', local, header, stream),
    ),
    mesh.handleStream(podProtocols.exec, (_from, header, stream) =>
      serveExec(local, header, stream),
    ),
    mesh.handleStream(podProtocols.attach, (_from, header, stream) =>
      serveAttach(local, header, stream),
    ),
  ];
  const open = async (
    target: PodTarget,
    protocol: string,
    header: unknown,
  ): Promise<Result<Duplex>> => {
    const member = mesh.memberNamed(target.node);
    if (member === undefined || member.status === 'dead' || member.status === 'left') {
      const state = member?.status ?? 'not a member';
      return failed(
        new SkeinError('unavailable', `node "${target.node}" cannot be reached: it is ${state}`),
      );
    }
    const stream = await mesh.openStream(member.peer, protocol, header);
    return stream.ok ? answered(stream.value) : stream;
  };

  return {
    logs: (target, logOptions) =>
      target.node === node
        ? local.logs(target, logOptions)
        : open(target, podProtocols.logs, { target, options: logOptions }),
    connect: (target, port) =>
      target.node === node
        ? local.connect(target, port)
        : open(target, podProtocols.connect, { target, port }),
    exec: async (target, execOptions) => {
      if (target.node === node) return local.exec(target, execOptions);
      const header = { target, options: execOptions };
      const stream = await open(target, podProtocols.exec, header);
      const { stdin, tty } = execOptions;
      return stream.ok ? ok(remoteSession(stream.value, stdin || tty)) : stream;
    },
    attach: async (target, attachOptions) => {
      if (target.node === node) return local.attach(target, attachOptions);
      const header = { target, options: attachOptions };
      const stream = await open(target, podProtocols.attach, header);
      return stream.ok ? ok(remoteSession(stream.value, attachOptions.stdin)) : stream;
    },
    close: () => {
      for (const stop of stops) stop();
    },
  };
}

/** The other peer says first whether it has what was asked for. */
async function answered(stream: Duplex): Promise<Result<Duplex>> {
  try {
    const { payload } = await readFirstFrame(stream);
    const answer = JSON.parse(payload.toString('utf8')) as Answer;
    if (answer.ok) return ok(stream);
    stream.destroy();
    return failed(new SkeinError(answer.code, answer.message));
  } catch (error) {
    stream.destroy();
    return failed(asSkeinError(error));
  }
}

function remoteSession(stream: Duplex, hasInput: boolean): ExecSession {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const exited = new Promise<Result<number>>((resolve) => {
    const hungUp = (): void => {
      stdout.end();
      stderr.end();
      resolve(failed(new SkeinError('unavailable', "the connection to the pod's peer was lost")));
    };
    stream.once('close', () => {
      stdin.destroy();
      hungUp();
    });
    stream.once('error', hungUp);
    receiveFrames(stream, ({ type, payload }) => {
      switch (type) {
        case frameTypes.stdout:
          return stdout.write(payload) ? undefined : stdout;
        case frameTypes.stderr:
          return stderr.write(payload) ? undefined : stderr;
        case frameTypes.stdoutEnd:
          stdout.end();
          return undefined;
        case frameTypes.stderrEnd:
          stderr.end();
          return undefined;
        case frameTypes.exit: {
          const exit = JSON.parse(payload.toString('utf8')) as ExitAnswer;
          stdout.end();
          stderr.end();
          if ('code' in exit) resolve(ok(exit.code));
          else resolve(failed(new SkeinError(exit.errorCode, exit.error)));
          stream.end();
          return undefined;
        }
        default:
          return undefined;
      }
    });
  });
  let wasWritten = false;
  stdin.on('data', (chunk: Buffer) => {
    wasWritten = true;
    let isFull = false;
    for (const frame of framesOf(frameTypes.stdin, chunk)) isFull = !stream.write(frame);
    if (!isFull) return;
    stdin.pause();
    stream.once('drain', () => stdin.resume());
  });
  stdin.once('end', () => send(frameTypes.stdinEnd, ''));
  if (!hasInput) stdin.end();
  function send(type: number, text: string): void {
    if (!stream.destroyed && stream.writable) stream.write(encodeFrame(type, Buffer.from(text)));
  }
  return {
    stdin,
    stdout,
    stderr,
    exited,
    resize: (columns, rows) => send(frameTypes.resize, JSON.stringify({ columns, rows })),
    kill: () => {
      // Behind input that the command does not read, a frame would never arrive.
      if (wasWritten) stream.destroy();
      else send(frameTypes.kill, '');
    },
  };
}
