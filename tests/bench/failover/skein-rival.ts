// Three voters of Skein, a process each; two guests without a replica ask at their doors over the mesh, one for load, one after a kill.

import { once } from 'node:events';
import { join } from 'node:path';
import type { StoreStatus } from '../../../consensus/index.ts';
import { createTestAuthority } from '../../mesh/libp2p/libp2p-peers.ts';
import { startReplica, untilStatus } from '../consensus/skein-contender.ts';
import type { Replica } from '../consensus/skein-contender.ts';
import { newMember } from '../mesh-bench-peer.ts';
import type { PeerOrder } from '../mesh-bench-peer.ts';
import type { Rival } from './rival.ts';

interface Member {
  readonly order: PeerOrder;
  readonly directory: string;
  replica: Replica;
}

const isUp = ({ replica }: Member): boolean =>
  replica.process.exitCode === null && replica.process.signalCode === null;

const isFollowing = ({ role, leader, staleMs }: StoreStatus): boolean =>
  role === 'follower' && leader !== undefined && staleMs < 1_000;

/** Starts under `directory`; rejects when three voters do not come together. */
export async function startSkeinRival(directory: string): Promise<Rival> {
  const authority = createTestAuthority();
  const members: Member[] = [];
  const replicas = (): Replica[] => members.filter(isUp).map(({ replica }) => replica);
  for (const at of [1, 2, 3]) {
    const order = newMember(authority);
    const own = join(directory, `skein-${at}`);
    const replica = await startReplica(order, own, replicas(), false);
    members.push({ order, directory: own, replica });
  }
  await untilStatus(members[0]!.replica, ({ voters }) => voters.length === 3);
  const guest = (name: string): Promise<Replica> =>
    startReplica(newMember(authority), join(directory, name), replicas(), true);
  const presser = await guest('presser');
  const prober = await guest('prober');

  const leading = async (): Promise<Member> => {
    const { leader } = await untilStatus(replicas()[0]!, ({ leader }) => leader !== undefined);
    const member = members.find(({ order }) => order.peer === leader);
    if (member === undefined) throw new Error(`the leader ${leader} is none of the members`);
    return member;
  };
  let killed: Member | undefined;
  const doors = (): string[] => replicas().map(({ peer }) => peer);
  const press: Rival['press'] = (clients, forMs) =>
    presser.ask('drive', { load: { kind: 'put', clients, forMs }, doors: doors() });
  return {
    name: 'Skein',
    press,
    drive: ({ clients, forMs }) => press(clients, forMs),
    syncs: () => Promise.all(replicas().map((replica) => replica.ask('syncs'))),
    clientPid: presser.process.pid!,
    get memberPids() {
      return replicas().map((replica) => replica.process.pid!);
    },
    term: async () => (await replicas()[0]!.ask('status')).term,
    killLeader: async () => {
      killed = await leading();
      const { process: child, peer } = killed.replica;
      const gone = once(child, 'exit');
      const atMs = Date.now();
      child.kill('SIGKILL');
      const survivors = members.filter((member) => member !== killed);
      const asked = survivors.map(({ order }) => order.peer);
      const first = await prober.ask('first-put', { doors: asked });
      await gone;
      await untilStatus(
        survivors[0]!.replica,
        ({ leader }) => leader !== undefined && leader !== peer,
      );
      return first.atMs - atMs;
    },
    revive: async () => {
      if (killed === undefined) return;
      const { order, directory: own } = killed;
      killed.replica = await startReplica(order, own, replicas(), false);
      await untilStatus(killed.replica, isFollowing);
    },
    stop: async () => {
      const all = [...replicas(), presser, prober].map(({ process: child }) => child);
      const ends = all.map((child) => once(child, 'exit'));
      all.forEach((child) => child.kill('SIGKILL'));
      await Promise.all(ends);
    },
  };
}
