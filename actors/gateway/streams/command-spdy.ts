// Connects a command's streams with the streams of a SPDY session, as kubectl before 1.30 speaks it.
//
//   client opens: error, then stdin, stdout, stderr, resize as asked --all there--> joined --command ends-->
//   outputs to their end, the Status on the error stream, every stream ended, the session closed

import type { Duplex, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Clock, Result } from '../../../runtime/index.ts';
import type { ExecSession } from '../../objects/pod-streams.ts';
import { parseResize } from './channel-protocol.ts';
import type { ExecStreams } from './pod-exec.ts';
import { exitStatus } from './pod-exec.ts';
import { serveSpdy } from './spdy/spdy-connection.ts';
import type { CommandProtocol } from './stream-transport.ts';

/** A client that has not opened its streams by then is gone. */
const STREAMS_WAIT_MS = 30_000;

/** Bytes of one message on the resize stream, which are JSON without a length before them. */
const MAX_RESIZE_BYTES = 1_024;

export interface SpdyCommand {
  readonly session: ExecSession;
  readonly streams: ExecStreams;
  readonly protocol: CommandProtocol;
  readonly clock: Clock;
}

function expectedStreams({ streams, protocol }: SpdyCommand): ReadonlySet<string> {
  const { stdin, stdout, stderr, tty } = streams;
  const resizes = tty && (protocol === 'v4.channel.k8s.io' || protocol === 'v3.channel.k8s.io');
  const wanted = { error: true, stdin, stdout, stderr, resize: resizes };
  return new Set(Object.entries(wanted).flatMap(([name, isWanted]) => (isWanted ? [name] : [])));
}

/** Runs until the command ends or the client goes away, which kills the command. The reason of a broken session, if any. */
export async function bridgeCommandSpdy(
  wire: Duplex,
  command: SpdyCommand,
): Promise<string | undefined> {
  const { session, clock } = command;
  const expected = expectedStreams(command);
  const opened = new Map<string, Duplex>();
  const connection = serveSpdy(wire, clock, (headers, stream) => {
    const type = headers.get('streamtype') ?? '';
    if (!expected.has(type) || opened.has(type)) {
      stream.destroy();
      return;
    }
    opened.set(type, stream);
    if (opened.size < expected.size) return;
    late.cancel();
    void join(opened, command).then(() => connection.close());
  });
  const late = clock.setTimer(STREAMS_WAIT_MS, () => connection.close());
  const why = await connection.closed;
  late.cancel();
  session.kill();
  return why;
}

/** Resolves once everything has been written. */
async function join(opened: ReadonlyMap<string, Duplex>, command: SpdyCommand): Promise<void> {
  const { session } = command;
  takeInput(opened.get('stdin'), session);
  takeSizes(opened.get('resize'), session);
  const outputs = [
    sendOutput(session.stdout, opened.get('stdout')),
    sendOutput(session.stderr, opened.get('stderr')),
  ];
  const exited = await session.exited;
  if (exited.ok) await Promise.all(outputs);
  const told = opened.get('error')!;
  told.resume();
  told.write(finalWords(exited, command.protocol));
  for (const stream of opened.values()) stream.end();
  await Promise.all([...opened.values()].map((stream) => written(stream)));
}

/** What was written is out, or nobody is there to take it. */
const written = (stream: Duplex): Promise<void> =>
  finished(stream, { readable: false }).catch(() => undefined);

/** Versions before v4 know only words, and nothing means success. */
function finalWords(exited: Result<number>, protocol: CommandProtocol): string {
  const status = exitStatus(exited);
  if (protocol === 'v4.channel.k8s.io') return JSON.stringify(status);
  return status.status === 'Success' ? '' : (status.message ?? '');
}

function takeInput(input: Duplex | undefined, { stdin }: ExecSession): void {
  // The command may end before its input does; its end is told by `exited`.
  stdin.on('error', () => undefined);
  if (input === undefined) {
    stdin.end();
    return;
  }
  input.pipe(stdin);
  input.once('close', () => stdin.end());
  // What nobody reads any more must not hold up the rest of the session.
  stdin.once('close', () => input.unpipe(stdin).resume());
}

function takeSizes(sizes: Duplex | undefined, session: ExecSession): void {
  let held = '';
  sizes?.on('data', (chunk: Buffer) => {
    held += chunk.toString('latin1');
    for (let end = held.indexOf('}'); end >= 0; end = held.indexOf('}')) {
      const size = parseResize(Buffer.from(held.slice(0, end + 1)));
      held = held.slice(end + 1);
      if (!size.ok) sizes.destroy();
      else if (size.value.type === 'resize') session.resize(size.value.columns, size.value.rows);
    }
    if (held.length > MAX_RESIZE_BYTES) sizes.destroy();
  });
}

async function sendOutput(output: Readable, stream: Duplex | undefined): Promise<void> {
  output.on('error', () => undefined);
  if (stream === undefined || stream.destroyed) {
    output.resume();
    return;
  }
  // Nothing comes from the client here; what does must not hold up the rest of the session.
  stream.resume();
  output.pipe(stream, { end: false });
  stream.once('close', () => output.unpipe(stream).resume());
  await finished(output).catch(() => undefined);
}
