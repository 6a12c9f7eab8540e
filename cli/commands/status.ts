// `skein status`: what the peer that is asked says of itself, and where it serves services.

import type { Command } from '../command.ts';
import { EXIT, wrongUsage } from '../failure.ts';
import { formatValue, outputFormat } from '../output/object-output.ts';
import { formatTable } from '../output/table.ts';

/** A service's address at one peer. */
export interface Front {
  readonly namespace: string;
  readonly service: string;
  readonly portName?: string;
  readonly port: number;
  /** HOST:PORT. */
  readonly address: string;
  /** Ready ones. */
  readonly endpoints: number;
}

/** Kind PeerStatus of skein.dev/v1. */
export interface PeerStatus {
  readonly status: {
    readonly peer: string;
    readonly name: string;
    readonly zone: string;
    readonly version: string;
    readonly role: string;
    readonly leader?: string;
    readonly term: number;
    readonly revision: number;
    readonly appliedIndex: number;
    readonly staleMs: number;
    readonly voters: readonly string[];
    readonly learners: readonly string[];
    /** Those of both that run no pods; absent from a peer of an older version. */
    readonly witnesses?: readonly string[];
    /** Absent at a witness. */
    readonly nodeAddress?: string;
    readonly fullDisks?: readonly string[];
    readonly fronts: readonly Front[];
  };
}

export const STATUS_PATH = '/apis/skein.dev/v1/peerstatuses/self';

/** Older than this is worth a word. */
const FRESH_MS = 2_000;

const freshness = (staleMs: number): string =>
  staleMs <= FRESH_MS
    ? 'in contact with its zone'
    : `no contact with a quorum for ${Math.round(staleMs / 1_000)} s: reads are old, writes fail`;

/** Only a leader knows of all; nothing is said of disks that have room. */
const fullDisksLine = (names: readonly string[]): readonly (readonly [string, string])[] =>
  names.length === 0 ? [] : [['Full disks', `${[...names].sort().join(', ')}: free some space`]];

/** For people. */
export function statusText({ status }: PeerStatus): string {
  const { witnesses = [] } = status;
  const isWitness = witnesses.includes(status.name);
  const names = (peers: readonly string[]): string =>
    [...peers]
      .sort()
      .map((name) => (witnesses.includes(name) ? `${name} (witness)` : name))
      .join(', ');
  const lines: readonly (readonly [string, string])[] = [
    ['Peer', `${status.name} (${status.peer})`],
    ['Zone', status.zone],
    ['Version', status.version],
    ['Role', isWitness ? `${status.role}, witness` : status.role],
    ['Leader', status.leader ?? 'none known'],
    ['Voters', names(status.voters)],
    ['Learners', names(status.learners) || 'none'],
    ['Contact', freshness(status.staleMs)],
    ...fullDisksLine(status.fullDisks ?? []),
    ['Revision', `${status.revision} (term ${status.term}, applied ${status.appliedIndex})`],
    ['Node address', status.nodeAddress ?? 'none'],
  ];
  const facts = lines.map(([label, value]) => `${`${label}:`.padEnd(15)}${value}\n`).join('');
  if (isWitness) return `${facts}\nA witness runs no pods and serves no services.\n`;
  if (status.fronts.length === 0) return `${facts}\nNo services are served here.\n`;
  const rows = status.fronts.map(({ namespace, service, portName, port, address, endpoints }) => [
    namespace,
    service,
    portName === undefined || portName === '' ? String(port) : `${port} (${portName})`,
    address,
    String(endpoints),
  ]);
  const header = ['NAMESPACE', 'SERVICE', 'PORT', 'ADDRESS', 'ENDPOINTS'];
  return `${facts}\nServices served here:\n${formatTable([header, ...rows])}`;
}

export const statusCommand: Command = {
  name: 'status',
  summary: 'Show one peer: role, leader, freshness, services it serves',
  usage: '',
  flags: { output: { short: 'o', value: 'FORMAT', help: 'json or yaml' } },
  asksPeer: true,
  run: async ({ args, terminal, session }) => {
    const format = outputFormat(args.text('output'), 'status');
    if (args.positionals.length > 0) {
      throw wrongUsage('Name the peer with --peer: `skein status --peer NAME`.', 'status');
    }
    const { client } = await session();
    const status = await client.json<PeerStatus>({ path: STATUS_PATH });
    terminal.out(
      format === 'json' || format === 'yaml' ? formatValue(status, format) : statusText(status),
    );
    return EXIT.done;
  },
};
