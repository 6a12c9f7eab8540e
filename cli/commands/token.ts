// `skein token create`: what another machine needs to join.

import type { Command } from '../command.ts';
import { refused, wrongUsage } from '../failure.ts';

interface JoinToken {
  readonly status?: { readonly token?: string; readonly expiresAt?: string };
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `90s`, `15m`, `24h`, `7d`, `1h30m` in seconds; undefined for anything else. */
export function parseSeconds(text: string): number | undefined {
  if (!/^(\d{1,9}[smhd])+$/.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)([smhd])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!, 0);
}

export const tokenCreateCommand: Command = {
  name: 'token create',
  summary: 'Print a token with which another machine may join',
  usage: '',
  flags: {
    ttl: { value: 'TIME', help: 'how long it is good: 15m, 24h, 7d' },
    uses: { value: 'N', help: 'how many machines may join with it' },
    zone: { value: 'ZONE', help: 'the zone of the machines that join with it' },
  },
  asksPeer: true,
  examples: ['skein token create --ttl 1h > token'],
  run: async ({ args, terminal, session }) => {
    const ttl = args.text('ttl');
    const ttlSeconds = ttl === undefined ? undefined : parseSeconds(ttl);
    if (ttl !== undefined && (ttlSeconds === undefined || ttlSeconds === 0)) {
      throw wrongUsage(
        `--ttl ${JSON.stringify(ttl)} is not a time such as 15m or 24h.`,
        'token create',
      );
    }
    const uses = args.count('uses');
    if (uses === 0) throw wrongUsage('--uses must be 1 or more.', 'token create');
    const zone = args.text('zone');
    const { client } = await session();
    const { status } = await client.json<JoinToken>({
      method: 'POST',
      path: '/apis/skein.dev/v1/jointokens',
      body: {
        apiVersion: 'skein.dev/v1',
        kind: 'JoinToken',
        spec: {
          ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
          ...(uses === undefined ? {} : { uses }),
          ...(zone === undefined ? {} : { zone }),
        },
      },
    });
    if (status?.token === undefined) throw refused(`${client.peer().server} answered no token.`);
    terminal.out(`${status.token}\n`);
    if (status.expiresAt !== undefined) terminal.err(`Good until ${status.expiresAt}.\n`);
  },
};
