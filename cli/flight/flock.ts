// Three peers of one zone on this machine: joins them, brings back those that died, ends them all.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client, Json } from '../client.ts';
import { createClient } from '../client.ts';
import { refused } from '../failure.ts';
import { kubeconfigText } from '../kubeconfig-text.ts';
import type { PeerAccess } from '../kubeconfig.ts';
import { readKubeconfig } from '../kubeconfig.ts';
import type { ChildPeer, Ready } from './child-peer.ts';
import { startChild } from './child-peer.ts';
import type { PinnedPorts, PortPlan } from './ports.ts';
import { choosePorts, keepPorts } from './ports.ts';

export const PEER_NAMES = ['peer-1', 'peer-2', 'peer-3'] as const;

const ZONE = 'home';
/** What a peer writes when it becomes a member; it then needs no token. */
const MEMBERSHIP_FILE = 'membership.json';
/** A peer that is brought back only to end its pods gets so long. */
const REVIVE_MS = 15_000;

export interface FlockOptions {
  /** `.skein`: one folder for each peer, their logs, the kubeconfig, the ports. */
  readonly directory: string;
  readonly program: string;
  readonly pinned: PinnedPorts;
  readonly tell: (sentence: string) => void;
  readonly died: (peer: ChildPeer) => void;
  readonly interrupted: AbortSignal;
}

export interface Flock {
  /** Resolves when all peers are ready and the kubeconfig is written. */
  readonly start: () => Promise<void>;
  readonly kubeconfig: string;
  /** A client of each peer, by name. */
  readonly accesses: () => readonly PeerAccess[];
  readonly pidOf: (name: string) => number;
  /** Resolves when that peer's process is gone. */
  readonly exited: (name: string) => Promise<unknown>;
  readonly dead: () => readonly string[];
  /** Starts again the peers that died. */
  readonly restartDead: () => Promise<void>;
  /** Ends peers and pods. Resolves with sentences about what could not be ended in order. */
  readonly end: () => Promise<readonly string[]>;
}

function readPlan(path: string): PortPlan | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as PortPlan;
  } catch {
    throw refused(`${path} is damaged. Remove .skein to begin anew.`);
  }
}

/** A request at one peer. */
export function clientOf(access: PeerAccess): Client {
  return createClient({ peers: [access], mayMoveOn: false, note: () => undefined });
}

async function createToken(access: PeerAccess): Promise<string> {
  const client = clientOf(access);
  try {
    const made = await client.json<Json & { readonly status: { readonly token: string } }>({
      method: 'POST',
      path: '/apis/skein.dev/v1/jointokens',
      body: {
        apiVersion: 'skein.dev/v1',
        kind: 'JoinToken',
        spec: { ttlSeconds: 600, uses: PEER_NAMES.length - 1, zone: ZONE },
      },
    });
    return made.status.token;
  } finally {
    client.close();
  }
}

