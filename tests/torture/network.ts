// Each peer in a network namespace of its own: a wire to each other peer, one to the clients, and no route out.
//
//                 clients (the namespace of this program)
//                /       |       \
//          peer-1 --- peer-2 --- peer-3        each line a veth pair
//             \_____________________/
//
// A wire is cut one way at a time: what is sent into it vanishes, as on a real network, and nobody is told.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const commandLimitMs = 10_000;

const command = async (program: string, ...words: string[]): Promise<void> =>
  void (await run(program, words, { timeout: commandLimitMs }));

/** From one peer to another; they count from 0. */
export interface Wire {
  readonly from: number;
  readonly to: number;
}

export interface Network {
  readonly addressOf: (peer: number) => string;
  /** The words that run a program in a peer's namespace. */
  readonly inside: (peer: number) => readonly string[];
  /** What is sent there is lost from now on, until `mend`. */
  readonly cut: (wire: Wire) => Promise<void>;
  readonly mend: (wire: Wire) => Promise<void>;
}

const clientsAddress = '10.86.0.254';
const addressOf = (peer: number): string => `10.86.0.${peer + 1}`;
const spaceOf = (peer: number): string => `peer-${peer + 1}`;
const wireName = (to: number): string => `to-${to + 1}`;

/** Inside the sandbox only. Everything goes when the sandbox does. */
export async function layNetwork(peers: number): Promise<Network> {
  // Of their own to the sandbox: the names of its networks, and what killed peers leave of their pods. Not more than
  // that, for this program itself may lie anywhere.
  for (const place of ['/run/netns', '/var/tmp/skein']) {
    await command('mkdir', '-p', place);
    await command('mount', '-t', 'tmpfs', 'none', place);
  }
  await command('ip', 'link', 'set', 'lo', 'up');
  await command('ip', 'address', 'add', `${clientsAddress}/32`, 'dev', 'lo');
  for (let peer = 0; peer < peers; peer++) await laySpace(peer);
  for (let peer = 0; peer < peers; peer++) {
    for (let other = peer + 1; other < peers; other++) await layWire(peer, other);
  }
  /** Cuts may overlap: a wire is whole again when as many were mended. */
  const cuts = new Map<string, number>();
  return {
    addressOf,
    inside: (peer) => ['nsenter', `--net=/run/netns/${spaceOf(peer)}`],
    cut: async ({ from, to }) => {
      const before = cuts.get(`${from} ${to}`) ?? 0;
      cuts.set(`${from} ${to}`, before + 1);
      if (before === 0) await queueing(from, to, 'add', 'blackhole');
    },
    mend: async ({ from, to }) => {
      const left = (cuts.get(`${from} ${to}`) ?? 0) - 1;
      cuts.set(`${from} ${to}`, left);
      if (left === 0) await queueing(from, to, 'del');
    },
  };
}

const queueing = (from: number, to: number, verb: string, ...kind: string[]): Promise<void> =>
  command('tc', '-n', spaceOf(from), 'qdisc', verb, 'dev', wireName(to), 'root', ...kind);

/** A peer's namespace, and its wire to the clients. */
async function laySpace(peer: number): Promise<void> {
  const space = spaceOf(peer);
  await command('ip', 'netns', 'add', space);
  const inSpace = (...words: string[]): Promise<void> => command('ip', '-n', space, ...words);
  await inSpace('link', 'set', 'lo', 'up');
  await inSpace('address', 'add', `${addressOf(peer)}/32`, 'dev', 'lo');
  const ends = ['type', 'veth', 'peer', 'name', 'clients', 'netns', space];
  await command('ip', 'link', 'add', space, ...ends);
  await command('ip', 'link', 'set', space, 'up');
  await inSpace('link', 'set', 'clients', 'up');
  const route = ['route', 'add', `${addressOf(peer)}/32`, 'dev', space, 'src', clientsAddress];
  await command('ip', ...route);
  const back = ['dev', 'clients', 'src', addressOf(peer)];
  await inSpace('route', 'add', `${clientsAddress}/32`, ...back);
}

async function layWire(one: number, other: number): Promise<void> {
  const ends = ['type', 'veth', 'peer', 'name', wireName(one), 'netns', spaceOf(other)];
  await command('ip', '-n', spaceOf(one), 'link', 'add', wireName(other), ...ends);
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const inSpace = (...words: string[]): Promise<void> =>
      command('ip', '-n', spaceOf(from), ...words);
    await inSpace('link', 'set', wireName(to), 'up');
    const wire = ['dev', wireName(to), 'src', addressOf(from)];
    await inSpace('route', 'add', `${addressOf(to)}/32`, ...wire);
  }
}
