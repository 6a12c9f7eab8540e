// An internet with two private networks behind it, in network namespaces: routers that masquerade, and no route out of it all.
//
//     internet, a bridge: 192.0.2.0/24
//      |          |            |               |
//      b (.2)     d (.3)    router (.11)    router (.12)       masquerade what leaves; nothing comes in unasked
//                              |               |
//                           10.1.0.0/24     10.2.0.0/24
//                              a (.2)          c (.2)

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const commandLimitMs = 10_000;

const command = async (program: string, ...words: string[]): Promise<void> =>
  void (await run(program, words, { timeout: commandLimitMs }));

export type Place = 'a' | 'b' | 'c' | 'd';

export const PUBLIC_ADDRESS: Readonly<Record<'b' | 'd', string>> = {
  b: '192.0.2.2',
  d: '192.0.2.3',
};

const spaceFile = (space: string): string => `/run/netns/${space}`;

/** The words that run a program there. */
export const inside = (space: string): readonly string[] => [
  'nsenter',
  `--net=${spaceFile(space)}`,
];

const ip = (space: string, ...words: string[]): Promise<void> =>
  command('ip', '-n', space, ...words);

/** All that is needed of the machine, tried in a sandbox of its own. Nothing of it stays. */
export const NAT_PROBE = [
  'mkdir -p /run/netns',
  'mount -t tmpfs none /run/netns',
  'ip netns add probe',
  'ip -n probe link add bridge type bridge',
  'nsenter --net=/run/netns/probe nft add table ip nat',
  "nsenter --net=/run/netns/probe nft 'add chain ip nat out { type nat hook postrouting priority 100; }'",
  'nsenter --net=/run/netns/probe nft add rule ip nat out masquerade',
].join(' && ');

/** Inside a sandbox only. Everything goes when the sandbox does. */
export async function layInternet(): Promise<void> {
  for (const place of ['/run/netns', '/var/tmp/skein']) {
    await command('mkdir', '-p', place);
    await command('mount', '-t', 'tmpfs', 'none', place);
  }
  await space('internet');
  await ip('internet', 'link', 'add', 'bridge', 'type', 'bridge');
  await ip('internet', 'link', 'set', 'bridge', 'up');
  for (const place of ['b', 'd'] as const) {
    await space(place);
    await plugIn(place, PUBLIC_ADDRESS[place]);
  }
  await layPrivate('a', '192.0.2.11', '10.1.0');
  await layPrivate('c', '192.0.2.12', '10.2.0');
}

async function space(name: string): Promise<void> {
  await command('ip', 'netns', 'add', name);
  await ip(name, 'link', 'set', 'lo', 'up');
}

/** A wire to the bridge. */
async function plugIn(name: string, address: string): Promise<void> {
  const ends = ['type', 'veth', 'peer', 'name', 'wan', 'netns', name];
  await ip('internet', 'link', 'add', `to-${name}`, ...ends);
  await ip('internet', 'link', 'set', `to-${name}`, 'master', 'bridge');
  await ip('internet', 'link', 'set', `to-${name}`, 'up');
  await ip(name, 'link', 'set', 'wan', 'up');
  await ip(name, 'address', 'add', `${address}/24`, 'dev', 'wan');
}

async function layPrivate(place: 'a' | 'c', outside: string, network: string): Promise<void> {
  const router = `router-${place}`;
  await space(router);
  await plugIn(router, outside);
  await space(place);
  await ip(router, 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'lan', 'netns', place);
  await ip(router, 'link', 'set', 'lan', 'up');
  await ip(router, 'address', 'add', `${network}.1/24`, 'dev', 'lan');
  await ip(place, 'link', 'set', 'lan', 'up');
  await ip(place, 'address', 'add', `${network}.2/24`, 'dev', 'lan');
  await ip(place, 'route', 'add', 'default', 'via', `${network}.1`);
  await within(router, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
  await nft(router, 'add table ip nat');
  await nft(router, 'add chain ip nat out { type nat hook postrouting priority 100; }');
  await nft(router, 'add rule ip nat out oifname "wan" masquerade');
  await nft(router, 'add table ip filter');
  await nft(router, 'add chain ip filter pass { type filter hook forward priority 0; }');
  await nft(router, 'add rule ip filter pass iifname "wan" ct state new drop');
}

const within = (space: string, ...words: string[]): Promise<void> => {
  const [program, ...rest] = [...inside(space), ...words];
  return command(program!, ...rest);
};
const nft = (space: string, rule: string): Promise<void> => within(space, 'nft', rule);

/** Packets between b and d vanish from now on, either way, and nobody is told. */
export async function partPublic(): Promise<void> {
  await nft('b', 'add table ip wall');
  for (const [chain, hook, field, of] of [
    ['into', 'input', 'saddr', PUBLIC_ADDRESS.d],
    ['from', 'output', 'daddr', PUBLIC_ADDRESS.d],
  ] as const) {
    await nft('b', `add chain ip wall ${chain} { type filter hook ${hook} priority 0; }`);
    await nft('b', `add rule ip wall ${chain} ip ${field} ${of} drop`);
  }
}

export const joinPublic = (): Promise<void> => nft('b', 'delete table ip wall');

/** d's machine gets another address, and loses the one it had before. */
export async function moveD(to: string): Promise<void> {
  await ip('d', 'address', 'del', `${PUBLIC_ADDRESS.d}/24`, 'dev', 'wan');
  await ip('d', 'address', 'add', `${to}/24`, 'dev', 'wan');
}
