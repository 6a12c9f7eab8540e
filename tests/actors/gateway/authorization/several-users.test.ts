// Several users at one gateway: what they may, what they may grant, whom they may act as, what they are told.

import assert from 'node:assert/strict';
import type { JsonObject } from '../../../../actors/gateway/request/body.ts';
import type { Fixture } from '../gateway-fixture.ts';
import { as, createFixture, request } from '../gateway-fixture.ts';

const RBAC = '/apis/rbac.authorization.k8s.io/v1';
const AUTHORIZATION = '/apis/authorization.k8s.io/v1';
const AUTHENTICATION = '/apis/authentication.k8s.io/v1';
const HOME = '/namespaces/default';

const user = (name: string) => ({ kind: 'User', name });
const clusterRole = (name: string) => ({ kind: 'ClusterRole', name });
const outcome = ({ code, reason, message }: JsonObject) => ({ code, reason, message });

/** bob is admin of `default`. */
async function withBob(): Promise<Fixture> {
  const fixture = await createFixture({ roles: true });
  const binding = {
    metadata: { name: 'bob' },
    roleRef: clusterRole('admin'),
    subjects: [user('bob')],
  };
  const made = await fixture.json('POST', `${RBAC}${HOME}/rolebindings`, binding);
  assert.equal(made['kind'], 'RoleBinding', JSON.stringify(made));
  return fixture;
}

