// `skein drain NODE`: no new pods, and those that are there move elsewhere.
//
//   cordon --> pods of the node --> each: evict --429: a budget forbids--> again a little later
//                                         └--accepted--> wait until it is gone

import { setTimeout as delay } from 'node:timers/promises';
import type { Command, Invocation } from '../command.ts';
import { CommandFailure, EXIT, isNotFound, refused, wrongUsage } from '../failure.ts';
import { pathOf } from '../resources.ts';
import type { ApiList, ApiObject } from '../watch.ts';
import { waitUntil, withQuery } from '../watch.ts';
import { nodeNames, setUnschedulable } from './cordon.ts';
import { parseSeconds } from '../durations.ts';

/** A budget that forbids an eviction is asked again after this. */
const RETRY_MS = 2_000;
const DEFAULT_TIMEOUT_SECONDS = 600;

const controllerOf = (pod: ApiObject): string | undefined =>
  pod.metadata?.ownerReferences?.find(({ controller }) => controller === true)?.kind;

const isOver = (pod: ApiObject): boolean =>
  ['Succeeded', 'Failed'].includes(String(pod.status?.['phase']));

const hasLocalData = (pod: ApiObject): boolean =>
  ((pod.spec?.['volumes'] ?? []) as readonly object[]).some((volume) => 'emptyDir' in volume);

const label = ({ metadata }: ApiObject): string => `${metadata?.namespace}/${metadata?.name}`;

/** Which pods go. Refuses when some would be lost and the person did not accept that. */
export function podsToEvict(
  pods: readonly ApiObject[],
  accepts: {
    readonly force: boolean;
    readonly ignoreDaemonSets: boolean;
    readonly deleteLocalData: boolean;
  },
): readonly ApiObject[] {
  const problems: string[] = [];
  const going = pods.filter((pod) => {
    const controller = controllerOf(pod);
    if (controller === 'DaemonSet') {
      if (!accepts.ignoreDaemonSets) {
        problems.push(`${label(pod)} belongs to a DaemonSet: --ignore-daemonsets leaves it`);
      }
      return false;
    }
    if (isOver(pod)) return true;
    if (controller === undefined && !accepts.force) {
      problems.push(`${label(pod)} has no controller, nothing would replace it: --force`);
    }
    if (hasLocalData(pod) && !accepts.deleteLocalData) {
      problems.push(`${label(pod)} has an emptyDir that would be lost: --delete-emptydir-data`);
    }
    return true;
  });
  if (problems.length === 0) return going;
  throw refused(`Some pods cannot go without a flag:\n${problems.map((p) => `  ${p}`).join('\n')}`);
}

async function evict(invocation: Invocation, pod: ApiObject, untilMs: number): Promise<void> {
  const { args, terminal } = invocation;
  const { client, resources } = await invocation.session();
  const { name = '', namespace = '', uid } = pod.metadata ?? {};
  const pods = (await resources()).named('pods');
  const gracePeriodSeconds = args.count('grace-period');
  for (;;) {
    try {
      await client.json({
        method: 'POST',
        path: pathOf(pods, namespace, name, 'eviction'),
        body: {
          apiVersion: 'policy/v1',
          kind: 'Eviction',
          metadata: { name, namespace },
          deleteOptions: gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds },
        },
      });
      break;
    } catch (error) {
      if (isNotFound(error)) return;
      const isForbidden = error instanceof CommandFailure && error.status?.code === 429;
      if (!isForbidden || performance.now() > untilMs) throw error;
      terminal.err(`pod ${label(pod)}: ${(error as Error).message}; asking again\n`);
      await delay(RETRY_MS, undefined, { signal: terminal.interrupted });
    }
  }
  const timeoutMs = Math.max(1_000, Math.round(untilMs - performance.now()));
  await waitUntil(
    client,
    { resource: pods, namespace, name, timeoutMs, interrupted: terminal.interrupted },
    (object) => object === undefined || object.metadata?.uid !== uid,
    `pod ${label(pod)} to leave`,
  );
  terminal.out(`pod/${name} evicted\n`);
}

async function drain(invocation: Invocation, node: string, untilMs: number): Promise<void> {
  const { args, terminal } = invocation;
  const { client, resources } = await invocation.session();
  const known = await resources();
  const isNews = await setUnschedulable(client, known, node, true);
  terminal.out(`node/${node} ${isNews ? '' : 'already '}cordoned\n`);
  const fieldSelector = `spec.nodeName=${node}`;
  const path = withQuery(pathOf(known.named('pods'), ''), {
    fieldSelector,
    labelSelector: args.text('pod-selector'),
  });
  const { items } = await client.json<ApiList>({ path });
  const going = podsToEvict(items, {
    force: args.isSet('force') === true,
    ignoreDaemonSets: args.isSet('ignore-daemonsets') === true,
    deleteLocalData: args.isSet('delete-emptydir-data') === true,
  });
  for (const pod of going) terminal.out(`evicting pod ${label(pod)}\n`);
  await Promise.all(going.map((pod) => evict(invocation, pod, untilMs)));
  terminal.out(`node/${node} drained\n`);
}

export const drainCommand: Command = {
  name: 'drain',
  summary: 'Cordon a node; its pods and the lead of the zone move elsewhere',
  usage: 'NODE…',
  flags: {
    force: { help: 'also pods without a controller: nothing replaces them' },
    'ignore-daemonsets': { help: 'leave pods of daemon sets where they are' },
    'delete-emptydir-data': { help: 'also pods whose emptyDir volumes are lost' },
    'grace-period': { value: 'SECONDS', help: 'time that pods get to end by themselves' },
    'pod-selector': { value: 'SELECTOR', help: 'only pods with these labels' },
    timeout: { value: 'TIME', help: `how long to try (default: ${DEFAULT_TIMEOUT_SECONDS}s)` },
  },
  asksPeer: true,
  run: async (invocation) => {
    const { args } = invocation;
    const names = nodeNames(args.positionals, 'drain');
    const timeout = args.text('timeout') ?? `${DEFAULT_TIMEOUT_SECONDS}s`;
    const seconds = parseSeconds(timeout);
    if (seconds === undefined) {
      throw wrongUsage(`--timeout ${JSON.stringify(timeout)} is not a time such as 2m.`, 'drain');
    }
    const untilMs = performance.now() + seconds * 1_000;
    for (const name of names) await drain(invocation, name, untilMs);
    return EXIT.done;
  },
};
