// `skein peers remove`: ends the membership of another peer, dead or alive, everywhere.

import type { Command } from '../command.ts';
import { EXIT, wrongUsage } from '../failure.ts';
import { PEERS_PATH } from './peers.ts';

export const peersRemoveCommand: Command = {
  name: 'peers remove',
  summary: 'End the membership of a peer, dead or alive',
  usage: 'NAME',
  flags: {},
  asksPeer: true,
  examples: ['skein peers', 'skein peers remove peer-3', 'skein --peer peer-1 peers remove peer-3'],
  run: async ({ args, terminal, session }) => {
    const [name, ...more] = args.positionals;
    if (name === undefined || more.length > 0) {
      throw wrongUsage('Name one peer: `skein peers` lists them.', 'peers remove');
    }
    const { client } = await session();
    await client.json({ method: 'DELETE', path: `${PEERS_PATH}/${encodeURIComponent(name)}` });
    terminal.out(`${name} removed\n`);
    terminal.err(
      'It is a member no more, its pods run elsewhere, and only a token made from now on lets it in again.\n',
    );
    return EXIT.done;
  },
};
