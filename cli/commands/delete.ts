// `skein delete`: objects of a file, by name or by labels; returns when they are gone.

import { placeManifests } from '../apply/apply-manifest.ts';
import { readManifests } from '../apply/manifests.ts';
import type { Command, Invocation } from '../command.ts';
import { namespaceFlag, selectorFlag } from '../command.ts';
import { asFailure, EXIT, isNotFound, wrongUsage } from '../failure.ts';
import type { CommandFailure } from '../failure.ts';
import type { Resource } from '../resources.ts';
import { fullName, pathOf, targetsOf } from '../resources.ts';
import type { ApiList, ApiObject } from '../watch.ts';
import { waitUntil, withQuery } from '../watch.ts';
import { parseSeconds } from '../durations.ts';
import { fileFlags } from './apply.ts';

/** Waiting without --timeout ends after this: longer than any grace period people use. */
const MAX_WAIT_SECONDS = 3_600;
/** Policy of Kubernetes' own clients: owners go first, what they own is collected after them. */
const PROPAGATION = ['background', 'foreground', 'orphan'];

interface Doomed {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
}

async function byFile(invocation: Invocation): Promise<readonly Doomed[]> {
  const { args, terminal } = invocation;
  const recursive = args.isSet('recursive') === true;
  const manifests = await readManifests(args.texts('filename'), recursive, terminal, 'delete');
  const { resources, namespace } = await invocation.session();
  const isGiven = args.text('namespace') !== undefined;
  const placed = placeManifests(manifests, await resources(), namespace, isGiven);
  return placed.map((one) => ({ ...one, name: one.manifest.name }));
}

async function byWords(invocation: Invocation): Promise<readonly Doomed[]> {
  const { args } = invocation;
  const { client, resources, namespace } = await invocation.session();
  const targets = targetsOf(await resources(), args.positionals, 'delete');
  const isAll = args.isSet('all') === true;
  const labelSelector = args.text('selector');
  const doomed: Doomed[] = [];
  for (const { resource, name } of targets) {
    if (name !== '') doomed.push({ resource, namespace, name });
    else if (!isAll && labelSelector === undefined) {
      throw wrongUsage(
        `Name which ${resource.plural}, or choose with -l SELECTOR or --all.`,
        'delete',
      );
    } else {
      const path = withQuery(pathOf(resource, namespace), { labelSelector });
      const { items } = await client.json<ApiList>({ path });
      doomed.push(
        ...items.map(({ metadata }) => ({ resource, namespace, name: metadata?.name ?? '' })),
      );
    }
  }
  return doomed;
}

function bodyOf({ args }: Invocation): Readonly<Record<string, unknown>> {
  const grace = args.isSet('now') === true ? 1 : args.count('grace-period');
  if (args.isSet('now') === true && args.text('grace-period') !== undefined) {
    throw wrongUsage('Give --now or --grace-period, not both.', 'delete');
  }
  const cascade = args.text('cascade') ?? 'background';
  if (!PROPAGATION.includes(cascade)) {
    throw wrongUsage(`--cascade=${cascade} is not one of ${PROPAGATION.join(', ')}.`, 'delete');
  }
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    propagationPolicy: cascade[0]!.toUpperCase() + cascade.slice(1),
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
  };
}

function waitSeconds({ args }: Invocation): number {
  const timeout = args.text('timeout');
  if (timeout === undefined || timeout === '0s' || timeout === '0') return MAX_WAIT_SECONDS;
  const seconds = parseSeconds(timeout);
  if (seconds !== undefined) return seconds;
  throw wrongUsage(`--timeout ${JSON.stringify(timeout)} is not a time such as 30s.`, 'delete');
}

/** The uid of what was deleted, to tell it from a successor of the same name. */
async function uidOf(invocation: Invocation, doomed: Doomed): Promise<string | undefined> {
  const { client } = await invocation.session();
  const path = pathOf(doomed.resource, doomed.namespace, doomed.name);
  const { metadata } = await client.json<ApiObject>({ path });
  return metadata?.uid;
}

export const deleteCommand: Command = {
  name: 'delete',
  summary: 'Delete objects and wait until they are gone',
  usage: '-f FILE | KIND NAME… | KIND -l SELECTOR',
  flags: {
    ...fileFlags,
    ...namespaceFlag,
    ...selectorFlag,
    all: { help: 'all objects of the kind in the namespace' },
    wait: { help: 'wait until they are gone (default; --wait=false does not)' },
    timeout: { value: 'TIME', help: 'how long to wait: 30s, 5m' },
    'grace-period': { value: 'SECONDS', help: 'time that pods get to end by themselves' },
    now: { help: 'the shortest grace: 1 second' },
    cascade: { value: 'HOW', help: 'background, foreground or orphan' },
    'ignore-not-found': { help: 'what is not there counts as deleted' },
  },
  asksPeer: true,
  examples: ['skein delete -f examples/hello.yaml', 'skein delete pod hello-1 --now'],
  run: async (invocation) => {
    const { args, terminal } = invocation;
    const isByFile = args.texts('filename').length > 0;
    if (isByFile && args.positionals.length > 0) {
      throw wrongUsage('Give -f FILE or KIND NAME, not both.', 'delete');
    }
    const body = bodyOf(invocation);
    const timeoutSeconds = waitSeconds(invocation);
    const { client } = await invocation.session();
    const all = isByFile ? await byFile(invocation) : await byWords(invocation);
    if (all.length === 0) terminal.err('No resources found\n');
    const waiting: (Doomed & { readonly uid: string | undefined })[] = [];
    const failures: CommandFailure[] = [];
    for (const doomed of all) {
      const { resource, namespace, name } = doomed;
      try {
        const uid = await uidOf(invocation, doomed);
        await client.json({ method: 'DELETE', path: pathOf(resource, namespace, name), body });
        const shown = fullName(resource, name).replace('/', ' "');
        terminal.out(`${shown}" deleted\n`);
        waiting.push({ ...doomed, uid });
      } catch (error) {
        if (isNotFound(error) && args.isSet('ignore-not-found') === true) continue;
        const failure = asFailure(error);
        if (failure.exitCode === EXIT.unreachable) throw failure;
        failures.push(failure);
        terminal.err(`skein: ${failure.message}\n`);
      }
    }
    const until = performance.now() + timeoutSeconds * 1_000;
    for (const one of args.isSet('wait') === false ? [] : waiting) {
      const timeoutMs = Math.max(1_000, Math.round(until - performance.now()));
      await waitUntil(
        client,
        { ...one, timeoutMs, interrupted: terminal.interrupted },
        (object) => object === undefined || object.metadata?.uid !== one.uid,
        `${fullName(one.resource, one.name)} to be gone`,
      );
    }
    return failures[0]?.exitCode ?? EXIT.done;
  },
};
