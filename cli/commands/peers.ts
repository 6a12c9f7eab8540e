// `skein peers`: who is here, as the peer that is asked knows it.

import type { Command } from '../command.ts';
import { EXIT, wrongUsage } from '../failure.ts';
import { formatObjects, outputFormat } from '../output/object-output.ts';
import { cellText, formatTable } from '../output/table.ts';
import type { Resource } from '../resources.ts';
import { ageText } from '../describe/outline.ts';
import type { ApiObject } from '../watch.ts';

/** Kind Peer of skein.dev/v1. */
export interface PeerObject extends ApiObject {
  readonly status?: {
    readonly state?: string;
    readonly role?: string;
    readonly api?: string;
    readonly nodeAddress?: string;
    readonly load?: { readonly cpu?: number; readonly memory?: number };
    readonly version?: string;
    readonly drivers?: readonly string[];
    readonly price?: string;
    readonly unschedulable?: boolean;
    /** When the peer that was asked learned the newest of these. */
    readonly factsTime?: string;
  };
}

export const PEERS_PATH = '/apis/skein.dev/v1/peers';

const resource: Resource = {
  group: 'skein.dev',
  version: 'v1',
  plural: 'peers',
  singular: 'peer',
  kind: 'Peer',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: ['get', 'list', 'delete'],
};

/** A witness is one besides what it does in the log. */
const roleText = (peer: PeerObject): string | undefined =>
  peer.spec?.['witness'] === true ? `${peer.status?.role},witness` : peer.status?.role;

const percent = (part: number | undefined): string =>
  part === undefined ? '' : `${Math.round(part * 100)}%`;

const HEADER = 'NAME STATE ROLE ZONE CPU MEMORY DRIVERS PRICE VERSION TOLD'.split(' ');
const WIDE = ['JOINED', 'API', 'NODE-ADDRESS', 'ADDRESSES', 'PEER-ID', 'LABELS'];

/** What keeps new pods away is part of its state, as it is in a Node's. */
const stateText = ({ status }: PeerObject): string | undefined =>
  status?.unschedulable === true ? `${status.state},cordoned` : status?.state;

const ageOf = (time: string | undefined, nowMs: number): string =>
  time === undefined ? '' : ageText(time, nowMs);

function row(peer: PeerObject, isWide: boolean, nowMs: number): readonly string[] {
  const { metadata, spec = {}, status = {} } = peer;
  const labels = Object.entries((spec['labels'] ?? {}) as Readonly<Record<string, string>>);
  const cells = [
    metadata?.name,
    stateText(peer),
    roleText(peer),
    spec['zone'],
    percent(status.load?.cpu),
    percent(status.load?.memory),
    status.drivers?.join(',') ?? '',
    status.price ?? '',
    status.version,
    ageOf(status.factsTime, nowMs),
  ];
  const more = [
    ageOf(metadata?.creationTimestamp, nowMs),
    status.api,
    status.nodeAddress,
    ((spec['addresses'] ?? []) as readonly string[]).join(','),
    spec['peerId'],
    labels.map(([key, value]) => `${key}=${value}`).join(','),
  ];
  return [...cells, ...(isWide ? more : [])].map(cellText);
}

/** The table, peers by name. */
export function peersTable(
  peers: readonly PeerObject[],
  isWide: boolean,
  nowMs = Date.now(),
): string {
  return formatTable([
    isWide ? [...HEADER, ...WIDE] : HEADER,
    ...peers.map((peer) => row(peer, isWide, nowMs)),
  ]);
}

export const peersCommand: Command = {
  name: 'peers',
  summary: 'Show all peers: alive, dead, removed; role, zone, load',
  usage: '',
  flags: { output: { short: 'o', value: 'FORMAT', help: 'wide, json, yaml or name' } },
  asksPeer: true,
  run: async ({ args, terminal, session }) => {
    if (args.positionals.length > 0) {
      throw wrongUsage('`skein peers` shows all; `skein get peer NAME` shows one.', 'peers');
    }
    const format = outputFormat(args.text('output'), 'peers');
    const { client } = await session();
    const { items } = await client.json<{ readonly items: readonly PeerObject[] }>({
      path: PEERS_PATH,
    });
    const nameOf = ({ metadata }: PeerObject): string => metadata?.name ?? '';
    const peers = [...items].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
    if (format === 'table' || format === 'wide') terminal.out(peersTable(peers, format === 'wide'));
    else
      terminal.out(
        formatObjects(
          peers.map((object) => ({ resource, object })),
          format,
          false,
        ),
      );
    return EXIT.done;
  },
};
