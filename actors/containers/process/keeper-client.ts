// A peer's connection to the keeper of one pod.

import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { failed, ok, SkeinError } from '../../../runtime/index.ts';
import type { Result } from '../../../runtime/index.ts';
import { createLineReader } from '../keeper/keeper-protocol.ts';
import type { InstanceStatus, KeeperCommand, KeeperReply } from '../keeper/keeper-protocol.ts';
import { KEEPER_SOCKET } from '../keeper/pod-files.ts';

/** Questions to one keeper that wait for their answer. */
const PENDING_LIMIT = 1_000;

/** Bytes of a unix socket's path that every system takes (sun_path is 104 to 108). */
const SOCKET_PATH_BYTES = 100;

export interface KeeperClient {
  /** Resolves with what the keeper answers; errors: invalid (refused), unavailable (it is gone), overloaded. */
  readonly request: (command: KeeperCommand) => Promise<Result<readonly InstanceStatus[]>>;
  readonly close: () => void;
}

export interface KeeperEvents {
  readonly changed: (status: InstanceStatus) => void;
  /** The connection ended and nobody here closed it. */
  readonly lost: () => void;
}

/** Connects to the keeper that listens in `podPath`. Errors: unavailable. */
export function connectKeeper(
  podPath: string,
  events: KeeperEvents,
): Promise<Result<KeeperClient>> {
  const reached = reachableSocketPath(podPath);
  if (!reached.ok) return Promise.resolve(reached);
  const pending = new Map<number, (reply: Result<readonly InstanceStatus[]>) => void>();
  const socket = connect(reached.value.path);
  let nextId = 1;
  let isClosed = false;
  const gone = (): Result<never> =>
    failed(new SkeinError('unavailable', `the keeper in ${podPath} is gone`, { podPath }));

  const receive = (line: string): void => {
    const reply = JSON.parse(line) as KeeperReply;
    if (reply.type === 'changed') return events.changed(reply.status);
    // Attachments have connections of their own.
    if (reply.type === 'output' || reply.type === 'output-end') return undefined;
    const settle = pending.get(reply.id);
    pending.delete(reply.id);
    if (reply.type === 'done') settle?.(ok(reply.instances));
    else settle?.(failed(new SkeinError('invalid', reply.message, { podPath })));
  };
  const client: KeeperClient = {
    request: (command) =>
      new Promise((resolve) => {
        if (socket.destroyed) return resolve(gone());
        if (pending.size >= PENDING_LIMIT) {
          return resolve(failed(new SkeinError('overloaded', `${PENDING_LIMIT} requests wait`)));
        }
        const id = nextId++;
        pending.set(id, resolve);
        socket.write(`${JSON.stringify({ ...command, id })}\n`);
      }),
    close: () => {
      isClosed = true;
      socket.destroy();
    },
  };

  return new Promise((resolve) => {
    const read = createLineReader(receive);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => read(chunk));
    socket.on('error', (error) => {
      resolve(failed(new SkeinError('unavailable', `no keeper answers in ${podPath}`, {}, error)));
    });
    socket.on('connect', () => resolve(ok(client)));
    socket.on('close', () => {
      reached.value.release();
      for (const settle of pending.values()) settle(gone());
      pending.clear();
      if (!isClosed) events.lost();
    });
  });
}

/** A path to a keeper's socket that is short enough: through an open directory where the plain one is too long. */
export function reachableSocketPath(podPath: string): Result<{
  readonly path: string;
  readonly release: () => void;
}> {
  const path = join(podPath, KEEPER_SOCKET);
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES) return ok({ path, release: () => {} });
  if (process.platform !== 'linux') {
    return failed(
      new SkeinError(
        'invalid',
        `${path} is too long for a socket: choose a shorter data directory`,
      ),
    );
  }
  const directory = openSync(podPath, 'r');
  return ok({
    path: `/proc/self/fd/${directory}/${KEEPER_SOCKET}`,
    release: () => closeSync(directory),
  });
}
