// What the default roles let whom do, as Kubernetes' answers are known.

import assert from 'node:assert/strict';
import type { Attributes } from '../../../../actors/gateway/authorization/attributes.ts';
import { createAuthorization } from '../../../../actors/gateway/authorization/authorizer.ts';
import { createObjects } from '../../../../actors/objects/object-store.ts';
import type { Objects } from '../../../../actors/objects/objects.ts';
import { createMemoryStore } from '../../objects/memory-store.ts';
import { writeDefaultRoles } from '../../replication/default-roles-fixture.ts';

const GROUP = 'rbac.authorization.k8s.io';

async function zone(): Promise<Objects> {
  const objects = createObjects(createMemoryStore());
  await writeDefaultRoles(objects, 0);
  return objects;
}

const bind = async (objects: Objects, role: string, group: string): Promise<void> => {
  const written = await objects.write([
    {
      type: 'create',
      kind: 'RoleBinding',
      object: {
        metadata: { name: role, namespace: 'web', uid: role },
        roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'Group', name: group, apiGroup: GROUP }],
      },
    },
  ]);
  assert.ok(written.ok);
};

function deed(words: string): Attributes {
  const [verb = '', what = '', namespace = ''] = words.split(' ');
  if (what.startsWith('/')) return { type: 'path', verb, path: what };
  const [whole = '', ...group] = what.split('.');
  const [resource = '', subresource = ''] = whole.split('/');
  return {
    type: 'resource',
    verb,
    group: group.join('.'),
    resource,
    subresource,
    namespace,
    name: '',
  };
}

/** Who (groups, comma), the deed, and whether Kubernetes lets them. */
const KNOWN: readonly (readonly [string, string, boolean])[] = [
  ['system:unauthenticated', 'get /version', true],
  ['system:unauthenticated', 'get /healthz', true],
  ['system:unauthenticated', 'get /api', false],
  ['system:unauthenticated', 'list pods web', false],
  ['system:authenticated', 'get /api/v1', true],
  ['system:authenticated', 'get /apis/apps', true],
  ['system:authenticated', 'get /openapi/v3', true],
  ['system:authenticated', 'get /metrics', false],
  ['system:authenticated', 'create selfsubjectaccessreviews.authorization.k8s.io', true],
  ['system:authenticated', 'create selfsubjectreviews.authentication.k8s.io', true],
  ['system:authenticated', 'create subjectaccessreviews.authorization.k8s.io', false],
  ['system:authenticated', 'create tokenreviews.authentication.k8s.io', false],
  ['system:monitoring', 'get /metrics', true],
  ['system:masters', 'delete nodes', true],
  ['system:masters', 'post /anything', true],
  ['view', 'list pods web', true],
  ['view', 'get pods/log web', true],
  ['view', 'list deployments.apps web', true],
  ['view', 'get secrets web', false],
  ['view', 'create pods web', false],
  ['view', 'create pods/exec web', false],
  ['view', 'list roles.rbac.authorization.k8s.io web', false],
  ['view', 'list pods other', false],
  ['view', 'list pods', false],
  ['view', 'list nodes', false],
  ['view', 'list pods.metrics.k8s.io web', true],
  ['edit', 'list pods web', true],
  ['edit', 'create pods/exec web', true],
  ['edit', 'get secrets web', true],
  ['edit', 'delete deployments.apps web', true],
  ['edit', 'create serviceaccounts/token web', true],
  ['edit', 'impersonate serviceaccounts web', true],
  ['edit', 'create roles.rbac.authorization.k8s.io web', false],
  ['edit', 'update resourcequotas web', false],
  ['admin', 'create roles.rbac.authorization.k8s.io web', true],
  ['admin', 'escalate roles.rbac.authorization.k8s.io web', false],
  ['admin', 'create localsubjectaccessreviews.authorization.k8s.io web', true],
  ['admin', 'get secrets web', true],
  ['admin', 'update resourcequotas web', false],
  ['admin', 'delete namespaces web', false],
  ['admin', 'create roles.rbac.authorization.k8s.io other', false],
  ['cluster-admin', 'update resourcequotas web', true],
  ['cluster-admin', 'list nodes', false],
];

describe('the default roles', () => {
  let objects: Objects;
  before(async () => {
    objects = await zone();
    for (const role of ['view', 'edit', 'admin', 'cluster-admin']) await bind(objects, role, role);
  });

  for (const [groups, words, expected] of KNOWN) {
    it(`${expected ? 'let' : 'do not let'} ${groups} ${words}`, () => {
      const { authorize } = createAuthorization(objects.view);
      const user = { name: 'somebody', groups: groups.split(',') };
      assert.equal(authorize(user, deed(words)).allowed, expected);
    });
  }

  it('say by which binding', () => {
    const { authorize } = createAuthorization(objects.view);
    assert.equal(
      authorize({ name: 'v', groups: ['view'] }, deed('list pods web')).reason,
      'RBAC: allowed by RoleBinding "view/web" of ClusterRole "view" to Group "view"',
    );
  });
});

