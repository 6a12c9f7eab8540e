// The keeper of one pod: a small program that outlives its peer. Started as `main.js GENERATION` in the pod's directory.

import { readdirSync, unlinkSync, writeSync, closeSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Socket } from 'node:net';
import type { Attachment } from './attachments.ts';
import { outputTo, takeInput } from './attached-connection.ts';
import { createDeadline } from './deadline.ts';
import { createInstances, settleAbandoned } from './instances.ts';
import { createLineReader, KEEPER_VERSION } from './keeper-protocol.ts';
import type {
  InstanceStatus,
  KeeperConfig,
  KeeperReply,
  KeeperRequest,
  ProcessIdentity,
} from './keeper-protocol.ts';
import { claimName, KEEPER_CONFIG, KEEPER_SOCKET } from './pod-files.ts';
import { identityOf, isAlive } from './process-identity.ts';
import { claimRecord, readRecord } from './record-file.ts';

/** With nothing to keep and nobody asking, a keeper ends after this; the next start brings another. */
const IDLE_MS = 60_000;

/** What SIGTERM to the keeper (a machine that shuts down) leaves its containers. */
const SHUTDOWN_GRACE_MS = 10_000;

/** What connections are given to take their last words. */
const FAREWELL_MS = 1_000;

process.umask(0o077);
// The pod must not end with the terminal or the peer that it was started from.
for (const signal of ['SIGHUP', 'SIGINT'] as const) process.on(signal, () => {});

const generation = Number(process.argv[2]);
const config = readRecord(KEEPER_CONFIG) as KeeperConfig | undefined;
if (config?.version !== KEEPER_VERSION || !Number.isInteger(generation)) {
  throw new Error(`a keeper of version ${KEEPER_VERSION} cannot read ${KEEPER_CONFIG}`);
}
if (!claimPod()) process.exit(0);
settleAbandoned(config);

const clients = new Set<Socket>();
const attachments = new Map<Socket, Attachment>();
const instances = createInstances(config, (status) => {
  for (const client of clients) send(client, { type: 'changed', status });
  watchIdleness();
});
const deadline = createDeadline(() => instances.killAll(() => {}, 'DeadlineExceeded'));
let idleTimer: NodeJS.Timeout | undefined;

for (const name of readdirSync('.')) if (name === KEEPER_SOCKET) unlinkSync(name);
const server = createServer(serve);
server.listen(KEEPER_SOCKET, () => {
  // Whoever started us waits for this byte; a starter that died meanwhile is no reason to end.
  try {
    writeSync(1, 'r');
    closeSync(1);
  } catch {
    // Its pipe is gone with it.
  }
});
process.on('SIGTERM', () => {
  const running = instances.list().filter(({ state }) => state === 'running');
  let left = running.length;
  if (left === 0) return end();
  for (const { instance } of running) {
    instances.stop(instance, SHUTDOWN_GRACE_MS, () => {
      if (--left === 0) end();
    });
  }
});
watchIdleness();

/** True for the one keeper that may live for this generation; false when it or an older one lives. */
function claimPod(): boolean {
  const older = readRecord(claimName(generation - 1)) as ProcessIdentity | undefined;
  if (older !== undefined && isAlive(older)) return false;
  return claimRecord(claimName(generation), identityOf(process.pid));
}

function serve(socket: Socket): void {
  clients.add(socket);
  socket.setEncoding('utf8');
  const read = createLineReader((line) => {
    const attachment = attachments.get(socket);
    if (attachment === undefined) answer(socket, JSON.parse(line) as KeeperRequest);
    else takeInput(socket, attachment, line);
  });
  socket.on('data', (chunk: string) => {
    try {
      read(chunk);
    } catch (error) {
      // Not our protocol: only this connection suffers.
      socket.destroy(error as Error);
    }
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    clients.delete(socket);
    attachments.get(socket)?.detach();
    attachments.delete(socket);
    watchIdleness();
  });
  watchIdleness();
}

function answer(socket: Socket, request: KeeperRequest): void {
  const { id } = request;
  const done = (): void => send(socket, { type: 'done', id, instances: statuses(request) });
  try {
    switch (request.type) {
      case 'start':
        instances.start(request.instance);
        return done();
      case 'stop':
        return instances.stop(request.instance, request.graceMs, done);
      case 'list':
        return done();
      case 'deadline':
        deadline.set(request.remainingMs);
        return done();
      case 'attach': {
        const attachment = instances.attach(request.instance, outputTo(socket), request.stdin);
        clients.delete(socket);
        attachments.set(socket, attachment);
        return done();
      }
      case 'end':
        return instances.killAll(() => {
          done();
          end();
        });
      default:
        throw new Error('this keeper does not know this request');
    }
  } catch (error) {
    send(socket, { type: 'refused', id, message: (error as Error).message });
  }
}

function statuses(request: KeeperRequest): readonly InstanceStatus[] {
  return request.type === 'list' || request.type === 'end' ? instances.list() : [];
}

function send(socket: Socket, reply: KeeperReply): void {
  if (!socket.destroyed) socket.write(`${JSON.stringify(reply)}\n`);
}

function watchIdleness(): void {
  clearTimeout(idleTimer);
  if (clients.size === 0 && attachments.size === 0 && instances.runningCount() === 0) {
    idleTimer = setTimeout(end, IDLE_MS);
  }
}

/** Lets replies go out, then ends. */
function end(): void {
  deadline.set(undefined);
  clearTimeout(idleTimer);
  server.close(() => process.exit(0));
  // Whoever is attached may not be reading.
  setTimeout(() => process.exit(0), FAREWELL_MS).unref();
  for (const client of [...clients, ...attachments.keys()]) client.end();
}
