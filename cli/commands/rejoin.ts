// `skein rejoin`: has a stopped peer give up its log, rotten or not, and join its zone again as a new replica.

import type { Command } from '../command.ts';
import { wrongUsage } from '../failure.ts';
import { dataDirectory, dataFlag, rejoinStopped } from '../recover/stopped-peer.ts';

export const rejoinCommand: Command = {
  name: 'rejoin',
  summary: 'Have a stopped peer give up its log and join its zone anew',
  usage: '[--data DIR]',
  flags: {
    ...dataFlag,
    force: { help: 'even if its log does not show that other peers hold the zone' },
  },
  asksPeer: false,
  examples: ['skein rejoin', 'skein rejoin --data ./data'],
  run: async ({ args, terminal }) => {
    if (args.positionals.length > 0) {
      throw wrongUsage('Name the data directory with --data DIR.', 'rejoin');
    }
    const data = dataDirectory(args, terminal);
    await rejoinStopped(data, args.isSet('force') === true);
    terminal.out(
      `The log in ${data} is given up. \`skein up\` sets it aside there and joins the zone as a new replica.\n`,
    );
  },
};
