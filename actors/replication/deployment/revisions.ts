// The ReplicaSets of a Deployment: which is the current one, how they are numbered, and how a new one is made.

import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.d.ts';
import { randomUuid } from '../../../runtime/index.ts';
import type { Moment } from '../../duties/controller.ts';
import { timestamp } from '../../objects/meta.ts';
import { controllerReference } from '../../objects/owner-reference.ts';
import type { Budget } from './budget.ts';
import { HASH_LABEL, sameTemplate } from './template-hash.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
const DESIRED = 'deployment.kubernetes.io/desired-replicas';
const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
/** Annotations of a Deployment that say nothing about its ReplicaSets. */
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED,
  MAX_REPLICAS,
]);

type Annotations = Readonly<Record<string, string>>;

const createdMs = (set: ReplicaSet): number => Date.parse(set.metadata?.creationTimestamp ?? '');

/** The number of a set's revision; 0 when it has none. */
export const revisionOf = (set: ReplicaSet): number =>
  Number(set.metadata?.annotations?.[REVISION] ?? 0) || 0;

/** The desired count that a set was last sized for; undefined when nothing says. */
export function sizedFor(set: ReplicaSet): number | undefined {
  const text = set.metadata?.annotations?.[DESIRED];
  return text === undefined ? undefined : Number(text);
}

/** Oldest first; names decide between equals. */
export const byAge = <R extends ReplicaSet>(sets: readonly R[]): readonly R[] =>
  [...sets].sort(
    (a, b) =>
      createdMs(a) - createdMs(b) || ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1),
  );

/** The set that runs the Deployment's template: the oldest of them, should there be several. */
export const currentSet = <R extends ReplicaSet>(
  deployment: Deployment,
  sets: readonly R[],
): R | undefined =>
  byAge(sets).find((set) => sameTemplate(set.spec?.template, deployment.spec?.template));

/** The annotations of a set sized for `budget`: the Deployment's own and the bookkeeping. */
export function sizeAnnotations(known: Annotations | undefined, budget: Budget): Annotations {
  return {
    ...known,
    [DESIRED]: String(budget.desired),
    [MAX_REPLICAS]: String(budget.desired + budget.maxSurge),
  };
}

/** The annotations of the current set: numbered one above all others, its former number remembered. */
export function currentAnnotations(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  others: readonly ReplicaSet[],
): Annotations {
  const known = current?.metadata?.annotations ?? {};
  const copied = Object.entries(deployment.metadata?.annotations ?? {}).filter(
    ([key]) => !NOT_COPIED.has(key),
  );
  const newest = Math.max(0, ...others.map(revisionOf));
  const mine = current === undefined ? 0 : revisionOf(current);
  const annotations: Record<string, string> = { ...known, ...Object.fromEntries(copied) };
  if (mine > newest) return annotations;
  annotations[REVISION] = String(newest + 1);
  const history = known[REVISION_HISTORY];
  if (mine > 0) annotations[REVISION_HISTORY] = history ? `${history},${mine}` : String(mine);
  return annotations;
}

/** The ReplicaSet for the Deployment's present template. */
export function newReplicaSet(
  deployment: Deployment,
  hash: string,
  replicas: number,
  annotations: Annotations,
  moment: Moment,
): ReplicaSet {
  const { spec, metadata } = deployment;
  const template = spec?.template;
  const labels = { ...template?.metadata?.labels, [HASH_LABEL]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${metadata?.name}-${hash}`,
      namespace: metadata?.namespace ?? 'default',
      uid: randomUuid(moment.random),
      creationTimestamp: timestamp(moment.nowMs),
      generation: 1,
      labels,
      annotations: { ...annotations },
      ownerReferences: [controllerReference('Deployment', deployment)],
    },
    spec: {
      replicas,
      selector: {
        ...spec?.selector,
        matchLabels: { ...spec?.selector.matchLabels, [HASH_LABEL]: hash },
      },
      ...(spec?.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
    status: { replicas: 0 },
  };
}
