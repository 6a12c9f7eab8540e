// A peer's attachment to a running instance: the keeper's lines as the streams of a session.

import { connect } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { failed, ok, SkeinError } from '../../../runtime/index.ts';
import type { Result } from '../../../runtime/index.ts';
import type { ExecSession } from '../../objects/pod-streams.ts';
import { ATTACHED_BYTES, createLineReader } from '../keeper/keeper-protocol.ts';
import type { AttachedInput, KeeperReply } from '../keeper/keeper-protocol.ts';
import { reachableSocketPath } from './keeper-client.ts';

/** Errors: not-found (it does not run), unavailable (no keeper), unsupported (an older one). */
export function attachKept(
  podPath: string,
  instance: string,
  stdin: boolean,
): Promise<Result<ExecSession>> {
  const reached = reachableSocketPath(podPath);
  if (!reached.ok) return Promise.resolve(reached);
  const socket = connect(reached.value.path);
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const say = (said: AttachedInput, done?: () => void): void => {
    if (socket.writable) socket.write(`${JSON.stringify(said)}\n`, () => done?.());
    else done?.();
  };
  const input = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      let last = done;
      for (let at = 0; at < chunk.length; at += ATTACHED_BYTES) {
        const data = chunk.subarray(at, at + ATTACHED_BYTES).toString('base64');
        const isLast = at + ATTACHED_BYTES >= chunk.length;
        say({ type: 'input', data }, isLast ? last : undefined);
        if (isLast) last = () => {};
      }
    },
    final: (done) => say({ type: 'input-end' }, done),
  });
  input.on('error', () => {});

  return new Promise((resolve) => {
    let end: Result<number> = failed(
      new SkeinError('unavailable', "the pod's keeper let go of its attached client"),
    );
    const exited = new Promise<Result<number>>((settle) => {
      socket.once('close', () => {
        reached.value.release();
        stdout.end();
        stderr.end();
        input.destroy();
        settle(end);
        resolve(failed(new SkeinError('unavailable', `no keeper answers in ${podPath}`)));
      });
    });
    const write = (output: PassThrough, data: string): void => {
      if (output.write(Buffer.from(data, 'base64'))) return;
      socket.pause();
      output.once('drain', () => socket.resume());
    };
    const receive = (line: string): void => {
      const reply = JSON.parse(line) as KeeperReply;
      switch (reply.type) {
        case 'done':
          resolve(
            ok({
              stdin: input,
              stdout,
              stderr,
              exited,
              resize: (columns, rows) => say({ type: 'resize', columns, rows }),
              kill: () => socket.destroy(),
            }),
          );
          return;
        case 'refused': {
          const isOld = reply.message.includes('does not know');
          const why = isOld
            ? `${reply.message}: it was started by an older version; attach works once the pod has been replaced`
            : reply.message;
          resolve(failed(new SkeinError(isOld ? 'unsupported' : 'not-found', why)));
          socket.destroy();
          return;
        }
        case 'output':
          write(reply.stream === 'stdout' ? stdout : stderr, reply.data);
          return;
        case 'output-end':
          end = ok(0);
          return;
        case 'changed':
          return;
      }
    };
    const read = createLineReader(receive);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => read(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('connect', () =>
      socket.write(`${JSON.stringify({ id: 1, type: 'attach', instance, stdin })}\n`),
    );
  });
}
