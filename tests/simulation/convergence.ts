// What must be true once a zone is healed and quiet: every reason why it is not yet, in words.

import type { ObjectView, Stored } from '../../actors/objects/objects.ts';
import { DUTY_PREFIX, parseHolder } from '../../actors/duties/duty.ts';
import { allocationKey, readAllocation } from '../../actors/objects/allocation.ts';
import { isConditionTrue } from '../../actors/objects/conditions.ts';
import { isNodeReady } from '../../actors/objects/node-status.ts';
import { prefixEnd } from '../../consensus/index.ts';
import type { Store } from '../../consensus/index.ts';
import type { Cluster, UpMember } from './cluster.ts';

/** Nothing when all is as desired; `duties` are those that somebody must hold. */
export function unmet(cluster: Cluster, duties: ReadonlySet<string>): readonly string[] {
  const up = cluster.up();
  if (up.length < cluster.members().length) return [`${up.length} peers are up`];
  const leaving = cluster.members().filter(({ standing }) => standing === 'leaving');
  if (leaving.length > 0) return leaving.map(({ name }) => `${name} has not left yet`);
  const { objects, store } = up[0]!.life.peer;
  return [
    ...zoneProblems(up),
    ...dutyProblems(up, store, duties),
    ...nodeProblems(objects.view, cluster),
    ...deploymentProblems(objects.view),
    ...endpointProblems(objects.view),
    ...containerProblems(cluster, objects.view),
    ...promiseProblems(objects.view, store),
  ];
}

/** Of so many full peers, each a failure domain of its own, among so many: a witness counts where there are two. */
const votersOf = (full: number, all: number): number =>
  full === 2 && all > 2 ? 3 : Math.min(5, full % 2 === 0 ? full - 1 : full);

/** One leader, voters that are the right number, and the same state everywhere. */
function zoneProblems(up: readonly UpMember[]): readonly string[] {
  const problems: string[] = [];
  const statuses = up.map(({ life }) => life.peer.store.status());
  const leaders = statuses.filter(({ role }) => role === 'leader');
  if (leaders.length !== 1) problems.push(`${leaders.length} leaders`);
  const voters = votersOf(up.filter(({ isWitness }) => !isWitness).length, up.length);
  for (const [i, { revision, term, voters: seen }] of statuses.entries()) {
    const { name } = up[i]!;
    if (revision !== statuses[0]!.revision) problems.push(`${name} is at revision ${revision}`);
    if (term !== statuses[0]!.term) problems.push(`${name} is in term ${term}`);
    if (seen.length !== voters) problems.push(`${name} sees voters ${seen.join(', ')}`);
  }
  return problems;
}

function dutyProblems(
  up: readonly UpMember[],
  store: Store,
  duties: ReadonlySet<string>,
): readonly string[] {
  return [...duties].flatMap((duty) => {
    const holder = parseHolder(store.view.get(`${DUTY_PREFIX}${duty}`)?.value ?? '');
    return up.some(({ name }) => name === holder?.peer) ? [] : [`nobody holds duty ${duty}`];
  });
}

function nodeProblems(view: ObjectView, cluster: Cluster): readonly string[] {
  const nodes = view.list('Node');
  const full = cluster.members().filter(({ isWitness }) => !isWitness);
  return [
    ...(nodes.length === full.length ? [] : [`${nodes.length} nodes`]),
    ...nodes
      .filter((node) => !isNodeReady(node) || (node.spec?.taints ?? []).length > 0)
      .map((node) => `node ${node.metadata?.name} is not ready or tainted`),
  ];
}

const podsOf = (view: ObjectView, deployment: Stored<'Deployment'>): readonly Stored<'Pod'>[] =>
  view
    .listOwnedBy('ReplicaSet', deployment.metadata?.uid ?? '')
    .flatMap((set) => view.listOwnedBy('Pod', set.metadata?.uid ?? ''));

const isReady = ({ status, metadata }: Stored<'Pod'>): boolean =>
  status?.phase === 'Running' &&
  metadata?.deletionTimestamp === undefined &&
  isConditionTrue(status.conditions, 'Ready');

