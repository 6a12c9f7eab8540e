// `skein token create`: what another machine needs to join, or a program to ask the API.

import type { Arguments, Command } from '../command.ts';
import { parseSeconds } from '../durations.ts';
import { refused, wrongUsage } from '../failure.ts';

interface NewToken {
  readonly status?: { readonly token?: string; readonly expiresAt?: string };
}

/** What is asked for, and of which resource. */
function wishOf(args: Arguments): { readonly plural: string; readonly body: unknown } {
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
  const isForApi = args.isSet('api') === true;
  if (isForApi && (uses !== undefined || zone !== undefined)) {
    throw wrongUsage('--uses and --zone are for joining, not for --api.', 'token create');
  }
  const spec = {
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    ...(uses === undefined ? {} : { uses }),
    ...(zone === undefined ? {} : { zone }),
  };
  const kind = isForApi ? 'BearerToken' : 'JoinToken';
  return { plural: `${kind.toLowerCase()}s`, body: { apiVersion: 'skein.dev/v1', kind, spec } };
}

export const tokenCreateCommand: Command = {
  name: 'token create',
  summary: 'Print a token with which another machine may join',
  usage: '',
  flags: {
    ttl: { value: 'TIME', help: 'how long it is good: 15m, 24h, 7d' },
    uses: { value: 'N', help: 'how many machines may join with it' },
    zone: { value: 'ZONE', help: 'the zone of the machines that join with it' },
    api: { help: 'a bearer token for the API instead, that speaks for you' },
  },
  asksPeer: true,
  examples: ['skein token create --ttl 1h > token', 'skein token create --api --ttl 15m'],
  run: async ({ args, terminal, session }) => {
    const { plural, body } = wishOf(args);
    const { client } = await session();
    const { status } = await client.json<NewToken>({
      method: 'POST',
      path: `/apis/skein.dev/v1/${plural}`,
      body,
    });
    if (status?.token === undefined) throw refused(`${client.peer().server} answered no token.`);
    terminal.out(`${status.token}\n`);
    if (status.expiresAt !== undefined) terminal.err(`Good until ${status.expiresAt}.\n`);
  },
};
