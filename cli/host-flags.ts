// The flags of `up` and `join`, checked, as the options of a peer.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { HostOptions, HostTaint, ListenAddress } from '../actors/index.ts';
import type { Logger } from '../runtime/index.ts';
import type { Arguments, FlagDefinitions } from './command.ts';
import { refused, wrongUsage } from './failure.ts';
import { parseSeconds } from './durations.ts';
import { defaultDataDirectory } from './kubeconfig.ts';
import type { Terminal } from './terminal.ts';
import { readInput } from './terminal.ts';

/** TCP and UDP. */
export const DEFAULT_MESH_PORT = 7460;
export const DEFAULT_API_PORT = 6443;

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;
const MAX_TOKEN_BYTES = 4_096;
/** Addresses of one peer that others try. */
const ANNOUNCE_LIMIT = 8;
const DRIVERS = ['process', 'cri'];
const NETWORKS = ['lan', 'wan'] as const;

/** Flags that `up` and `join` share. */
export const hostFlags: FlagDefinitions = {
  name: { value: 'NAME', help: 'name of this peer (default: the host’s name)' },
  zone: { value: 'ZONE', help: 'zone of this peer (default: the token’s, or default)' },
  data: { value: 'DIR', help: 'where this peer keeps its data' },
  'mesh-listen': {
    value: 'HOST:PORT',
    help: `where other peers reach it (default: 0.0.0.0:${DEFAULT_MESH_PORT})`,
  },
  announce: {
    value: 'HOST:PORT',
    repeatable: true,
    help: 'where others reach it, or none (default: where it listens)',
  },
  network: {
    value: 'KIND',
    help: 'lan or wan, by how long answers take (default: lan)',
  },
  'api-listen': {
    value: 'HOST:PORT',
    help: `where the API answers (default: 0.0.0.0:${DEFAULT_API_PORT})`,
  },
  label: { value: 'K=V', repeatable: true, help: 'a label of its node' },
  taint: { value: 'K[=V]:EFFECT', repeatable: true, help: 'a taint of its node' },
  witness: { help: 'only vote, keep the log and answer the API: no node, no pods' },
  driver: { value: 'DRIVER', help: 'how containers run: process' },
  price: { value: 'AMOUNT', help: 'what an hour of this machine costs' },
  token: { value: 'TOKEN', help: 'from `skein token create` at a member; - reads standard input' },
  'token-file': { value: 'FILE', help: 'the file that holds the token' },
  'log-level': { value: 'LEVEL', help: 'debug, info, warn or error (default: info)' },
  'membership-life': {
    value: 'TIME',
    hidden: true,
    help: 'how long memberships and certificates signed here are good, for tests of renewal',
  },
  'stop-pods': { hidden: true, help: 'end the pods of this machine with the peer' },
};

/** `HOST:PORT`, `[::1]:PORT`, `:PORT`, `PORT` or `HOST`. Throws wrong usage. */
export function parseListen(flag: string, text: string, defaultPort: number): ListenAddress {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s/]*))?(?::(\d{1,5}))?$/i.exec(text);
  const isPortAlone = /^\d{1,5}$/.test(text);
  const port = isPortAlone ? Number(text) : Number(found?.[3] ?? defaultPort);
  const host = isPortAlone ? '' : (found?.[1] ?? found?.[2] ?? '');
  if (text === '' || (found === null && !isPortAlone) || port > 65_535) {
    throw wrongUsage(
      `--${flag} ${JSON.stringify(text)} is not HOST:PORT with a port up to 65535.`,
      'up',
    );
  }
  return { host: host === '' ? '0.0.0.0' : host, port };
}

/** `K=V`, the value may be empty. Throws wrong usage. */
export function parseLabel(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at <= 0) throw wrongUsage(`--label ${JSON.stringify(text)} is not KEY=VALUE.`, 'up');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `K[=V]:EFFECT`. Throws wrong usage. */
export function parseTaint(text: string): HostTaint {
  const [, key = '', value, effect = ''] = /^([^=:]+)(?:=([^:]*))?:(\w+)$/.exec(text) ?? [];
  const known = EFFECTS.find((one) => one === effect);
  if (key === '' || known === undefined) {
    throw wrongUsage(
      `--taint ${JSON.stringify(text)} is not KEY=VALUE:EFFECT or KEY:EFFECT; EFFECT is one of ` +
        `${EFFECTS.join(', ')}.`,
      'up',
    );
  }
  return { key, effect: known, ...(value === undefined ? {} : { value }) };
}

/** A DNS label, as names of peers and zones must be. Throws wrong usage. */
function parseName(flag: string, text: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw wrongUsage(
    `--${flag} ${JSON.stringify(text)} must have 1 to 63 characters of a-z, 0-9 and -, ` +
      'and begin and end with a letter or digit.',
    'up',
  );
}

/** From --token, --token-file or standard input; undefined when none was given. */
export async function readToken(args: Arguments, terminal: Terminal): Promise<string | undefined> {
  const [text, file] = [args.text('token'), args.text('token-file')];
  if (text !== undefined && file !== undefined) {
    throw wrongUsage('Give --token or --token-file, not both.', 'join');
  }
  if (file !== undefined && file !== '-') return readTokenFile(resolve(terminal.directory, file));
  if (text !== '-' && file !== '-') return text?.trim();
  const token = (await readInput(terminal, MAX_TOKEN_BYTES)).trim();
  if (token === '') throw refused('Standard input holds no token.');
  return token;
}