const describePod = ({ metadata, spec, status }: Stored<'Pod'>): string =>
  `${metadata?.name} ${spec?.nodeName ?? 'unbound'} ${status?.phase}` +
  (metadata?.deletionTimestamp === undefined ? '' : ' ending');

/** Exactly the desired replicas, all ready, all of the newest template, and a status that says so; nothing else is left. */
function deploymentProblems(view: ObjectView): readonly string[] {
  const problems: string[] = [];
  const owned = new Set<string>();
  for (const deployment of view.list('Deployment')) {
    const name = deployment.metadata?.name;
    const wanted = deployment.spec?.replicas ?? 1;
    const pods = podsOf(view, deployment);
    for (const pod of pods) owned.add(pod.metadata?.uid ?? '');
    const version = versionOf(deployment.spec?.template.metadata?.annotations);
    const current = pods.filter(
      (pod) => isReady(pod) && versionOf(pod.metadata?.annotations) === version,
    );
    if (current.length !== wanted || pods.length !== wanted) {
      problems.push(
        `deployment ${name} wants ${wanted}, ${current.length} are current and ready of ` +
          `[${pods.map(describePod).join(', ')}]`,
      );
    }
    const { observedGeneration, readyReplicas = 0, updatedReplicas = 0 } = deployment.status ?? {};
    const tells = observedGeneration === deployment.metadata?.generation;
    if (!tells || readyReplicas !== wanted || updatedReplicas !== wanted) {
      problems.push(`the status of deployment ${name} is behind`);
    }
  }
  const left = view.list('Pod').filter(({ metadata }) => !owned.has(metadata?.uid ?? ''));
  if (left.length > 0) problems.push(`${left.length} pods belong to nothing`);
  return problems;
}

const versionOf = (annotations: Readonly<Record<string, string>> | undefined): string =>
  annotations?.['version'] ?? '';

/** Ready addresses of a Service are the addresses of the ready pods that it selects. */
function endpointProblems(view: ObjectView): readonly string[] {
  return view.list('Service').flatMap((service) => {
    const name = service.metadata?.name;
    const app = service.spec?.selector?.['app'];
    if (app === undefined) return [];
    const wanted = view
      .list('Pod', 'default')
      .filter((pod) => pod.metadata?.labels?.['app'] === app && isReady(pod))
      .map(({ status }) => status?.podIP ?? '');
    const found = view
      .list('EndpointSlice', 'default')
      .filter(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === name)
      .flatMap(({ endpoints }) => endpoints)
      .filter(({ conditions }) => conditions?.ready === true)
      .flatMap(({ addresses }) => addresses);
    const isEqual = JSON.stringify(wanted.sort()) === JSON.stringify(found.sort());
    return isEqual ? [] : [`service ${name} reaches ${found.join(' ')}, not ${wanted.join(' ')}`];
  });
}

/** What runs is what the store binds, where it binds it, once. */
function containerProblems(cluster: Cluster, view: ObjectView): readonly string[] {
  const problems: string[] = [];
  const live = new Map<string, number>();
  for (const { name, machine } of cluster.members()) {
    for (const { podUid, id } of machine.containers.running()) {
      const node = view.getByUid('Pod', podUid)?.spec?.nodeName;
      if (node !== name) problems.push(`${id} runs on ${name}, the store says ${node}`);
      live.set(podUid, (live.get(podUid) ?? 0) + 1);
    }
  }
  for (const pod of view.list('Pod')) {
    const copies = live.get(pod.metadata?.uid ?? '') ?? 0;
    if (copies !== 1) problems.push(`pod ${pod.metadata?.name} has ${copies} live copies`);
  }
  return problems;
}

/** No promise without its pod. */
function promiseProblems(view: ObjectView, store: Store): readonly string[] {
  const prefix = allocationKey('');
  return store.view.range(prefix, prefixEnd(prefix)).kvs.flatMap((record) =>
    Object.keys(readAllocation(record))
      .filter((uid) => view.getByUid('Pod', uid) === undefined)
      .map((uid) => `${record.key} still promises room to pod ${uid}`),
  );
}
