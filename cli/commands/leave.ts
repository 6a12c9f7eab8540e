// `skein leave`: the peer that is asked drains, hands over its vote, and ends.

import type { Command } from '../command.ts';
import { wrongUsage } from '../failure.ts';
import type { PeerStatus } from './status.ts';
import { STATUS_PATH } from './status.ts';

/** The peer answers when it has left; draining takes as long as pods take to end. */
const LEAVE_MS = 150_000;

export const leaveCommand: Command = {
  name: 'leave',
  summary: 'Make a peer leave for good: drain it, end its membership',
  usage: '[--peer URL]',
  flags: {},
  asksPeer: true,
  examples: ['skein leave --peer peer-3'],
  run: async ({ args, terminal, session }) => {
    if (args.positionals.length > 0) {
      throw wrongUsage('Name the peer with --peer: `skein leave --peer NAME`.', 'leave');
    }
    const { client } = await session();
    const { status } = await client.json<PeerStatus>({ path: STATUS_PATH });
    const isWitness = status.witnesses?.includes(status.name) === true;
    const first = isWitness ? 'its vote goes' : 'its pods move';
    terminal.err(`${status.name} is leaving: ${first}, then it ends…\n`);
    await client.json({
      method: 'POST',
      path: '/apis/skein.dev/v1/leaves',
      body: { apiVersion: 'skein.dev/v1', kind: 'Leave' },
      timeoutMs: LEAVE_MS,
    });
    terminal.out(`${status.name} left\n`);
  },
};
