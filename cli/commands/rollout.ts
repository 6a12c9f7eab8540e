// `skein rollout`: how a change of a deployment goes, and how to take it back.

import type { Client } from '../client.ts';
import type { Command, Invocation } from '../command.ts';
import { namespaceFlag } from '../command.ts';
import { EXIT, refused, wrongUsage } from '../failure.ts';
import { formatTable } from '../output/table.ts';
import { podSelectorOf } from '../pod-choice.ts';
import type { Resource, Resources } from '../resources.ts';
import { fullName, pathOf, targetsOf } from '../resources.ts';
import type { ApiList, ApiObject } from '../watch.ts';
import { waitUntil, withQuery } from '../watch.ts';
import { parseSeconds } from '../durations.ts';

const REVISION = 'deployment.kubernetes.io/revision';
const CHANGE_CAUSE = 'kubernetes.io/change-cause';
const TEMPLATE_HASH = 'pod-template-hash';
const DEFAULT_WAIT_SECONDS = 600;

interface Deployment {
  readonly client: Client;
  readonly resources: Resources;
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly label: string;
}

async function deploymentOf({ args, command, session }: Invocation): Promise<Deployment> {
  const { client, resources, namespace } = await session();
  const known = await resources();
  const targets = targetsOf(known, args.positionals, command.name);
  const [target] = targets;
  if (target === undefined || target.name === '' || targets.length > 1) {
    throw wrongUsage('Name one deployment: deploy/NAME.', command.name);
  }
  const { resource, name } = target;
  if (resource.kind !== 'Deployment') {
    throw refused(`${fullName(resource, name)} has no rollouts: only deployments have.`);
  }
  const path = pathOf(resource, namespace, name);
  const label = fullName(resource, name);
  return { client, resources: known, resource, namespace, name, path, label };
}

/** What still has to happen; undefined when the rollout is done. Refuses one that is over its deadline. */
export function rolloutProgress(deployment: ApiObject, name: string): string | undefined {
  const { metadata, spec = {}, status = {} } = deployment;
  if ((metadata?.generation ?? 0) > Number(status['observedGeneration'] ?? 0)) {
    return 'Waiting for the change to be seen…';
  }
  const conditions = (status['conditions'] ?? []) as readonly { type: string; reason?: string }[];
  if (conditions.some((c) => c.type === 'Progressing' && c.reason === 'ProgressDeadlineExceeded')) {
    throw refused(
      `${name} exceeded its progress deadline. \`skein describe ${name}\` says why; ` +
        `\`skein rollout undo ${name}\` takes the change back.`,
    );
  }
  const wanted = Number(spec['replicas'] ?? 1);
  const total = Number(status['replicas'] ?? 0);
  const updated = Number(status['updatedReplicas'] ?? 0);
  const available = Number(status['availableReplicas'] ?? 0);
  if (updated < wanted) return `${updated} of ${wanted} replicas are new…`;
  if (total > updated) return `${total - updated} old replicas are still to end…`;
  if (available < updated) return `${available} of ${updated} new replicas are available…`;
  return undefined;
}

const statusCommand: Command = {
  name: 'rollout status',
  summary: 'Wait until a deployment runs what it says',
  usage: 'deploy/NAME',
  flags: {
    watch: { short: 'w', help: 'wait until it is done (default; --watch=false only tells)' },
    timeout: { value: 'TIME', help: `how long to wait (default: ${DEFAULT_WAIT_SECONDS}s)` },
    ...namespaceFlag,
  },
  asksPeer: true,
  run: async (invocation) => {
    const { args, terminal } = invocation;
    const deployment = await deploymentOf(invocation);
    const { client, label, path } = deployment;
    const seconds = parseSeconds(args.text('timeout') ?? `${DEFAULT_WAIT_SECONDS}s`);
    if (seconds === undefined)
      throw wrongUsage('--timeout is a time such as 2m.', 'rollout status');
    let told = '';
    const isDone = (object: ApiObject | undefined): boolean => {
      if (object === undefined) throw refused(`${label} not found: it was deleted.`);
      const progress = rolloutProgress(object, label);
      if (progress !== undefined && progress !== told) terminal.out(`${label}: ${progress}\n`);
      told = progress ?? told;
      return progress === undefined;
    };
    if (!isDone(await client.json<ApiObject>({ path }))) {
      if (args.isSet('watch') === false) return EXIT.done;
      const wait = { timeoutMs: seconds * 1_000, interrupted: terminal.interrupted };
      await waitUntil(client, { ...deployment, ...wait }, isDone, `${label} to roll out`);
    }
    terminal.out(`${label} successfully rolled out\n`);
    return EXIT.done;
  },
};

