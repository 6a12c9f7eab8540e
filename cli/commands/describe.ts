// `skein describe KIND NAME`: all there is to say about objects, with their events.

import type { Command } from '../command.ts';
import { namespaceFlag, selectorFlag } from '../command.ts';
import { describeObject } from '../describe/describe-object.ts';
import { refused } from '../failure.ts';
import { pathOf, targetsOf } from '../resources.ts';
import type { ApiList, ApiObject } from '../watch.ts';
import { withQuery } from '../watch.ts';

/** Objects described at once: each costs several requests. */
const MAX_OBJECTS = 500;

export const describeCommand: Command = {
  name: 'describe',
  summary: 'Tell everything about an object, with its events',
  usage: 'KIND [NAME…] | KIND/NAME…',
  flags: {
    ...namespaceFlag,
    'all-namespaces': { short: 'A', help: 'objects of all namespaces' },
    ...selectorFlag,
  },
  asksPeer: true,
  examples: ['skein describe pod hello-1', 'skein describe node/peer-2'],
  run: async ({ args, terminal, session }) => {
    const { client, resources, namespace } = await session();
    const known = await resources();
    const labelSelector = args.text('selector');
    const within = args.isSet('all-namespaces') === true ? '' : namespace;
    let described = 0;
    for (const { resource, name } of targetsOf(known, args.positionals, 'describe')) {
      const path = pathOf(resource, within, name);
      const objects =
        name === ''
          ? (await client.json<ApiList>({ path: withQuery(path, { labelSelector }) })).items
          : [await client.json<ApiObject>({ path })];
      for (const object of objects) {
        if (described === MAX_OBJECTS) {
          throw refused(`More than ${MAX_OBJECTS} objects: choose fewer with -l SELECTOR.`);
        }
        if (described++ > 0) terminal.out('\n\n');
        terminal.out(await describeObject(client, known, resource, object));
      }
    }
    if (described === 0) terminal.err('No resources found\n');
  },
};
