// `skein label` and `skein annotate`: sets and removes what is said about objects.

import type { Command, Invocation } from '../command.ts';
import { namespaceFlag, selectorFlag } from '../command.ts';
import { refused, wrongUsage } from '../failure.ts';
import type { Resource, Resources } from '../resources.ts';
import { fullName, pathOf, targetsOf } from '../resources.ts';
import type { Session } from '../session.ts';
import type { ApiList, ApiObject } from '../watch.ts';
import { withQuery } from '../watch.ts';

type Field = 'labels' | 'annotations';

/** null removes. */
type Changes = Readonly<Record<string, string | null>>;

interface Wish {
  readonly words: readonly string[];
  readonly changes: Changes;
}

const isChange = (word: string): boolean => word.includes('=') || /[^-]-$/.test(word);

/** Splits `KIND NAME k=v other-` into objects and changes. */
export function parseChanges(positionals: readonly string[], command: string): Wish {
  const first = positionals.findIndex(isChange);
  const words = first < 0 ? positionals : positionals.slice(0, first);
  const wanted = first < 0 ? [] : positionals.slice(first);
  const changes: Record<string, string | null> = {};
  for (const word of wanted) {
    if (!isChange(word)) {
      throw wrongUsage(
        `${JSON.stringify(word)} stands after changes: objects come first.`,
        command,
      );
    }
    const at = word.indexOf('=');
    const key = at < 0 ? word.slice(0, -1) : word.slice(0, at);
    if (key === '') throw wrongUsage(`${JSON.stringify(word)} has no key.`, command);
    if (Object.hasOwn(changes, key)) throw wrongUsage(`${key} is changed twice.`, command);
    changes[key] = at < 0 ? null : word.slice(at + 1);
  }
  if (wanted.length === 0) {
    throw wrongUsage('Say what to change: KEY=VALUE sets, KEY- removes.', command);
  }
  return { words, changes };
}

interface Found {
  readonly resource: Resource;
  readonly object: ApiObject;
}

async function findObjects(
  { args }: Invocation,
  { client, namespace }: Session,
  resources: Resources,
  words: readonly string[],
  command: string,
): Promise<readonly Found[]> {
  const labelSelector = args.text('selector');
  const found: Found[] = [];
  for (const { resource, name } of targetsOf(resources, words, command)) {
    const path = pathOf(resource, namespace, name);
    if (name !== '') found.push({ resource, object: await client.json<ApiObject>({ path }) });
    else if (labelSelector === undefined && args.isSet('all') !== true) {
      throw wrongUsage(`Name which ${resource.plural}, or choose with -l or --all.`, command);
    } else {
      const list = await client.json<ApiList>({ path: withQuery(path, { labelSelector }) });
      found.push(...list.items.map((object) => ({ resource, object })));
    }
  }
  return found;
}

/** Refuses to replace a value unless that was asked for, as kubectl does. */
function checkOverwrite(found: Found, field: Field, changes: Changes, mayOverwrite: boolean): void {
  const now = found.object.metadata?.[field] ?? {};
  for (const [key, value] of Object.entries(changes)) {
    const before = now[key];
    if (value === null || before === undefined || before === value || mayOverwrite) continue;
    throw refused(
      `${fullName(found.resource, found.object.metadata?.name ?? '')} has ${key}=${before} ` +
        'already. Give --overwrite to replace it.',
    );
  }
}

function changing(command: string, field: Field, done: string): Command {
  return {
    name: command,
    summary: `Set or remove ${field} of objects`,
    usage: 'KIND NAME… KEY=VALUE… KEY-…',
    flags: {
      overwrite: { help: 'replace values that differ' },
      all: { help: 'all objects of the kind in the namespace' },
      ...selectorFlag,
      ...namespaceFlag,
    },
    asksPeer: true,
    examples: [`skein ${command} node peer-2 skein.dev/rack=b`, `skein ${command} pods --all old-`],
    run: async (invocation) => {
      const { args, terminal } = invocation;
      const { words, changes } = parseChanges(args.positionals, command);
      const session = await invocation.session();
      const resources = await session.resources();
      const found = await findObjects(invocation, session, resources, words, command);
      for (const one of found) {
        checkOverwrite(one, field, changes, args.isSet('overwrite') === true);
      }
      for (const { resource, object } of found) {
        const { name = '', namespace = '' } = object.metadata ?? {};
        const now = object.metadata?.[field] ?? {};
        const isNews = Object.entries(changes).some(([key, value]) => (now[key] ?? null) !== value);
        if (isNews) {
          await session.client.json({
            method: 'PATCH',
            path: pathOf(resource, namespace, name),
            body: { metadata: { [field]: changes } },
            contentType: 'application/merge-patch+json',
          });
        }
        terminal.out(`${fullName(resource, name)} ${isNews ? done : `not ${done}`}\n`);
      }
    },
  };
}

export const labelCommand = changing('label', 'labels', 'labeled');
export const annotateCommand = changing('annotate', 'annotations', 'annotated');
