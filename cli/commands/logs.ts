// `skein logs POD`: what a container wrote.

import { pipeline } from 'node:stream/promises';
import type { Client } from '../client.ts';
import type { Command, Invocation } from '../command.ts';
import { namespaceFlag, selectorFlag } from '../command.ts';
import { EXIT, refused, unreachablePeer, wrongUsage } from '../failure.ts';
import { findPods } from '../pod-choice.ts';
import type { Resources } from '../resources.ts';
import { pathOf } from '../resources.ts';
import type { ApiObject } from '../watch.ts';
import { withQuery } from '../watch.ts';
import { parseSeconds } from '../durations.ts';

function sinceSeconds({ args }: Invocation): number | undefined {
  const since = args.text('since');
  if (since === undefined) return undefined;
  const seconds = parseSeconds(since);
  if (seconds !== undefined && seconds > 0) return seconds;
  throw wrongUsage(`--since ${JSON.stringify(since)} is not a time such as 30s, 5m or 2h.`, 'logs');
}

function tailLines({ args }: Invocation): number | undefined {
  return args.text('tail') === '-1' ? undefined : args.count('tail');
}

const containersOf = (pod: ApiObject): readonly string[] =>
  ((pod.spec?.['containers'] ?? []) as readonly { name: string }[]).map(({ name }) => name);

async function printLog(
  invocation: Invocation,
  client: Client,
  resources: Resources,
  pod: ApiObject,
  container: string | undefined,
): Promise<void> {
  const { args, terminal } = invocation;
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const isFollowing = args.isSet('follow');
  const path = withQuery(pathOf(resources.named('pods'), namespace, name, 'log'), {
    container,
    follow: isFollowing,
    previous: args.isSet('previous'),
    timestamps: args.isSet('timestamps'),
    tailLines: tailLines(invocation),
    sinceSeconds: sinceSeconds(invocation),
  });
  const stream = await client.stream({ path, accept: '*/*' }, terminal.interrupted);
  try {
    await pipeline(stream, terminal.outStream, { end: false });
  } catch (error) {
    if (terminal.interrupted.aborted) return;
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return;
    throw unreachablePeer(`The log of ${name} broke off: ${(error as Error).message}.`, error);
  }
}

export const logsCommand: Command = {
  name: 'logs',
  summary: 'Print what a pod’s container wrote',
  usage: 'POD | KIND/NAME',
  flags: {
    follow: { short: 'f', help: 'go on printing what it writes' },
    tail: { value: 'N', help: 'only the last N lines' },
    since: { value: 'TIME', help: 'only what is newer than TIME: 30s, 5m, 2h' },
    container: { short: 'c', value: 'NAME', help: 'which container, when there are several' },
    'all-containers': { help: 'all containers, one after another' },
    previous: { short: 'p', help: 'of the container before its last restart' },
    timestamps: { help: 'with the time of each line' },
    ...selectorFlag,
    ...namespaceFlag,
  },
  asksPeer: true,
  examples: ['skein logs web-0 -f', 'skein logs deploy/hello --tail 20'],
  run: async (invocation) => {
    const { args, terminal } = invocation;
    const [target, stray] = args.positionals;
    const selector = args.text('selector');
    if ((target === undefined) === (selector === undefined) || stray !== undefined) {
      throw wrongUsage('Name one pod, one KIND/NAME, or a selector with -l.', 'logs');
    }
    const session = await invocation.session();
    const { client } = session;
    const resources = await session.resources();
    const pods = await findPods(session, target, selector);
    if (pods.length === 0) {
      throw refused(`No pod has the labels ${selector ?? ''} in namespace ${session.namespace}.`);
    }
    if (target !== undefined && pods.length > 1) {
      terminal.err(
        `Found ${pods.length} pods of ${target}, using pod/${pods[0]!.metadata?.name}\n`,
      );
    }
    const chosen = target === undefined ? pods : pods.slice(0, 1);
    if (chosen.length > 1 && args.isSet('follow') === true) {
      throw refused(`${selector} selects ${chosen.length} pods, and -f follows one: name one.`);
    }
    for (const pod of chosen) {
      const all = args.isSet('all-containers') === true;
      const containers = all ? containersOf(pod) : [args.text('container')];
      for (const container of containers) {
        await printLog(invocation, client, resources, pod, container);
      }
    }
    return EXIT.done;
  },
};