function readTokenFile(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw refused(`Cannot read the token from ${path}: ${(error as Error).message}.`);
  }
  if (token === '') throw refused(`The file ${path} holds no token.`);
  return token;
}

function driverOf(args: Arguments): 'process' | undefined {
  const driver = args.text('driver');
  if (driver === undefined || driver === 'process') return driver;
  if (driver === 'cri') {
    throw refused('--driver cri is not built yet: leave it out, and pods run as processes.');
  }
  throw wrongUsage(`--driver ${JSON.stringify(driver)} is not one of ${DRIVERS.join(', ')}.`, 'up');
}

function networkOf(args: Arguments): HostOptions['network'] {
  const network = args.text('network');
  const known = NETWORKS.find((one) => one === network);
  if (network === undefined || known !== undefined) return known;
  throw wrongUsage(
    `--network ${JSON.stringify(network)} is not one of ${NETWORKS.join(', ')}: lan where peers answer ` +
      'within some ten milliseconds, wan where it takes longer.',
    'up',
  );
}

function priceOf(args: Arguments): string | undefined {
  const price = args.text('price');
  if (price === undefined || /^\d{1,9}(\.\d{1,9})?$/.test(price)) return price;
  throw wrongUsage(`--price ${JSON.stringify(price)} is not an amount such as 0.12.`, 'up');
}

/** What is said of a node is said in vain of a peer that has none. */
function witnessOf(args: Arguments): true | undefined {
  if (args.isSet('witness') !== true) return undefined;
  for (const flag of ['taint', 'driver', 'price']) {
    if (args.texts(flag).length > 0) {
      throw wrongUsage(`A witness has no node: leave out --${flag}, or --witness.`, 'up');
    }
  }
  return true;
}

/** What others are told; undefined when that is what is listened on. Throws wrong usage. */
function announceOf(args: Arguments): readonly ListenAddress[] | undefined {
  const texts = args.texts('announce');
  if (texts.length === 0) return undefined;
  if (!texts.includes('none')) {
    if (texts.length <= ANNOUNCE_LIMIT) {
      return texts.map((text) => parseListen('announce', text, DEFAULT_MESH_PORT));
    }
    throw wrongUsage(
      `--announce was given ${texts.length} times: at most ${ANNOUNCE_LIMIT}.`,
      'up',
    );
  }
  if (texts.length === 1) return [];
  throw wrongUsage(
    '--announce none says that nobody can dial this peer: leave the others out.',
    'up',
  );
}

function lifetimesOf(args: Arguments): HostOptions['lifetimes'] {
  const text = args.text('membership-life');
  if (text === undefined) return undefined;
  const seconds = parseSeconds(text);
  if (seconds === undefined || seconds === 0) {
    throw wrongUsage(`--membership-life ${JSON.stringify(text)} is not a time such as 400d.`, 'up');
  }
  const lifeMs = seconds * 1_000;
  return { membershipMs: lifeMs, servingMs: lifeMs, clientMs: lifeMs };
}

const when = <T>(key: string, value: T | undefined): Record<string, T> =>
  value === undefined ? {} : { [key]: value };

/** All flags as options. Throws wrong usage for the first one that is wrong. */
export async function hostOptions(
  args: Arguments,
  address: string | undefined,
  terminal: Terminal,
  log: Logger,
): Promise<HostOptions> {
  const [name, zone] = [args.text('name'), args.text('zone')];
  const listen = (flag: string, port: number): ListenAddress =>
    parseListen(flag, args.text(flag) ?? `0.0.0.0:${port}`, port);
  const checked = {
    ...when('name', name === undefined ? undefined : parseName('name', name)),
    ...when('zone', zone === undefined ? undefined : parseName('zone', zone)),
    dataDirectory: resolve(terminal.directory, args.text('data') ?? defaultDataDirectory(terminal)),
    meshListen: listen('mesh-listen', DEFAULT_MESH_PORT),
    apiListen: listen('api-listen', DEFAULT_API_PORT),
    ...when('announce', announceOf(args)),
    labels: Object.fromEntries(args.texts('label').map(parseLabel)),
    taints: args.texts('taint').map(parseTaint),
    ...when('isWitness', witnessOf(args)),
    ...when('driver', driverOf(args)),
    ...when('network', networkOf(args)),
    ...when('price', priceOf(args)),
    ...when('lifetimes', lifetimesOf(args)),
    log,
  };
  const token = await readToken(args, terminal);
  if (address === undefined && token !== undefined) {
    throw wrongUsage('A token is for joining: say whom with --join ADDRESS.', 'up');
  }
  if (address !== undefined && token === undefined) {
    throw wrongUsage(
      `Joining ${address} needs a token: \`skein token create\` at a member prints one. ` +
        'Give it with --token TOKEN, --token-file FILE, or --token - on standard input.',
      'join',
    );
  }
  const join = address === undefined ? undefined : { address, token: token! };
  return { ...checked, ...when('join', join) };
}