describe('who may', () => {
  const bob = { name: 'bob', groups: [] };
  const account = { name: 'system:serviceaccount:web:robot', groups: [] };

  it('follows bindings and roles as they come, change and go', async () => {
    const objects = await zone();
    const { authorize } = createAuthorization(objects.view);
    const may = (): boolean => authorize(bob, deed('list pods web')).allowed;
    const binding = {
      metadata: { name: 'b', namespace: 'web', uid: 'b' },
      roleRef: { apiGroup: GROUP, kind: 'Role', name: 'r' },
      subjects: [{ kind: 'User', name: 'bob', apiGroup: GROUP }],
    };
    await objects.write([{ type: 'create', kind: 'RoleBinding', object: binding }]);
    assert.equal(may(), false, 'the role is not there');
    const role = {
      metadata: { name: 'r', namespace: 'web', uid: 'r' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
    };
    await objects.write([{ type: 'create', kind: 'Role', object: role }]);
    assert.equal(may(), true);
    const kept = objects.view.get('RoleBinding', 'web', 'b')!;
    const others = [{ kind: 'User', name: 'eve', apiGroup: GROUP }];
    const object = { ...kept, subjects: others };
    await objects.write([{ type: 'update', kind: 'RoleBinding', object }]);
    assert.equal(may(), false, 'the binding names somebody else');
    const again = { ...objects.view.get('RoleBinding', 'web', 'b')!, subjects: binding.subjects };
    await objects.write([{ type: 'update', kind: 'RoleBinding', object: again }]);
    assert.equal(may(), true);
    const gone = objects.view.get('RoleBinding', 'web', 'b')!;
    await objects.write([{ type: 'delete', kind: 'RoleBinding', object: gone }]);
    assert.equal(may(), false, 'the binding is gone');
  });

  it('is an account by its namespace, of the binding unless it says another', async () => {
    const objects = await zone();
    const { authorize } = createAuthorization(objects.view);
    const subjects = [{ kind: 'ServiceAccount', name: 'robot' }];
    const roleRef = { apiGroup: GROUP, kind: 'ClusterRole', name: 'view' };
    for (const namespace of ['web', 'other']) {
      const metadata = { name: 'robots', namespace, uid: namespace };
      const object = { metadata, roleRef, subjects };
      await objects.write([{ type: 'create', kind: 'RoleBinding', object }]);
    }
    assert.equal(authorize(account, deed('list pods web')).allowed, true);
    assert.equal(authorize(account, deed('list pods other')).allowed, false);
  });
});

describe('a node as itself', () => {
  const node = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };
  const on = (words: string, name: string, more = {}): Attributes =>
    ({ ...deed(words), name, ...more }) as Attributes;

  async function withPods() {
    const objects = await zone();
    for (const [name, nodeName] of [
      ['mine', 'n1'],
      ['theirs', 'n2'],
    ] as const) {
      const volumes = [{ name: 'v', secret: { secretName: `${name}-secret` } }];
      const spec = { nodeName, containers: [{ name: 'c' }], volumes, serviceAccountName: name };
      const object = { metadata: { name, namespace: 'web', uid: name }, spec };
      await objects.write([{ type: 'create', kind: 'Pod', object }]);
    }
    return createAuthorization(objects.view);
  }

  const cases: readonly (readonly [Attributes, boolean])[] = [
    [on('get nodes', 'n1'), true],
    [on('get nodes', 'n2'), false],
    [on('patch nodes', 'n1'), false],
    [on('patch nodes/status', 'n1'), true],
    [on('patch nodes/status', 'n2'), false],
    [on('delete nodes', 'n1'), false],
    [on('get pods web', 'mine'), true],
    [on('get pods web', 'theirs'), false],
    [on('delete pods web', 'theirs'), false],
    [on('create pods web', ''), false],
    [on('update pods/status web', 'mine'), true],
    [on('update pods/status web', 'theirs'), false],
    [on('create pods/exec web', 'mine'), false],
    [on('list pods', '', { fieldSelector: 'spec.nodeName=n1' }), true],
    [on('list pods', '', { fieldSelector: 'spec.nodeName=n2' }), false],
    [on('list pods', ''), false],
    [on('get secrets web', 'mine-secret'), true],
    [on('get secrets web', 'theirs-secret'), false],
    [on('list secrets web', ''), false],
    [on('get serviceaccounts web', 'mine'), true],
    [on('get serviceaccounts web', 'theirs'), false],
    [on('update leases.coordination.k8s.io kube-node-lease', 'n1'), true],
    [on('update leases.coordination.k8s.io kube-node-lease', 'n2'), false],
    [on('update leases.coordination.k8s.io default', 'n1'), false],
    [on('create events web', ''), true],
    [on('list services', ''), true],
    [on('delete services web', 'a'), false],
    [on('create clusterrolebindings.rbac.authorization.k8s.io', ''), false],
    [on('create tokenreviews.authentication.k8s.io', ''), true],
  ];
  it('touches its own things and no others', async () => {
    const { authorize } = await withPods();
    for (const [asked, expected] of cases) {
      assert.equal(authorize(node, asked).allowed, expected, JSON.stringify(asked));
    }
  });

  it('is no node by its name alone', async () => {
    const { authorize } = await withPods();
    const named = { name: 'system:node:n1', groups: ['system:authenticated'] };
    assert.equal(authorize(named, on('get nodes', 'n1')).allowed, false);
  });
});
