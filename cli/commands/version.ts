// `skein version`: of this program, and of the peer that is asked.

import type { Command } from '../command.ts';
import { VERSION } from '../version.ts';
import type { PeerStatus } from './status.ts';
import { STATUS_PATH } from './status.ts';

export const versionCommand: Command = {
  name: 'version',
  summary: 'Print the version of this program and of a peer',
  usage: '[--client]',
  flags: { client: { help: 'only of this program' } },
  asksPeer: true,
  run: async ({ args, terminal, session }) => {
    terminal.out(`skein ${VERSION}\n`);
    if (args.isSet('client') === true) return;
    const { client } = await session();
    const { status } = await client.json<PeerStatus>({ path: STATUS_PATH });
    const { gitVersion } = await client.json<{ gitVersion: string }>({ path: '/version' });
    terminal.out(`peer  ${status.version} (${status.name}, Kubernetes API ${gitVersion})\n`);
  },
};
