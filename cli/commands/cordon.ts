// `skein cordon` and `skein uncordon`: whether new pods may come to a node.

import type { Client } from '../client.ts';
import type { Command } from '../command.ts';
import { wrongUsage } from '../failure.ts';
import type { Resources } from '../resources.ts';
import { fullName, pathOf } from '../resources.ts';
import type { ApiObject } from '../watch.ts';

/** Sets spec.unschedulable; false when it was so already. */
export async function setUnschedulable(
  client: Client,
  resources: Resources,
  node: string,
  unschedulable: boolean,
): Promise<boolean> {
  const path = pathOf(resources.named('nodes'), '', node);
  const { spec } = await client.json<ApiObject>({ path });
  if ((spec?.['unschedulable'] === true) === unschedulable) return false;
  await client.json({
    method: 'PATCH',
    path,
    body: { spec: { unschedulable: unschedulable ? true : null } },
    contentType: 'application/merge-patch+json',
  });
  return true;
}

/** `peer-1` and `node/peer-1` mean the same. Throws wrong usage when none is named. */
export function nodeNames(positionals: readonly string[], command: string): readonly string[] {
  if (positionals.length === 0) throw wrongUsage('Say which node.', command);
  return positionals.map((word) => word.replace(/^(nodes?|no)\//, ''));
}

function cordoning(command: string, unschedulable: boolean, summary: string): Command {
  return {
    name: command,
    summary,
    usage: 'NODE…',
    flags: {},
    asksPeer: true,
    run: async ({ args, terminal, session }) => {
      const names = nodeNames(args.positionals, command);
      const { client, resources } = await session();
      const known = await resources();
      for (const name of names) {
        const isNews = await setUnschedulable(client, known, name, unschedulable);
        const shown = fullName(known.named('nodes'), name);
        terminal.out(`${shown} ${isNews ? '' : 'already '}${command}ed\n`);
      }
    },
  };
}

export const cordonCommand = cordoning('cordon', true, 'Let no new pods come to a node');
export const uncordonCommand = cordoning('uncordon', false, 'Let new pods come to a node again');
