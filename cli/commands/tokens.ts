// `skein token list`, `skein token revoke`: join tokens that the zone still has; their texts nobody has any more.

import type { Command } from '../command.ts';
import { EXIT, wrongUsage } from '../failure.ts';
import { formatObjects, outputFormat } from '../output/object-output.ts';
import { cellText, formatTable } from '../output/table.ts';
import type { Resource } from '../resources.ts';
import type { ApiObject } from '../watch.ts';

/** Kind JoinToken of skein.dev/v1. */
interface TokenObject extends ApiObject {
  readonly status?: {
    readonly state?: string;
    readonly usesLeft?: number;
    readonly createdBy?: string;
    readonly expiresAt?: string;
  };
}

const TOKENS_PATH = '/apis/skein.dev/v1/jointokens';

const resource: Resource = {
  group: 'skein.dev',
  version: 'v1',
  plural: 'jointokens',
  singular: 'jointoken',
  kind: 'JoinToken',
  shortNames: [],
  categories: [],
  namespaced: false,
  verbs: ['create', 'get', 'list', 'delete'],
};

const HEADER = ['ID', 'STATE', 'USES', 'ZONE', 'EXPIRES', 'MADE BY'];

function row({ metadata, spec = {}, status = {} }: TokenObject): readonly string[] {
  const { uses } = spec;
  const used = typeof uses === 'number' ? uses - (status.usesLeft ?? 0) : 0;
  return [
    metadata?.name,
    status.state,
    `${used}/${String(uses)}`,
    spec['zone'],
    status.expiresAt,
    status.createdBy,
  ].map(cellText);
}

export const tokenListCommand: Command = {
  name: 'token list',
  summary: 'Show join tokens: uses, when they expire, who made them',
  usage: '',
  flags: { output: { short: 'o', value: 'FORMAT', help: 'json, yaml or name' } },
  asksPeer: true,
  run: async ({ args, terminal, session }) => {
    if (args.positionals.length > 0) {
      throw wrongUsage('`skein token list` takes no arguments.', 'token list');
    }
    const format = outputFormat(args.text('output'), 'token list');
    const { client } = await session();
    const { items } = await client.json<{ readonly items: readonly TokenObject[] }>({
      path: TOKENS_PATH,
    });
    if (format === 'table' || format === 'wide') {
      terminal.out(formatTable([HEADER, ...items.map(row)]));
    } else {
      const found = items.map((object) => ({ resource, object }));
      terminal.out(formatObjects(found, format, false));
    }
    return EXIT.done;
  },
};

export const tokenRevokeCommand: Command = {
  name: 'token revoke',
  summary: 'Take join tokens back: nobody joins with them any more',
  usage: 'ID...',
  flags: {},
  asksPeer: true,
  examples: ['skein token list', 'skein token revoke abcd2345'],
  run: async ({ args, terminal, session }) => {
    if (args.positionals.length === 0) {
      throw wrongUsage('Say which: `skein token list` shows ids.', 'token revoke');
    }
    // Whoever has only the text may give that: its first part is the id, and nothing else of it is sent.
    const ids = args.positionals.map((word) => word.split('.')[0]!);
    const { client } = await session();
    for (const id of ids) {
      const path = `${TOKENS_PATH}/${encodeURIComponent(id)}`;
      await client.json({ method: 'DELETE', path });
      terminal.out(`token ${id} revoked\n`);
    }
    return EXIT.done;
  },
};
