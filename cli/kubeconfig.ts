// The kubeconfig: which file, which peer of it, and with whose certificate.

import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { CommandFailure, EXIT, refused } from './failure.ts';
import type { Terminal } from './terminal.ts';

/** A peer's API and the credentials for it. PEM texts. */
export interface PeerAccess {
  /** The context's name. */
  readonly name: string;
  /** `https://HOST:PORT`. */
  readonly server: string;
  readonly authority?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly token?: string;
  readonly serverName?: string;
  readonly skipVerification: boolean;
  readonly namespace: string;
}

/** A kubeconfig that was read. */
export interface Kubeconfig {
  readonly path: string;
  readonly currentContext: string;
  /** One for each context, in the file's order. */
  readonly peers: readonly PeerAccess[];
}

const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** Where a peer keeps its data unless told otherwise. */
export const defaultDataDirectory = ({ isRoot, home }: Pick<Terminal, 'isRoot' | 'home'>): string =>
  isRoot ? '/var/lib/skein' : join(home, '.local', 'share', 'skein');

type Surroundings = Pick<Terminal, 'environment' | 'directory' | 'home' | 'isRoot'>;

/** Files looked for when none is named, in this order. */
export function kubeconfigPlaces(surroundings: Surroundings): readonly string[] {
  const { environment, directory, home } = surroundings;
  const usual = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  return [
    join(directory, '.skein', 'kubeconfig'),
    join(home, '.skein', 'kubeconfig'),
    ...usual.map((path) => resolve(directory, path)),
    join(defaultDataDirectory(surroundings), 'kubeconfig'),
    join(home, '.kube', 'config'),
  ];
}

/** The file to use. Refuses one that was named and is not there, and says what to do when there is none. */
export function chooseKubeconfig(flag: string | undefined, surroundings: Surroundings): string {
  const { environment, directory } = surroundings;
  const variable = environment['SKEIN_KUBECONFIG'];
  const named = flag ?? (variable === '' ? undefined : variable);
  if (named !== undefined) {
    const path = resolve(directory, named);
    if (existsSync(path)) return path;
    const by = flag === undefined ? 'SKEIN_KUBECONFIG' : '--kubeconfig';
    throw refused(`${by} names ${path}, and there is no such file. Name one that exists.`);
  }
  const found = kubeconfigPlaces(surroundings).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new CommandFailure(
    EXIT.unreachable,
    'No kubeconfig was found, so no peer is known. Start a peer here with `skein up`, or name the ' +
      'file that a peer wrote with --kubeconfig FILE or SKEIN_KUBECONFIG.',
  );
}

type Entry = Readonly<Record<string, unknown>>;

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (entry: Entry, key: string): string | undefined => {
  const value = entry[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** The inner object of the list's element of that name. */
function named(document: Entry, list: string, inner: string, name: string): Entry | undefined {
  const all = document[list];
  const entry = Array.isArray(all)
    ? (all as unknown[]).filter(isEntry).find((one) => one['name'] === name)
    : undefined;
  const value = entry?.[inner];
  return isEntry(value) ? value : undefined;
}

/** Data in base64 in the file, or in a file of its own. */
function material(entry: Entry, key: string, directory: string): string | undefined {
  const data = textOf(entry, `${key}-data`);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const path = textOf(entry, key);
  return path === undefined ? undefined : readText(resolve(directory, path));
}

function readText(path: string): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length > MAX_FILE_BYTES) throw new Error(`it has more than ${MAX_FILE_BYTES} bytes`);
    return text;
  } catch (error) {
    throw refused(`Cannot read ${path}: ${(error as Error).message}.`);
  }
}

const given = <T>(key: string, value: T | undefined): Record<string, T> =>
  value === undefined ? {} : { [key]: value };

function accessOf(document: Entry, path: string, context: Entry): PeerAccess {
  const name = textOf(context, 'name') ?? '';
  const inner = isEntry(context['context']) ? context['context'] : {};
  const cluster = named(document, 'clusters', 'cluster', textOf(inner, 'cluster') ?? '');
  const user = named(document, 'users', 'user', textOf(inner, 'user') ?? '') ?? {};
  const server = cluster === undefined ? undefined : textOf(cluster, 'server');
  if (cluster === undefined || server === undefined) {
    throw refused(`The context ${JSON.stringify(name)} of ${path} names no cluster with a server.`);
  }
  const directory = dirname(path);
  return {
    name,
    server: server.replace(/\/+$/, ''),
    ...given('authority', material(cluster, 'certificate-authority', directory)),
    ...given('serverName', textOf(cluster, 'tls-server-name')),
    ...given('certificate', material(user, 'client-certificate', directory)),
    ...given('key', material(user, 'client-key', directory)),
    ...given('token', textOf(user, 'token')),
    skipVerification: cluster['insecure-skip-tls-verify'] === true,
    namespace: textOf(inner, 'namespace') ?? 'default',
  };
}