/** Nothing is started yet. */
export function createFlock(options: FlockOptions): Flock {
  const { directory, interrupted, tell } = options;
  const planFile = join(directory, 'ports.json');
  const kubeconfig = join(directory, 'kubeconfig');
  const children = new Map<string, ChildPeer>();
  const ready = new Map<string, Ready>();
  let plan: PortPlan = { mesh: [], api: [] };
  let isEnding = false;

  const isMember = (name: string): boolean => existsSync(join(directory, name, MEMBERSHIP_FILE));

  const wordsOf = (name: string, address: string | undefined): readonly string[] => {
    const index = PEER_NAMES.findIndex((one) => one === name);
    const flags: readonly (readonly [string, string])[] = [
      ['name', name],
      ['data', join(directory, name)],
      ['mesh-listen', `127.0.0.1:${plan.mesh[index]}`],
      ['api-listen', `127.0.0.1:${plan.api[index]}`],
      ['label', `topology.kubernetes.io/zone=rack-${index + 1}`],
      ...(address === undefined ? [['zone', ZONE] as const] : [['token', '-'] as const]),
    ];
    const verb = address === undefined ? ['up'] : ['join', address];
    return [...verb, '--stop-pods', ...flags.map(([flag, value]) => `--${flag}=${value}`)];
  };

  const launch = async (name: string, input?: string): Promise<void> => {
    const address = input === undefined ? undefined : `127.0.0.1:${plan.mesh[0]}`;
    const child = startChild({
      name,
      program: options.program,
      words: wordsOf(name, address),
      logFile: join(directory, `${name}.log`),
      ...(input === undefined ? {} : { input }),
    });
    children.set(name, child);
    const said = await untilReady(child, interrupted);
    ready.set(name, said);
    tell(`${name} is ready: API ${said.api}, pid ${child.pid}`);
    void child.exited.then(() => {
      if (!isEnding && children.get(name) === child) options.died(child);
    });
  };

  const accesses = (): readonly PeerAccess[] => {
    const [own] = readKubeconfig(ready.get(PEER_NAMES[0])!.kubeconfig).peers;
    return PEER_NAMES.map((name) => ({ ...own!, name, server: ready.get(name)!.api }));
  };

  const start = async (): Promise<void> => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const known = readPlan(planFile);
    plan =
      known === undefined
        ? await choosePorts(options.pinned, PEER_NAMES.length)
        : await keepPorts(known, options.pinned);
    writeFileSync(planFile, `${JSON.stringify(plan)}\n`, { mode: 0o600 });
    const [first, ...others] = PEER_NAMES;
    const members = others.filter(isMember);
    const strangers = others.filter((name) => !isMember(name));
    // Members need each other to be ready; strangers need a ready member.
    await Promise.all([first, ...members].map((name) => launch(name)));
    if (strangers.length > 0) {
      const [own] = readKubeconfig(ready.get(first)!.kubeconfig).peers;
      const token = await createToken(own!);
      await Promise.all(strangers.map((name) => launch(name, token)));
    }
    const all = accesses();
    writeFileSync(kubeconfig, kubeconfigText(all[0]!, all), { mode: 0o600 });
  };

  const dead = (): readonly string[] =>
    [...children.values()].filter((child) => child.hasExited()).map(({ name }) => name);

  /** The pods of a dead peer live on with their keepers: only their peer ends them. */
  const revive = async (name: string): Promise<string | undefined> => {
    if (!isMember(name)) return undefined;
    const timeout = AbortSignal.timeout(REVIVE_MS);
    const child = startChild({
      name,
      program: options.program,
      words: wordsOf(name, undefined),
      logFile: join(directory, `${name}.log`),
    });
    children.set(name, child);
    return untilReady(child, timeout).then(
      () => undefined,
      (error: Error) => `${name} could not be started to end its pods: ${error.message}`,
    );
  };

  return {
    start,
    kubeconfig,
    accesses,
    dead,
    pidOf: (name) => children.get(name)?.pid ?? 0,
    exited: async (name) => children.get(name)?.exited,
    restartDead: async () => {
      await Promise.all(dead().map((name) => launch(name)));
    },
    end: async () => {
      isEnding = true;
      const troubles = await Promise.all(dead().map(revive));
      const stops = await Promise.all(
        [...children.values()].map(async (child) =>
          (await child.stop()) ? undefined : `${child.name} had to be killed; its pods may go on.`,
        ),
      );
      return [...troubles, ...stops].filter((sentence) => sentence !== undefined);
    },
  };
}

async function untilReady(child: ChildPeer, signal: AbortSignal): Promise<Ready> {
  if (signal.aborted) throw refused('Interrupted.');
  let interrupt: () => void = () => undefined;
  const interrupted = new Promise<never>((_resolve, reject) => {
    interrupt = () => reject(refused('Interrupted.'));
  });
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    return await Promise.race([child.ready, interrupted]);
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}
