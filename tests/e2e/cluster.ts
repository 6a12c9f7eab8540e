// Three real peers on loopback, with random ports and a directory of their own, for tests.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Client } from '../../cli/client.ts';
import type { PeerStatus } from '../../cli/commands/status.ts';
import { STATUS_PATH } from '../../cli/commands/status.ts';
import type { Flock } from '../../cli/flight/flock.ts';
import { clientOf, createFlock, PEER_NAMES } from '../../cli/flight/flock.ts';
import type { ApiList, ApiObject } from '../../cli/watch.ts';
import { watchFrom } from '../../cli/watch.ts';
import { somePorts } from '../some-ports.ts';

export const PROGRAM = resolve('dist/cli/main.js');
export const EXAMPLE = resolve('examples/hello.yaml');
const COMMAND_MS = 60_000;

export type PeerName = (typeof PEER_NAMES)[number];

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. */
export function run(
  program: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Ran> {
  return new Promise((done) => {
    const child = execFile(
      program,
      [...words],
      { timeout: COMMAND_MS, env: { ...process.env, ...environment } },
      (error, out, err) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        done({ code, out, err });
      },
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** `skein WORDS`. */
export const skein = (
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input = '',
): Promise<Ran> => run(process.execPath, [PROGRAM, ...words], environment, input);

/** A directory that is removed with `remove`. */
export function temporaryDirectory(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'skein-e2e-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface Cluster {
  readonly flock: Flock;
  readonly directory: string;
  readonly at: (name: PeerName) => Client;
  readonly status: (name: PeerName) => Promise<PeerStatus['status']>;
  /** `skein … --kubeconfig`, through that peer. */
  readonly skein: (name: PeerName, words: readonly string[], input?: string) => Promise<Ran>;
  readonly signal: (name: PeerName, signal: NodeJS.Signals) => void;
  /** SIGKILL; resolves when they are gone. */
  readonly kill: (names: readonly PeerName[]) => Promise<void>;
  readonly end: () => Promise<void>;
}

/** Ready, with the example not yet applied. */
export async function startCluster(): Promise<Cluster> {
  const { path, remove } = temporaryDirectory();
  const [mesh, , , api] = await somePorts(6);
  const flock = createFlock({
    directory: path,
    program: PROGRAM,
    pinned: { mesh, api },
    tell: () => undefined,
    died: () => undefined,
    interrupted: new AbortController().signal,
  });
  const clients = new Map<string, Client>();
  const end = async (): Promise<void> => {
    for (const client of clients.values()) client.close();
    const troubles = await flock.end();
    assert.deepEqual(troubles, []);
    remove();
  };
  try {
    await flock.start();
  } catch (error) {
    await flock.end();
    remove();
    throw error;
  }
  for (const access of flock.accesses()) clients.set(access.name, clientOf(access));
  const at = (name: PeerName): Client => clients.get(name)!;
  return {
    flock,
    directory: path,
    at,
    status: async (name) => (await at(name).json<PeerStatus>({ path: STATUS_PATH })).status,
    skein: (name, words, input) =>
      skein([...words, '--kubeconfig', flock.kubeconfig, '--peer', name], {}, input),
    signal: (name, signal) => void process.kill(flock.pidOf(name), signal),
    kill: async (names) => {
      for (const name of names) process.kill(flock.pidOf(name), 'SIGKILL');
      await Promise.all(names.map((name) => flock.exited(name)));
    },
    end,
  };
}

/** A peer that does not lead. */
export async function followerOf(cluster: Cluster): Promise<PeerName> {
  const { leader } = await cluster.status('peer-1');
  return PEER_NAMES.find((name) => name !== leader)!;
}

export const PODS_PATH = '/api/v1/namespaces/default/pods';

/** Follows pods through `client` until `isDone` says so of all of them. Resolves with them. */
export async function untilPods(
  client: Client,
  isDone: (pods: readonly ApiObject[]) => boolean,
  timeoutMs: number,
): Promise<readonly ApiObject[]> {
  const signal = AbortSignal.timeout(timeoutMs);
  const list = await client.json<ApiList>({ path: PODS_PATH });
  const pods = new Map(list.items.map((pod) => [pod.metadata?.uid, pod]));
  if (isDone([...pods.values()])) return [...pods.values()];
  const pathAt = (version: string): string => `${PODS_PATH}?watch=true&resourceVersion=${version}`;
  const version = list.metadata?.resourceVersion ?? '';
  const events = watchFrom(client, pathAt, 'application/json', version, signal);
  for await (const { type, object } of events) {
    if (type === 'DELETED') pods.delete(object.metadata?.uid);
    else pods.set(object.metadata?.uid, object);
    if (isDone([...pods.values()])) return [...pods.values()];
  }
  const seen = [...pods.values()].map(describePod).join('; ');
  throw new Error(`after ${timeoutMs} ms the pods are: ${seen}`);
}

const describePod = (pod: ApiObject): string =>
  `${pod.metadata?.name} on ${String(pod.spec?.['nodeName'])} ${isReady(pod) ? 'ready' : 'not ready'}`;

export const isReady = ({ status, metadata }: ApiObject): boolean =>
  metadata?.deletionTimestamp === undefined &&
  ((status?.['conditions'] ?? []) as readonly { type: string; status: string }[]).some(
    (condition) => condition.type === 'Ready' && condition.status === 'True',
  );

export const nodeOf = (pod: ApiObject): string => String(pod.spec?.['nodeName']);

/** Exactly the example's three, ready, on any peer but those. */
export const threeReady =
  (without: readonly string[] = []) =>
  (pods: readonly ApiObject[]): boolean =>
    pods.filter((pod) => isReady(pod) && !without.includes(nodeOf(pod))).length === 3;

/** A write that needs a quorum; its name is free to choose. */
export const createNamespace = (client: Client, name: string): Promise<ApiObject> =>
  client.json<ApiObject>({
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    timeoutMs: 10_000,
  });
