// What access needs in a zone: default roles that heal, aggregated rules, and what each namespace has.

import assert from 'node:assert/strict';
import { AUTHORITY, createCluster } from './cluster.ts';

const VIEW = 'view';

describe('replication/access', () => {
  it('gives each namespace its account and the certificate of the API, and gives them back', async () => {
    const cluster = await createCluster(1, ['one', 'two']);
    await cluster.create('Namespace', { metadata: { name: 'default', uid: 'n' } });
    const { view, write } = cluster.eye().objects;
    const account = () => view.get('ServiceAccount', 'default', 'default');
    const map = () => view.get('ConfigMap', 'default', 'kube-root-ca.crt');
    await cluster.until('both are there', () => account() !== undefined && map() !== undefined);
    assert.deepEqual(map()?.data, { 'ca.crt': AUTHORITY });
    const gone = account()!;
    void write([{ type: 'delete', kind: 'ServiceAccount', object: gone }]);
    const isNew = () => account() !== undefined && account()?.metadata?.uid !== gone.metadata?.uid;
    await cluster.until('the account is back', isNew);
    const changed = { ...map()!, data: { 'ca.crt': 'forged' } };
    void write([{ type: 'update', kind: 'ConfigMap', object: changed }]);
    await cluster.until('the forgery is there', () => map()?.data?.['ca.crt'] === 'forged');
    await cluster.until('the certificate is back', () => map()?.data?.['ca.crt'] === AUTHORITY);
  });

  it('adds the rules of a new role to the roles that aggregate it, and takes them out again', async () => {
    const cluster = await createCluster(2, ['one', 'two']);
    const { view, write } = cluster.eye().objects;
    const rules = () => view.get('ClusterRole', '', VIEW)?.rules ?? [];
    const hasGeese = () => rules().some(({ resources }) => resources?.includes('geese') === true);
    await cluster.until('the defaults are there', () => rules().length > 0);
    await cluster.create('ClusterRole', {
      metadata: {
        name: 'geese',
        uid: 'geese',
        labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' },
      },
      rules: [{ apiGroups: ['birds.example'], resources: ['geese'], verbs: ['get'] }],
    });
    await cluster.until('view has it', hasGeese);
    const admin = () => view.get('ClusterRole', '', 'admin')?.rules ?? [];
    await cluster.until('admin has it by way of edit', () =>
      admin().some(({ resources }) => resources?.includes('geese') === true),
    );
    const geese = view.get('ClusterRole', '', 'geese')!;
    void write([{ type: 'delete', kind: 'ClusterRole', object: geese }]);
    await cluster.until('view has lost it', () => !hasGeese());
  });

  it('heals default roles and bindings, but for those that say no', async () => {
    const cluster = await createCluster(3, ['one', 'two']);
    const { view, write } = cluster.eye().objects;
    const discovery = () => view.get('ClusterRole', '', 'system:discovery');
    await cluster.until('it is there', () => discovery() !== undefined);
    const whole = discovery()!.rules;
    void write([{ type: 'update', kind: 'ClusterRole', object: { ...discovery()!, rules: [] } }]);
    await cluster.until('it is empty', () => discovery()?.rules?.length === 0);
    await cluster.until('it is whole', () => discovery()?.rules?.length === whole?.length);
    const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };
    const metadata = { ...discovery()!.metadata, annotations };
    const left = { ...discovery()!, metadata, rules: [] };
    void write([{ type: 'update', kind: 'ClusterRole', object: left }]);
    await cluster.until('it is empty', () => discovery()?.rules?.length === 0);
    await cluster.run(2_000);
    assert.deepEqual(discovery()?.rules, []);
  });
});
