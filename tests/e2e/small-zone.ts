// A zone of real peers on loopback that come and go one by one, each with words of its own, for tests.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../../cli/client.ts';
import type { PeerStatus } from '../../cli/commands/status.ts';
import { STATUS_PATH } from '../../cli/commands/status.ts';
import type { ChildPeer, Exit, Ready } from '../../cli/flight/child-peer.ts';
import { startChild } from '../../cli/flight/child-peer.ts';
import { clientOf } from '../../cli/flight/flock.ts';
import { readKubeconfig } from '../../cli/kubeconfig.ts';
import { somePorts } from '../some-ports.ts';
import { createNamespace, PROGRAM, skein, temporaryDirectory } from './cluster.ts';
import type { Ran } from './cluster.ts';

/** Pace of questions while something is awaited. */
const PACE_MS = 25;

interface ZonePeer {
  readonly child: ChildPeer;
  readonly ready: Ready;
  readonly client: Client;
  /** The text that the client was made of. */
  readonly kubeconfig: string;
}

export interface SmallZone {
  /** Founds the zone, joins it, or comes back; resolves when it is ready. With a token it joins even if it was here before. */
  readonly start: (name: string, words?: readonly string[], token?: string) => Promise<void>;
  readonly directoryOf: (name: string) => string;
  /** `https://HOST:PORT`. */
  readonly apiOf: (name: string) => string;
  /** What it wrote to standard error since it started last. */
  readonly logOf: (name: string) => string;
  /** SIGTERM; resolves when it has ended in order. */
  readonly stop: (name: string) => Promise<void>;
  /** With the administrator's certificate as it is now: short-lived ones are renewed. */
  readonly at: (name: string) => Client;
  readonly status: (name: string) => Promise<PeerStatus['status']>;
  /** Who leads, as `asked` knows it; waits until somebody does. */
  readonly leader: (asked: string) => Promise<string>;
  readonly skein: (name: string, words: readonly string[]) => Promise<Ran>;
  /** SIGKILL; resolves when it is gone. */
  readonly kill: (name: string) => Promise<void>;
  readonly exited: (name: string) => Promise<Exit>;
  readonly end: () => Promise<void>;
}

/** No peer yet: the first that is started founds the zone. */
export function createSmallZone(): SmallZone {
  const { path, remove } = temporaryDirectory();
  const peers = new Map<string, ZonePeer>();
  const known = new Map<string, Ready>();
  /** A peer comes back where it was. */
  const ports = new Map<string, readonly number[]>();
  let token: string | undefined;

  const living = (): string[] =>
    [...peers.keys()].filter((name) => !peers.get(name)!.child.hasExited());

  const wordsOf = async (name: string): Promise<readonly string[]> => {
    const [mesh, api] = ports.get(name) ?? (await somePorts(2));
    ports.set(name, [mesh!, api!]);
    return [
      `--name=${name}`,
      `--data=${join(path, name)}`,
      `--mesh-listen=127.0.0.1:${mesh}`,
      `--api-listen=127.0.0.1:${api}`,
      '--stop-pods',
    ];
  };

  /** Puts the client in place that the kubeconfig, as it is now, is for. */
  const connect = (name: string, child: ChildPeer, ready: Ready): Client => {
    const kubeconfig = readFileSync(ready.kubeconfig, 'utf8');
    const before = peers.get(name);
    if (before?.child === child && before.kubeconfig === kubeconfig) return before.client;
    before?.client.close();
    const [access] = readKubeconfig(ready.kubeconfig).peers;
    const client = clientOf(access!);
    peers.set(name, { child, ready, client, kubeconfig });
    return client;
  };

  const start = async (
    name: string,
    words: readonly string[] = [],
    given?: string,
  ): Promise<void> => {
    const [member] = living();
    const isJoining = member !== undefined && (given !== undefined || !known.has(name));
    if (isJoining && given === undefined) {
      token ??= (await ask(member, ['token', 'create'])).out.trim();
    }
    const verb = isJoining ? ['join', known.get(member)!.mesh, '--token=-'] : ['up'];
    const child = startChild({
      name,
      program: PROGRAM,
      words: [...verb, ...(await wordsOf(name)), ...words],
      logFile: join(path, `${name}.log`),
      ...(isJoining ? { input: given ?? token! } : {}),
    });
    const ready = await child.ready;
    known.set(name, ready);
    connect(name, child, ready);
  };

  const ask = (name: string, words: readonly string[]): Promise<Ran> =>
    skein([...words, '--kubeconfig', known.get(name)!.kubeconfig]);
  const at = (name: string): Client => {
    const { child, ready } = peers.get(name)!;
    return connect(name, child, ready);
  };
  const status = async (name: string): Promise<PeerStatus['status']> =>
    (await at(name).json<PeerStatus>({ path: STATUS_PATH })).status;

  return {
    start,
    at,
    status,
    leader: async (asked) => {
      for (;;) {
        const { leader } = await status(asked);
        if (leader !== undefined) return leader;
        await delay(PACE_MS);
      }
    },
    skein: ask,
    kill: async (name) => {
      const { child } = peers.get(name)!;
      process.kill(child.pid, 'SIGKILL');
      await child.exited;
    },
    directoryOf: (name) => join(path, name),
    apiOf: (name) => known.get(name)!.api,
    logOf: (name) => readFileSync(join(path, `${name}.log`), 'utf8'),
    stop: async (name) => {
      assert.ok(await peers.get(name)!.child.stop(), `${name} had to be killed`);
    },
    exited: (name) => peers.get(name)!.child.exited,
    end: async () => {
      for (const { client } of peers.values()) client.close();
      const ended = await Promise.all([...peers.values()].map(({ child }) => child.stop()));
      assert.ok(ended.every(Boolean), 'a peer had to be killed');
      remove();
    },
  };
}

/** Asks again until it holds; fails with what was seen last. */
export async function eventually<T>(
  look: () => Promise<T>,
  holds: (seen: T) => boolean,
  limitMs: number,
): Promise<T> {
  const untilMs = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (performance.now() > untilMs) {
      assert.fail(`not so after ${limitMs} ms: ${JSON.stringify(seen)}`);
    }
    await delay(PACE_MS);
  }
}

/** Milliseconds until a write got through at `at`. */
export async function untilWritten(at: () => Client, limitMs: number): Promise<number> {
  const began = performance.now();
  for (let attempt = 0; ; attempt++) {
    const name = `written-${Math.round(began)}-${attempt}`;
    const done = await createNamespace(at(), name).catch((error: Error) => error);
    const tookMs = performance.now() - began;
    if (!(done instanceof Error)) return tookMs;
    if (tookMs > limitMs) throw done;
    await delay(PACE_MS);
  }
}