const role = (name: string, ...rules: unknown[]) => ({ metadata: { name }, rules });
const podReader = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] };
const nodeReader = { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list'] };

describe('an admin of a namespace', () => {
  it('may there what others may not', async () => {
    const { json } = await withBob();
    assert.equal(
      (await json('GET', `/api/v1${HOME}/pods`, undefined, as('bob')))['kind'],
      'PodList',
    );
    assert.deepEqual(outcome(await json('GET', `/api/v1${HOME}/pods/a`, undefined, as('carol'))), {
      code: 403,
      reason: 'Forbidden',
      message:
        'pods "a" is forbidden: User "carol" cannot get resource "pods" in API group "" in the namespace "default"',
    });
    assert.equal((await json('GET', '/api/v1/pods', undefined, as('bob')))['code'], 403);
    assert.deepEqual(outcome(await json('GET', '/metrics', undefined, as('bob'))), {
      code: 403,
      reason: 'Forbidden',
      message: 'forbidden: User "bob" cannot get path "/metrics"',
    });
  });

  it('grants what it holds and nothing else', async () => {
    const { json } = await withBob();
    const roles = `${RBAC}${HOME}/roles`;
    assert.equal((await json('POST', roles, role('pods', podReader), as('bob')))['kind'], 'Role');
    assert.deepEqual(
      outcome(await json('POST', roles, role('nodes', podReader, nodeReader), as('bob'))),
      {
        code: 403,
        reason: 'Forbidden',
        message:
          'roles.rbac.authorization.k8s.io "nodes" is forbidden: user "bob" (groups=["developers" "system:authenticated"]) ' +
          'is attempting to grant RBAC permissions not currently held:\n' +
          '{APIGroups:[""], Resources:["nodes"], Verbs:["get" "list"]}',
      },
    );
    const grown = await json('PUT', `${roles}/pods`, role('pods', nodeReader), as('bob'));
    assert.equal(grown['code'], 403);
  });

  it('binds roles that it covers and no others, not even to itself', async () => {
    const { json } = await withBob();
    const bindings = `${RBAC}${HOME}/rolebindings`;
    const bind = (name: string, to: string) =>
      json(
        'POST',
        bindings,
        { metadata: { name }, roleRef: clusterRole(to), subjects: [user('carol')] },
        as('bob'),
      );
    assert.equal((await bind('view', 'view'))['kind'], 'RoleBinding');
    assert.equal((await bind('masters', 'cluster-admin'))['code'], 403);
    assert.deepEqual(outcome(await bind('none', 'nothing')), {
      code: 404,
      reason: 'NotFound',
      message: 'clusterroles.rbac.authorization.k8s.io "nothing" not found',
    });
  });

  it('may be let grant more, by name', async () => {
    const { json } = await withBob();
    const rules = [
      { apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['escalate'] },
      {
        apiGroups: ['rbac.authorization.k8s.io'],
        resources: ['clusterroles'],
        resourceNames: ['cluster-admin'],
        verbs: ['bind'],
      },
    ];
    await json('POST', `${RBAC}${HOME}/roles`, { metadata: { name: 'more' }, rules });
    const more = {
      metadata: { name: 'more' },
      roleRef: { kind: 'Role', name: 'more' },
      subjects: [user('bob')],
    };
    await json('POST', `${RBAC}${HOME}/rolebindings`, more);
    const made = await json('POST', `${RBAC}${HOME}/roles`, role('nodes', nodeReader), as('bob'));
    assert.equal(made['kind'], 'Role', JSON.stringify(made));
    const binding = {
      metadata: { name: 'all' },
      roleRef: clusterRole('cluster-admin'),
      subjects: [user('bob')],
    };
    const bound = await json('POST', `${RBAC}${HOME}/rolebindings`, binding, as('bob'));
    assert.equal(bound['kind'], 'RoleBinding', JSON.stringify(bound));
  });

  it('may change labels of a role that holds more than itself does', async () => {
    const { json } = await withBob();
    await json('POST', `${RBAC}${HOME}/roles`, role('nodes', nodeReader));
    const patched = await json(
      'PATCH',
      `${RBAC}${HOME}/roles/nodes`,
      { metadata: { labels: { a: 'b' } } },
      { ...as('bob'), 'content-type': 'application/merge-patch+json' },
    );
    assert.equal(patched['kind'], 'Role', JSON.stringify(patched));
  });
});

describe('roles and bindings', () => {
  const causes = (status: JsonObject): unknown =>
    ((status['details'] as JsonObject)['causes'] as JsonObject[]).map(({ field, message }) => [
      field,
      message,
    ]);

  it('get the API group of whom and what they name', async () => {
    const { json } = await createFixture({ roles: true });
    const made = await json('POST', `${RBAC}/clusterrolebindings`, {
      metadata: { name: 'b' },
      roleRef: clusterRole('view'),
      subjects: [
        user('bob'),
        { kind: 'Group', name: 'g' },
        { kind: 'ServiceAccount', name: 's', namespace: 'n' },
      ],
    });
    assert.equal((made['roleRef'] as JsonObject)['apiGroup'], 'rbac.authorization.k8s.io');
    assert.deepEqual(
      (made['subjects'] as JsonObject[]).map(({ apiGroup }) => apiGroup),
      ['rbac.authorization.k8s.io', 'rbac.authorization.k8s.io', undefined],
    );
  });

  it('are refused with all that is wrong', async () => {
    const { json } = await createFixture({ roles: true });
    const rules = [{ verbs: [], apiGroups: [''], resources: ['pods'], nonResourceURLs: ['/x'] }];
    const refused = await json('POST', `${RBAC}${HOME}/roles`, { metadata: { name: 'r' }, rules });
    assert.deepEqual(causes(refused), [
      ['rules[0].verbs', 'Required value: verbs must contain at least one value'],
      [
        'rules[0].nonResourceURLs',
        'Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
      ],
      [
        'rules[0].nonResourceURLs',
        'Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs',
      ],
    ]);
    const binding = await json('POST', `${RBAC}/clusterrolebindings`, {
      metadata: { name: 'b' },
      roleRef: { kind: 'Role', name: 'r' },
      subjects: [
        { kind: 'ServiceAccount', name: 's' },
        { kind: 'Robot', name: 'x' },
      ],
    });
    assert.deepEqual(causes(binding), [
      ['roleRef.kind', 'Unsupported value: "Role": supported values: "ClusterRole"'],
      ['subjects[0].namespace', 'Required value'],
      [
        'subjects[1].kind',
        'Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"',
      ],
    ]);
    const empty = await json('POST', `${RBAC}/clusterroles`, {
      metadata: { name: 'a' },
      aggregationRule: {},
    });
    assert.deepEqual(causes(empty), [
      [
        'aggregationRule.clusterRoleSelectors',
        'Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
      ],
    ]);
  });

  it('keep the role that a binding names', async () => {
    const { json } = await withBob();
    const path = `${RBAC}${HOME}/rolebindings/bob`;
    const found = await json('GET', path);
    const refused = await json('PUT', path, { ...found, roleRef: clusterRole('view') });
    assert.equal(refused['code'], 422);
    assert.match(String(refused['message']), /roleRef: Invalid value: .*cannot change roleRef$/);
  });
});

describe('a review', () => {
  const can = async (fixture: Fixture, who: string, resourceAttributes: JsonObject) => {
    const path = `${AUTHORIZATION}/selfsubjectaccessreviews`;
    const review = await fixture.json('POST', path, { spec: { resourceAttributes } }, as(who));
    return (review['status'] as JsonObject)['allowed'];
  };

  it('tells whoever asks what they may', async () => {
    const fixture = await withBob();
    const pods = { verb: 'list', resource: 'pods', namespace: 'default' };
    assert.equal(await can(fixture, 'bob', pods), true);
    assert.equal(await can(fixture, 'carol', pods), false);
    assert.equal(await can(fixture, 'bob', { ...pods, namespace: '' }), false);
  });

  it('tells of others to those who may ask', async () => {
    const { json } = await withBob();
    const spec = {
      user: 'bob',
      resourceAttributes: { verb: 'list', resource: 'pods', namespace: 'default' },
    };
    const path = `${AUTHORIZATION}/subjectaccessreviews`;
    assert.deepEqual((await json('POST', path, { spec }))['status'], {
      allowed: true,
      reason: 'RBAC: allowed by RoleBinding "bob/default" of ClusterRole "admin" to User "bob"',
    });
    assert.equal((await json('POST', path, { spec }, as('carol')))['code'], 403);
    const local = `${AUTHORIZATION}${HOME}/localsubjectaccessreviews`;
    assert.equal(
      (await json('POST', local, { spec }, as('bob')))['kind'],
      'LocalSubjectAccessReview',
    );
    const elsewhere = {
      ...spec,
      resourceAttributes: { ...spec.resourceAttributes, namespace: 'x' },
    };
    assert.equal((await json('POST', local, { spec: elsewhere }, as('bob')))['code'], 422);
    const nobody = { resourceAttributes: spec.resourceAttributes };
    assert.match(
      String((await json('POST', path, { spec: nobody }))['message']),
      /at least one of user or group must be specified/,
    );
    assert.equal((await json('POST', path, { spec: { user: 'bob' } }))['code'], 422);
  });

  it('lists the rules, and says who somebody is and whose a token is', async () => {
    const { json } = await withBob();
    const spec = { namespace: 'default' };
    const rules = await json(
      'POST',
      `${AUTHORIZATION}/selfsubjectrulesreviews`,
      { spec },
      as('bob'),
    );
    const { resourceRules, incomplete } = rules['status'] as JsonObject;
    assert.equal(incomplete, false);
    assert.ok(
      (resourceRules as JsonObject[]).some(({ resources }) =>
        (resources as string[]).includes('deployments'),
      ),
    );
    const self = await json('POST', `${AUTHENTICATION}/selfsubjectreviews`, {}, as('bob'));
    assert.deepEqual((self['status'] as JsonObject)['userInfo'], {
      username: 'bob',
      groups: ['developers', 'system:authenticated'],
    });
    const path = `${AUTHENTICATION}/tokenreviews`;
    const known = await json('POST', path, { spec: { token: 'carol' } });
    assert.equal((known['status'] as JsonObject)['authenticated'], true);
    const other = await json('POST', path, { spec: { token: 'nobody' } });
    assert.equal((other['status'] as JsonObject)['authenticated'], false);
    assert.equal((await json('POST', path, { spec: {} }))['code'], 400);
  });

  it('is created only, and refuses what it cannot be', async () => {
    const { json } = await withBob();
    const path = `${AUTHORIZATION}/selfsubjectaccessreviews`;
    assert.equal((await json('GET', path))['code'], 405);
    assert.equal((await json('POST', path, { spec: 1 }))['code'], 400);
    assert.equal((await json('POST', path, { kind: 'Pod' }))['code'], 400);
    const spec = { resourceAttributes: { verb: 1 } };
    assert.equal((await json('POST', path, { spec }))['code'], 400);
  });
});

describe('acting as somebody else', () => {
  const path = `/api/v1${HOME}/pods`;
  const like = (name: string, more = {}) => ({ 'impersonate-user': name, ...more });

  it('is being that somebody, for those who may', async () => {
    const { json, ask } = await withBob();
    assert.equal((await ask('GET', path, undefined, like('bob'))).status, 200);
    const refused = await json('GET', path, undefined, like('carol'));
    assert.match(String(refused['message']), /User "carol" cannot list/);
    const asMaster = like('carol', { 'impersonate-group': 'a, system:masters' });
    assert.equal((await ask('GET', path, undefined, asMaster)).status, 200);
    assert.equal((await ask('GET', path, undefined, like('system:anonymous'))).status, 403);
  });

  it('is forbidden to others, group by group', async () => {
    const { json } = await withBob();
    assert.equal(
      (await json('GET', path, undefined, { ...as('bob'), ...like('carol') }))['message'],
      'users "carol" is forbidden: User "bob" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
    const account = like('system:serviceaccount:default:robot');
    // An editor of a namespace may act as its accounts, and they hold nothing here.
    const robot = await json('GET', path, undefined, { ...as('bob'), ...account });
    assert.match(
      String(robot['message']),
      /User "system:serviceaccount:default:robot" cannot list/,
    );
    const grown = { ...account, 'impersonate-group': 'system:masters' };
    assert.match(
      String((await json('GET', path, undefined, { ...as('bob'), ...grown }))['message']),
      /^groups "system:masters" is forbidden: User "bob" cannot impersonate/,
    );
  });

  it('needs a user, and a proof of who asks', async () => {
    const { ask, gateway } = await withBob();
    const groups = { 'impersonate-group': 'system:masters' };
    assert.equal((await ask('GET', path, undefined, groups)).status, 400);
    const extra = like('carol', { 'impersonate-extra-scopes': 'x' });
    assert.equal((await ask('GET', path, undefined, extra)).status, 400);
    const unproven = request('GET', path, undefined, like('bob'));
    assert.equal((await gateway.handle(unproven)).status, 403);
  });
});
