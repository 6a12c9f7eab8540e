// Answers other peers that ask for logs, processes or ports of the pods here.

import type { Duplex, Readable, Writable } from 'node:stream';
import { asSkeinError, failed, SkeinError } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import type {
  AttachOptions,
  ExecOptions,
  ExecSession,
  LogOptions,
  PodStreams,
  PodTarget,
} from '../objects/pod-streams.ts';
import type { Answer, ExitAnswer } from './stream-frames.ts';
import { encodeFrame, frameTypes, receiveFrames, sendFrames } from './stream-frames.ts';

/** One answer, then bytes as they are: a log, or a connection to a port. */
export function servePlain(
  what: 'logs' | 'connect',
  local: PodStreams,
  header: unknown,
  stream: Duplex,
): void {
  const request = what === 'logs' ? readLogsHeader(header) : readConnectHeader(header);
  const asked: Promise<Result<Readable | Duplex>> = !request.ok
    ? Promise.resolve(request)
    : 'port' in request.value
      ? local.connect(request.value.target, request.value.port)
      : local.logs(request.value.target, request.value.options);
  void asked
    .catch((error: unknown): Result<never> => failed(asSkeinError(error)))
    .then((source) => {
      if (!sendAnswer(stream, source) || !source.ok) return;
      const { value } = source;
      stream.once('close', () => value.destroy());
      stream.once('error', () => value.destroy());
      value.once('error', () => stream.destroy());
      value.pipe(stream);
      if (what === 'connect') stream.pipe(value as Duplex);
      // Of a log nothing is expected but its reader's going.
      else stream.resume();
    });
}

export function serveExec(local: PodStreams, header: unknown, stream: Duplex): void {
  const request = readExecHeader(header);
  serveSession(
    request.ok ? local.exec(request.value.target, request.value.options) : Promise.resolve(request),
    stream,
  );
}

export function serveAttach(local: PodStreams, header: unknown, stream: Duplex): void {
  const request = readAttachHeader(header);
  serveSession(
    request.ok
      ? local.attach(request.value.target, request.value.options)
      : Promise.resolve(request),
    stream,
  );
}

function serveSession(asked: Promise<Result<ExecSession>>, stream: Duplex): void {
  void asked
    .catch((error: unknown): Result<never> => failed(asSkeinError(error)))
    .then((session) => {
      if (!session.ok) sendAnswer(stream, session);
      // Who asked may have gone meanwhile.
      else if (stream.destroyed) session.value.kill();
      else if (sendAnswer(stream, session)) joinSession(session.value, stream);
    });
}

function joinSession(session: ExecSession, stream: Duplex): void {
  const { stdin, stdout, stderr, exited } = session;
  // What ends before it has read its input says so by its exit.
  stdin.on('error', () => {});
  const send = (type: number, text: string): void => {
    if (!stream.destroyed && stream.writable) stream.write(encodeFrame(type, Buffer.from(text)));
  };
  sendFrames(stdout, frameTypes.stdout, stream, () => send(frameTypes.stdoutEnd, ''));
  sendFrames(stderr, frameTypes.stderr, stream, () => send(frameTypes.stderrEnd, ''));
  receiveFrames(stream, ({ type, payload }) => {
    switch (type) {
      case frameTypes.stdin:
        if (!stdin.writable) return undefined;
        return stdin.write(payload) ? undefined : (stdin as Writable);
      case frameTypes.stdinEnd:
        stdin.end();
        return undefined;
      case frameTypes.resize: {
        const { columns, rows } = fieldsOf(JSON.parse(payload.toString('utf8')));
        if (isCount(columns) && isCount(rows)) session.resize(columns, rows);
        return undefined;
      }
      case frameTypes.kill:
        session.kill();
        return undefined;
      default:
        return undefined;
    }
  });
  // Nobody is there to read it any more.
  stream.once('close', () => session.kill());
  stream.once('error', () => session.kill());
  void exited.then((exit) => {
    const answer: ExitAnswer = exit.ok
      ? { code: exit.value }
      : { error: exit.error.message, errorCode: exit.error.code };
    send(frameTypes.exit, JSON.stringify(answer));
    stream.end();
  });
}

/** False when there is nothing to go on with. */
function sendAnswer(stream: Duplex, result: Result<unknown>): boolean {
  if (stream.destroyed) return result.ok;
  const answer: Answer = result.ok
    ? { ok: true }
    : { ok: false, code: result.error.code, message: result.error.message };
  stream.write(encodeFrame(frameTypes.answer, Buffer.from(JSON.stringify(answer))));
  if (!result.ok) stream.end();
  return result.ok;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

function targetOf(header: unknown): PodTarget | undefined {
  const { node, uid } = fieldsOf(fieldsOf(header)['target']);
  return typeof node === 'string' && typeof uid === 'string' ? { node, uid } : undefined;
}

const malformed = (): Result<never> =>
  failed(new SkeinError('invalid', 'the header of this stream is malformed'));

function readConnectHeader(
  header: unknown,
): Result<{ readonly target: PodTarget; readonly port: number }> {
  const target = targetOf(header);
  const { port } = fieldsOf(header);
  const isPort = isCount(port) && Number.isInteger(port) && port > 0 && port < 65_536;
  return target !== undefined && isPort ? { ok: true, value: { target, port } } : malformed();
}

function readLogsHeader(
  header: unknown,
): Result<{ readonly target: PodTarget; readonly options: LogOptions }> {
  const target = targetOf(header);
  const options = fieldsOf(fieldsOf(header)['options']);
  const { container, tailLines, limitBytes, sinceMs } = options;
  const counts = [tailLines, limitBytes, sinceMs];
  const areCounts = counts.every((count) => count === undefined || isCount(count));
  if (target === undefined || typeof container !== 'string' || !areCounts) return malformed();
  return {
    ok: true,
    value: {
      target,
      options: {
        container,
        follow: options['follow'] === true,
        previous: options['previous'] === true,
        timestamps: options['timestamps'] === true,
        ...(isCount(tailLines) ? { tailLines } : {}),
        ...(isCount(limitBytes) ? { limitBytes } : {}),
        ...(isCount(sinceMs) ? { sinceMs } : {}),
      },
    },
  };
}

function readExecHeader(
  header: unknown,
): Result<{ readonly target: PodTarget; readonly options: ExecOptions }> {
  const target = targetOf(header);
  const { container, command, stdin, tty } = fieldsOf(fieldsOf(header)['options']);
  const isCommand = Array.isArray(command) && command.every((word) => typeof word === 'string');
  if (target === undefined || typeof container !== 'string' || !isCommand) return malformed();
  const options = { container, command, stdin: stdin === true, tty: tty === true };
  return { ok: true, value: { target, options } };
}

function readAttachHeader(
  header: unknown,
): Result<{ readonly target: PodTarget; readonly options: AttachOptions }> {
  const target = targetOf(header);
  const { container, stdin } = fieldsOf(fieldsOf(header)['options']);
  if (target === undefined || typeof container !== 'string') return malformed();
  return { ok: true, value: { target, options: { container, stdin: stdin === true } } };
}
