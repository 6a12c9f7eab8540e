// `skein scale KIND/NAME --replicas N`.

import type { Command } from '../command.ts';
import { namespaceFlag } from '../command.ts';
import { refused, wrongUsage } from '../failure.ts';
import { fullName, pathOf, targetsOf } from '../resources.ts';
import type { ApiObject } from '../watch.ts';

const MAX_REPLICAS = 2 ** 31 - 1;

export const scaleCommand: Command = {
  name: 'scale',
  summary: 'Say how many replicas a deployment or replica set has',
  usage: 'KIND/NAME… --replicas N',
  flags: {
    replicas: { value: 'N', help: 'how many' },
    'current-replicas': { value: 'N', help: 'only if it has so many now' },
    ...namespaceFlag,
  },
  asksPeer: true,
  examples: ['skein scale deploy/hello --replicas 6'],
  run: async ({ args, terminal, session }) => {
    const replicas = args.count('replicas');
    if (replicas === undefined || replicas > MAX_REPLICAS) {
      throw wrongUsage('Say how many with --replicas N.', 'scale');
    }
    const current = args.count('current-replicas');
    const { client, resources, namespace } = await session();
    const targets = targetsOf(await resources(), args.positionals, 'scale');
    for (const { resource, name } of targets) {
      if (name === '') throw wrongUsage(`Name which of the ${resource.plural}.`, 'scale');
      const path = pathOf(resource, namespace, name, 'scale');
      const before = await client.json<ApiObject>({ path });
      const has = Number(before.spec?.['replicas'] ?? 0);
      if (current !== undefined && has !== current) {
        throw refused(`${fullName(resource, name)} has ${has} replicas, not ${current}.`);
      }
      const version = before.metadata?.resourceVersion;
      const metadata = current === undefined ? {} : { metadata: { resourceVersion: version } };
      await client.json({
        method: 'PATCH',
        path,
        body: { ...metadata, spec: { replicas } },
        contentType: 'application/merge-patch+json',
      });
      terminal.out(`${fullName(resource, name)} scaled\n`);
    }
  },
};
