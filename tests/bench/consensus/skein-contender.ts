// Three voters and a client, four processes. The client is a peer too and reaches the store over the mesh in one of two ways:
//
//   'replica'  as every peer of a zone does: it follows without a vote. A put is answered once applied here too, a get
//              is a read index from the leader, shared by all gets of the same moment, and a look at its own replica.
//   'request'  as if it had no replica: each operation is a request to an actor at the leader, with an answer of its own.

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { StoreStatus } from '../../../consensus/index.ts';
import { createTestAuthority } from '../../mesh/libp2p/libp2p-peers.ts';
import { newMember } from '../mesh-bench-peer.ts';
import type { PeerOrder } from '../mesh-bench-peer.ts';
import type { FanOutAnswer, FanOutLoad } from '../fan-out/store-watchers.ts';
import type { Contender } from './contender.ts';
import type { Ask, Asks, SkeinOrder } from './skein-peer.ts';

/** How long the zone may take to have its three voters. */
const startLimitMs = 30_000;

export interface SkeinContender extends Contender {
  /** Watchers at the client, which must have a replica. */
  readonly fanOut: (load: FanOutLoad) => Promise<FanOutAnswer>;
  /** Records what the leader's processor does while `work` runs, into a .cpuprofile file. */
  readonly profileLeader: (path: string, work: () => Promise<unknown>) => Promise<void>;
  readonly profileClient: (path: string, work: () => Promise<unknown>) => Promise<void>;
}

export interface Replica {
  readonly peer: string;
  readonly addresses: readonly string[];
  readonly process: ChildProcess;
  readonly ask: <T extends keyof Asks>(type: T, more?: Omit<Ask, 'type'>) => Promise<Asks[T]>;
}

/** Starts `member`, on what is in `directory` if there is anything; it founds the zone when there are no others. */
export async function startReplica(
  member: PeerOrder,
  directory: string,
  others: readonly Replica[],
  isGuest: boolean,
): Promise<Replica> {
  const file = fileURLToPath(new URL('./skein-peer.js', import.meta.url));
  const child = fork(file, ['replica']);
  const exchange = async (message: Ask | SkeinOrder): Promise<unknown> => {
    const gone = new AbortController();
    const { signal } = gone;
    const ended = once(child, 'exit', { signal }).then(() => {
      throw new Error(`a Skein process ended with ${child.exitCode ?? child.signalCode}`);
    });
    try {
      child.send(message);
      const reply = once(child, 'message', { signal });
      const [{ answer }] = (await Promise.race([reply, ended])) as [{ answer: unknown }];
      return answer;
    } finally {
      ended.catch(() => {});
      gone.abort();
    }
  };
  const peers = others.map(({ peer, addresses }) => ({ peer, addresses }));
  const mesh = { ...member, peers };
  const addresses = await exchange({ mesh, directory, isFounder: others.length === 0, isGuest });
  return {
    peer: mesh.peer,
    addresses: addresses as string[],
    process: child,
    ask: async (type, more = {}) => (await exchange({ type, ...more })) as never,
  };
}

export async function untilStatus(
  replica: Replica,
  isThere: (status: StoreStatus) => boolean,
): Promise<StoreStatus> {
  const limit = Date.now() + startLimitMs;
  for (;;) {
    const status = await replica.ask('status');
    if (isThere(status)) return status;
    if (Date.now() > limit) throw new Error(`the zone did not form: ${JSON.stringify(status)}`);
    await delay(50);
  }
}

/** Starts under `directory`; rejects when three voters do not come together. */
export async function startSkein(
  directory: string,
  reach: 'replica' | 'request',
): Promise<SkeinContender> {
  const authority = createTestAuthority();
  const replicas: Replica[] = [];
  const start = async (isGuest = false): Promise<Replica> => {
    const own = join(directory, `skein-${reach}-${replicas.length + 1}`);
    const replica = await startReplica(newMember(authority), own, replicas, isGuest);
    replicas.push(replica);
    return replica;
  };
  const [founder] = [await start(), await start(), await start()];
  const { voters } = await untilStatus(founder, (status) => status.voters.length === 3);
  const members = replicas.filter(({ peer }) => voters.includes(peer));
  const isGuest = reach === 'request';
  const client = await start(isGuest);
  if (!isGuest) {
    await untilStatus(client, ({ role, leader }) => role === 'learner' && leader !== undefined);
  }
  const leadingMember = async (): Promise<Replica> => {
    const { leader } = await founder.ask('status');
    const replica = members.find(({ peer }) => peer === leader);
    if (replica === undefined) throw new Error(`the leader ${leader} is none of the members`);
    return replica;
  };

  const profile = async (replica: Replica, path: string, work: () => Promise<unknown>) => {
    await replica.ask('start-profile');
    await work();
    await replica.ask('stop-profile', { path });
  };
  return {
    name: isGuest ? 'Skein by request' : 'Skein',
    drive: async (load) => client.ask('drive', { load, at: (await leadingMember()).peer }),
    fanOut: (load) => client.ask('fan-out', { fanOut: load }),
    syncs: () => Promise.all(members.map((member) => member.ask('syncs'))),
    clientPid: client.process.pid!,
    memberPids: members.map((member) => member.process.pid!),
    profileLeader: async (path, work) => profile(await leadingMember(), path, work),
    profileClient: (path, work) => profile(client, path, work),
    stop: async () => {
      const ends = replicas.map(({ process: child }) => once(child, 'exit'));
      replicas.forEach(({ process: child }) => child.kill('SIGKILL'));
      await Promise.all(ends);
    },
  };
}