const restartCommand: Command = {
  name: 'rollout restart',
  summary: 'Replace all pods of a deployment, one after another',
  usage: 'deploy/NAME',
  flags: namespaceFlag,
  asksPeer: true,
  run: async (invocation) => {
    const { client, path, label } = await deploymentOf(invocation);
    const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() };
    await client.json({
      method: 'PATCH',
      path,
      body: { spec: { template: { metadata: { annotations } } } },
      contentType: 'application/strategic-merge-patch+json',
    });
    invocation.terminal.out(`${label} restarted\n`);
  },
};

interface Revision {
  readonly number: number;
  readonly replicaSet: ApiObject;
}

/** Kept replica sets of the deployment, the oldest first. */
async function revisionsOf(
  { client, resources, namespace }: Deployment,
  deployment: ApiObject,
): Promise<readonly Revision[]> {
  const labelSelector = podSelectorOf(deployment);
  const path = withQuery(pathOf(resources.named('replicasets'), namespace), { labelSelector });
  const { items } = await client.json<ApiList>({ path });
  return items
    .filter(({ metadata }) =>
      (metadata?.ownerReferences ?? []).some(({ uid }) => uid === deployment.metadata?.uid),
    )
    .map((replicaSet) => ({
      number: Number(replicaSet.metadata?.annotations?.[REVISION] ?? 0),
      replicaSet,
    }))
    .sort((a, b) => a.number - b.number);
}

const historyCommand: Command = {
  name: 'rollout history',
  summary: 'List the kept revisions of a deployment',
  usage: 'deploy/NAME',
  flags: namespaceFlag,
  asksPeer: true,
  run: async (invocation) => {
    const deployment = await deploymentOf(invocation);
    const object = await deployment.client.json<ApiObject>({ path: deployment.path });
    const revisions = await revisionsOf(deployment, object);
    const rows = revisions.map(({ number, replicaSet }) => [
      String(number),
      replicaSet.metadata?.annotations?.[CHANGE_CAUSE] ?? '<none>',
    ]);
    invocation.terminal.out(`${deployment.label}\n`);
    invocation.terminal.out(formatTable([['REVISION', 'CHANGE-CAUSE'], ...rows]));
  },
};

/** The template as it was, without the label that the controller adds. */
function templateOf(replicaSet: ApiObject): unknown {
  const template = replicaSet.spec?.['template'] as ApiObject;
  const { [TEMPLATE_HASH]: _, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

const undoCommand: Command = {
  name: 'rollout undo',
  summary: 'Go back to an earlier revision of a deployment',
  usage: 'deploy/NAME',
  flags: {
    'to-revision': { value: 'N', help: 'which one (default: the one before)' },
    ...namespaceFlag,
  },
  asksPeer: true,
  run: async (invocation) => {
    const deployment = await deploymentOf(invocation);
    const { client, path, label } = deployment;
    const object = await client.json<ApiObject>({ path });
    const revisions = await revisionsOf(deployment, object);
    const now = Number(object.metadata?.annotations?.[REVISION] ?? revisions.at(-1)?.number ?? 0);
    const wanted = invocation.args.count('to-revision') ?? 0;
    const chosen =
      wanted === 0
        ? revisions.findLast(({ number }) => number !== now)
        : revisions.find(({ number }) => number === wanted);
    if (chosen === undefined) {
      const known = revisions.map(({ number }) => number).join(', ');
      throw refused(
        wanted === 0
          ? `${label} has no earlier revision.`
          : `${label} has no revision ${wanted}. Kept revisions: ${known}.`,
      );
    }
    await client.json({
      method: 'PATCH',
      path,
      body: [{ op: 'replace', path: '/spec/template', value: templateOf(chosen.replicaSet) }],
      contentType: 'application/json-patch+json',
    });
    invocation.terminal.out(`${label} rolled back to revision ${chosen.number}\n`);
  },
};

export const rolloutCommands: readonly Command[] = [
  statusCommand,
  restartCommand,
  undoCommand,
  historyCommand,
];
