// The ClusterRoles and ClusterRoleBindings that every user of Kubernetes expects to find.

import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Subject,
} from 'kubernetes-types/rbac/v1.d.ts';
import { RBAC_GROUP } from '../../objects/kinds/rbac/role.ts';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const ALL = ['*'];

/** Only objects that say otherwise here are left as they are. */
export const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';
const BOOTSTRAPPING = 'kubernetes.io/bootstrapping';

const aggregateLabel = (name: string): string => `${RBAC_GROUP}/aggregate-to-${name}`;

const listed = (words: string): string[] => words.split(/\s+/);

/** `resources` are parted by spaces. */
const rule = (verbs: readonly string[], group: string, resources: string): PolicyRule => ({
  apiGroups: [group],
  resources: listed(resources),
  verbs: [...verbs],
});

const paths = (words: string): PolicyRule => ({ nonResourceURLs: listed(words), verbs: ['get'] });

const metadataOf = (name: string, aggregatesTo: readonly string[]) => ({
  name,
  annotations: { [AUTO_UPDATE]: 'true' },
  labels: {
    [BOOTSTRAPPING]: 'rbac-defaults',
    ...Object.fromEntries(aggregatesTo.map((target) => [aggregateLabel(target), 'true'])),
  },
});

const role = (
  name: string,
  rules: PolicyRule[],
  aggregatesTo: readonly string[] = [],
): ClusterRole => ({ metadata: metadataOf(name, aggregatesTo), rules });

/** Its rules are those of all roles that say they aggregate to it. */
const aggregated = (name: string, aggregatesTo: readonly string[] = []): ClusterRole => ({
  metadata: metadataOf(name, aggregatesTo),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregateLabel(name)]: 'true' } }] },
  rules: [],
});

const viewRules: PolicyRule[] = [
  rule(
    READ,
    '',
    `configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods
    replicationcontrollers replicationcontrollers/scale serviceaccounts services
    services/status`,
  ),
  rule(
    READ,
    '',
    `bindings events limitranges namespaces/status pods/log pods/status
    replicationcontrollers/status resourcequotas resourcequotas/status`,
  ),
  rule(READ, '', 'namespaces'),
  rule(READ, 'discovery.k8s.io', 'endpointslices'),
  rule(
    READ,
    'apps',
    `controllerrevisions daemonsets daemonsets/status deployments deployments/scale
    deployments/status replicasets replicasets/scale replicasets/status statefulsets
    statefulsets/scale statefulsets/status`,
  ),
  rule(READ, 'autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status'),
  rule(READ, 'batch', 'cronjobs cronjobs/status jobs jobs/status'),
  rule(READ, 'policy', 'poddisruptionbudgets poddisruptionbudgets/status'),
  rule(READ, 'networking.k8s.io', 'ingresses ingresses/status networkpolicies'),
];

const editRules: PolicyRule[] = [
  rule(READ, '', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy'),
  rule(['impersonate'], '', 'serviceaccounts'),
  rule(WRITE, '', 'pods pods/attach pods/exec pods/portforward pods/proxy'),
  rule(['create'], '', 'pods/eviction'),
  rule(
    WRITE,
    '',
    `configmaps events persistentvolumeclaims replicationcontrollers
    replicationcontrollers/scale secrets serviceaccounts services services/proxy`,
  ),
  rule(['create'], '', 'serviceaccounts/token'),
  rule(
    WRITE,
    'apps',
    `daemonsets deployments deployments/rollback deployments/scale replicasets
    replicasets/scale statefulsets statefulsets/scale`,
  ),
  rule(WRITE, 'autoscaling', 'horizontalpodautoscalers'),
  rule(WRITE, 'batch', 'cronjobs jobs'),
  rule(WRITE, 'policy', 'poddisruptionbudgets'),
  rule(WRITE, 'networking.k8s.io', 'ingresses networkpolicies'),
  rule([...READ, ...WRITE], 'coordination.k8s.io', 'leases'),
];

const adminRules: PolicyRule[] = [
  rule(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews'),
  rule([...READ, ...WRITE], RBAC_GROUP, 'rolebindings roles'),
];

/** Of whatever is not tied to its own node: that is for the node authorizer, which needs no binding. */
const nodeRules: PolicyRule[] = [
  rule(['create'], 'authentication.k8s.io', 'tokenreviews'),
  rule(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  rule(READ, '', 'services'),
  rule(['create', 'patch', 'update'], '', 'events'),
  rule(READ, 'node.k8s.io', 'runtimeclasses'),
];

export const DEFAULT_ROLES: readonly ClusterRole[] = [
  role('cluster-admin', [rule(ALL, '*', '*'), { nonResourceURLs: ['*'], verbs: ['*'] }]),
  aggregated('admin'),
  aggregated('edit', ['admin']),
  aggregated('view', ['edit']),
  role('system:aggregate-to-admin', adminRules, ['admin']),
  role('system:aggregate-to-edit', editRules, ['edit']),
  role('system:aggregate-to-view', viewRules, ['view']),
  role(
    'system:aggregated-metrics-reader',
    [rule(READ, 'metrics.k8s.io', 'nodes pods')],
    ['admin', 'edit', 'view'],
  ),
  role('system:discovery', [
    paths(`/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version
    /version/`),
  ]),
  role('system:public-info-viewer', [paths('/healthz /livez /readyz /version /version/')]),
  role('system:basic-user', [
    rule(['create'], 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    rule(['create'], 'authentication.k8s.io', 'selfsubjectreviews'),
  ]),
  role('system:monitoring', [
    paths('/healthz /healthz/* /livez /livez/* /metrics /metrics/slis /readyz /readyz/*'),
  ]),
  role('system:auth-delegator', [
    rule(['create'], 'authentication.k8s.io', 'tokenreviews'),
    rule(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
  ]),
  role('system:service-account-issuer-discovery', [
    paths('/.well-known/openid-configuration /openid/v1/jwks'),
  ]),
  role('system:node', nodeRules),
];

const group = (name: string): Subject => ({ kind: 'Group', name, apiGroup: RBAC_GROUP });

const binding = (name: string, ...groups: string[]): ClusterRoleBinding => ({
  metadata: metadataOf(name, []),
  roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name },
  subjects: groups.map(group),
});

export const DEFAULT_BINDINGS: readonly ClusterRoleBinding[] = [
  binding('cluster-admin', 'system:masters'),
  binding('system:discovery', 'system:authenticated'),
  binding('system:public-info-viewer', 'system:authenticated', 'system:unauthenticated'),
  binding('system:basic-user', 'system:authenticated'),
  binding('system:monitoring', 'system:monitoring'),
  binding('system:service-account-issuer-discovery', 'system:serviceaccounts'),
  binding('system:node', 'system:nodes'),
];
