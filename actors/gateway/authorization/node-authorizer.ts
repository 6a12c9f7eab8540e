// What a node may do as itself: its own Node's status, its own pods, what these refer to, and no more.

import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { ObjectView } from '../../objects/objects.ts';
import type { User } from '../request/api-request.ts';
import type { Attributes, Decision, ResourceAttributes } from './attributes.ts';

const NODES_GROUP = 'system:nodes';
const NODE_USER = 'system:node:';
const LEASES_NAMESPACE = 'kube-node-lease';

/** The node that this user is; undefined for anybody else. */
export const nodeOf = ({ name, groups }: User): string | undefined =>
  name.startsWith(NODE_USER) && name.length > NODE_USER.length && groups.includes(NODES_GROUP)
    ? name.slice(NODE_USER.length)
    : undefined;

const READS: readonly string[] = ['get', 'list', 'watch'];
const CHANGES: readonly string[] = ['update', 'patch'];

const allowed: Decision = { allowed: true, reason: '' };
const refused = (reason: string): Decision => ({ allowed: false, reason });

/** Undefined where nodes have nothing to say: the other authorizers decide. */
export function authorizeNode(
  view: Pick<ObjectView, 'get' | 'podsOnNode'>,
  node: string,
  asked: Attributes,
): Decision | undefined {
  if (asked.type === 'path') return undefined;
  const { group, resource, subresource, verb } = asked;
  const whole = subresource === '' ? resource : `${resource}/${subresource}`;
  switch (`${group}/${whole}`) {
    case '/nodes':
      return own(verb === 'get' && asked.name === node, 'a node may read its own Node only');
    case '/nodes/status':
      return own(
        [...CHANGES, 'get'].includes(verb) && asked.name === node,
        'a node may change the status of its own Node only',
      );
    case '/pods':
      return onPods(view, node, asked);
    case '/pods/status':
      return ownPod(view, node, asked, [...CHANGES, 'get']);
    case '/pods/eviction':
      return ownPod(view, node, asked, ['create']);
    case 'coordination.k8s.io/leases':
      return own(
        asked.namespace === LEASES_NAMESPACE &&
          asked.name === node &&
          [...CHANGES, 'get', 'delete'].includes(verb),
        `a node may keep the lease of its own name in ${LEASES_NAMESPACE} only`,
      );
    case '/events':
    case 'events.k8s.io/events':
      return own(['create', ...CHANGES].includes(verb), 'a node may write events only');
    case '/services':
    case 'discovery.k8s.io/endpointslices':
    case 'node.k8s.io/runtimeclasses':
      return own(READS.includes(verb), `a node may only read ${resource}`);
    case '/secrets':
    case '/configmaps':
    case '/serviceaccounts':
      return own(
        verb === 'get' && isReferred(view.podsOnNode(node), asked),
        `no pod of the node refers to it`,
      );
    default:
      return undefined;
  }
}

const own = (isSo: boolean, otherwise: string): Decision => (isSo ? allowed : refused(otherwise));

function onPods(view: Pick<ObjectView, 'get'>, node: string, asked: ResourceAttributes): Decision {
  const { verb, name, fieldSelector = '' } = asked;
  if (name === '' && (verb === 'list' || verb === 'watch')) {
    const selects = fieldSelector.split(',').includes(`spec.nodeName=${node}`);
    return own(selects, `a node may ask for its own pods only: select spec.nodeName=${node}`);
  }
  return ownPod(view, node, asked, ['get', 'delete']);
}

function ownPod(
  view: Pick<ObjectView, 'get'>,
  node: string,
  { verb, namespace, name }: ResourceAttributes,
  verbs: readonly string[],
): Decision {
  const isOwn = view.get('Pod', namespace, name)?.spec?.nodeName === node;
  return own(isOwn && verbs.includes(verb), 'a node may do so to pods that are bound to it only');
}

/** Does a pod name this object in its spec? */
function isReferred(
  pods: readonly Pod[],
  { namespace, name, resource }: ResourceAttributes,
): boolean {
  return pods.some(
    (pod) => pod.metadata?.namespace === namespace && namesIn(pod, resource).has(name),
  );
}

function namesIn({ spec }: Pod, resource: string): ReadonlySet<string | undefined> {
  if (resource === 'serviceaccounts') return new Set([spec?.serviceAccountName]);
  const isSecret = resource === 'secrets';
  const containers = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const volumes = spec?.volumes ?? [];
  const projected = volumes.flatMap((volume) => volume.projected?.sources ?? []);
  return new Set([
    ...(isSecret ? (spec?.imagePullSecrets ?? []).map(({ name }) => name) : []),
    ...volumes.map(({ secret, configMap }) => (isSecret ? secret?.secretName : configMap?.name)),
    ...projected.map(({ secret, configMap }) => (isSecret ? secret?.name : configMap?.name)),
    ...containers.flatMap(({ env, envFrom }) => [
      ...(env ?? []).map(({ valueFrom }) =>
        isSecret ? valueFrom?.secretKeyRef?.name : valueFrom?.configMapKeyRef?.name,
      ),
      ...(envFrom ?? []).map(({ secretRef, configMapRef }) =>
        isSecret ? secretRef?.name : configMapRef?.name,
      ),
    ]),
  ]);
}