/** Reads a file. Refuses one that is no kubeconfig. */
export function readKubeconfig(path: string): Kubeconfig {
  const text = readText(path);
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw refused(`${path} is not YAML: ${(error as Error).message.split('\n')[0] ?? ''}`);
  }
  const contexts = isEntry(document) ? document['contexts'] : undefined;
  if (!isEntry(document) || !Array.isArray(contexts) || contexts.length === 0) {
    throw refused(`${path} holds no contexts. \`skein kubeconfig\` at a peer prints a good one.`);
  }
  const peers = (contexts as unknown[])
    .filter(isEntry)
    .map((context) => accessOf(document, path, context));
  return { path, peers, currentContext: textOf(document, 'current-context') ?? peers[0]!.name };
}

/** Which peers to ask, the best first. */
export interface Choice {
  readonly peers: readonly PeerAccess[];
  /** True when the person named the peer: then no other is asked in its place. */
  readonly isExplicit: boolean;
  /** A name that the file does not know: another peer must say where it is. */
  readonly unknownName?: string;
}

const DEFAULT_API_PORT = 6443;

/** `HOST`, `HOST:PORT`, `[::1]:PORT` or an https URL as the server of a kubeconfig; undefined for a bare name. */
export function serverOf(peer: string): string | undefined {
  if (/^https?:\/\//.test(peer)) {
    if (peer.startsWith('http://')) {
      throw refused(`--peer ${peer}: peers speak https only. Write https://… or HOST:PORT.`);
    }
    if (!URL.canParse(peer)) throw refused(`--peer ${peer} is not a URL.`);
    return new URL(peer).origin;
  }
  if (!/[.:]/.test(peer) && peer !== 'localhost') return undefined;
  const isBareIpv6 = /^[0-9a-f:]+$/i.test(peer) && peer.split(':').length > 2;
  const hasPort = !isBareIpv6 && /:\d+$/.test(peer);
  const host = isBareIpv6 ? `[${peer}]` : peer;
  const server = `https://${host}${hasPort ? '' : `:${DEFAULT_API_PORT}`}`;
  if (!URL.canParse(server)) {
    throw refused(
      `--peer ${peer} is not an address. Write HOST:PORT, https://HOST:PORT or a name.`,
    );
  }
  return server;
}

function contextOf(file: Kubeconfig, context: string | undefined): PeerAccess {
  const wanted = context ?? file.currentContext;
  const found = file.peers.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = file.peers.map(({ name }) => name).join(', ');
  throw refused(`${file.path} has no context ${JSON.stringify(wanted)}. It has: ${names}.`);
}

/** Peers that trust the same authority are peers of one cluster. */
const isSameCluster = (one: PeerAccess, other: PeerAccess): boolean =>
  one.authority !== undefined && one.authority === other.authority;

/** Picks by --context and --peer; without them, the current context and then its fellow peers. */
export function choosePeers(
  file: Kubeconfig,
  { context, peer }: { readonly context?: string | undefined; readonly peer?: string | undefined },
): Choice {
  if (peer !== undefined) {
    const byName = file.peers.find(({ name }) => name === peer);
    if (byName !== undefined) return { peers: [byName], isExplicit: true };
    const own = contextOf(file, context);
    const server = serverOf(peer);
    if (server !== undefined) {
      const known = file.peers.find((one) => one.server === server);
      return { peers: [known ?? { ...own, name: peer, server }], isExplicit: true };
    }
    const fellows = file.peers.filter((one) => one !== own && isSameCluster(one, own));
    return { peers: [own, ...fellows], isExplicit: true, unknownName: peer };
  }
  const chosen = contextOf(file, context);
  const isExplicit = context !== undefined;
  if (isExplicit) return { peers: [chosen], isExplicit };
  const fellows = file.peers.filter((one) => one !== chosen && isSameCluster(one, chosen));
  return { peers: [chosen, ...fellows], isExplicit };
}
