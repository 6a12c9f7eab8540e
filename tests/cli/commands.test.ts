// Commands against the real gateway over the store in memory: what they print, and how they end.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { ApiServer } from './api-server.ts';
import { runAs, startApiServer } from './api-server.ts';
import { kubeconfigText } from '../../cli/kubeconfig-text.ts';
import { readKubeconfig } from '../../cli/kubeconfig.ts';
import { deployment, pod } from '../actors/gateway/gateway-fixture.ts';

const text = (...objects: readonly unknown[]): string =>
  objects.map((object) => JSON.stringify(object)).join('\n---\n');

describe('commands at a peer', function () {
  this.timeout(20_000);
  let api: ApiServer;
  before(async () => {
    api = await startApiServer();
  });
  after(() => api.close());

  const created = async (...objects: readonly unknown[]): Promise<void> => {
    const ran = await api.skein(['apply', '-f', '-'], text(...objects));
    assert.equal(ran.code, 0, ran.err);
  };

  it('apply creates, then changes nothing, then configures', async () => {
    const first = await api.skein(['apply', '-f', '-'], text(deployment('web'), pod('alone')));
    assert.deepEqual(first, {
      code: 0,
      out: 'deployment.apps/web created\npod/alone created\n',
      err: '',
    });
    const again = await api.skein(['apply', '-f', '-'], text(deployment('web'), pod('alone')));
    assert.equal(again.out, 'deployment.apps/web unchanged\npod/alone unchanged\n');
    const changed = await api.skein(['apply', '-f', '-'], text(deployment('web', 4)));
    assert.equal(changed.out, 'deployment.apps/web configured\n');
    const { out } = await api.skein(['get', 'deploy/web', '-o', 'json']);
    assert.ok(!out.includes('managedFields'));
    assert.equal((JSON.parse(out) as { spec: { replicas: number } }).spec.replicas, 4);
  });

  it('apply removes a label that the manifest no longer has and keeps a foreign one', async () => {
    const labelled = (labels: Record<string, string>): unknown =>
      pod('labelled', { metadata: { name: 'labelled', labels } });
    await created(labelled({ a: '1', b: '2' }));
    await api.skein(['label', 'pod', 'labelled', 'foreign=yes']);
    await created(labelled({ a: '1' }));
    const { out } = await api.skein(['get', 'pod', 'labelled', '-o', 'yaml']);
    const { metadata } = parse(out) as { metadata: { labels: Record<string, string> } };
    assert.deepEqual(metadata.labels, { a: '1', foreign: 'yes' });
  });

  it('apply takes an object that was created without it, and leaves it alone the second time', async () => {
    const { kind } = await api.fixture.json('POST', '/api/v1/namespaces', {
      metadata: { name: 'found' },
    });
    assert.equal(kind, 'Namespace');
    const manifest = text({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'found' } });
    assert.match((await api.skein(['apply', '-f', '-'], manifest)).out, /configured/);
    assert.match((await api.skein(['apply', '-f', '-'], manifest)).out, /unchanged/);
  });

  it('apply in a dry run checks and changes nothing', async () => {
    const ran = await api.skein(['apply', '--dry-run=server', '-f', '-'], text(pod('tried')));
    assert.equal(ran.out, 'pod/tried created (server dry run)\n');
    assert.equal((await api.skein(['get', 'pod', 'tried'])).code, 1);
    const bad = await api.skein(['apply', '--dry-run=maybe', '-f', '-'], text(pod('tried')));
    assert.equal(bad.code, 2);
  });

  it('apply reads files, directories in order of names, and lists', async () => {
    const folder = join(api.directory, 'manifests');
    mkdirSync(join(folder, 'deeper'), { recursive: true });
    writeFileSync(join(folder, 'b.yaml'), text(pod('b')));
    writeFileSync(
      join(folder, 'a.json'),
      text({ apiVersion: 'v1', kind: 'List', items: [pod('a')] }),
    );
    writeFileSync(join(folder, 'notes.txt'), 'not a manifest');
    writeFileSync(join(folder, 'deeper/c.yml'), text(pod('c')));
    const flat = await api.skein(['apply', '-f', 'manifests']);
    assert.equal(flat.out, 'pod/a created\npod/b created\n');
    const all = await api.skein(['apply', '-R', '-f', 'manifests']);
    assert.equal(all.out, 'pod/a unchanged\npod/b unchanged\npod/c created\n');
  });

  it('apply says what is wrong with a manifest and where, and does nothing', async () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['[]', /standard input: a manifest must be an object .* not a list/],
      ['kind: Pod', /standard input: apiVersion is missing/],
      ['{kind: 3, apiVersion: v1}', /kind is 3; it must be a text/],
      ['{kind: Pod, apiVersion: v1}', /Pod has no metadata/],
      ['{kind: Pod, apiVersion: v1, metadata: {}}', /metadata.name is missing/],
      ['a: [', /standard input is not valid YAML: .*line/],
      ['', /There are no objects in -/],
      ['{kind: Pod, apiVersion: v2, metadata: {name: x}}', /no kind "Pod" in version "v2"/],
      [text(pod('x', { metadata: { name: 'x', namespace: 'y' } })), /does not match --namespace z/],
    ];
    for (const [input, words] of cases) {
      const ran = await api.skein(['apply', '-n', 'z', '-f', '-'], input);
      assert.match(ran.err, words);
      assert.deepEqual([ran.code, ran.out], [1, '']);
    }
    const missing = await api.skein(['apply', '-f', 'missing.yaml']);
    assert.match(missing.err, /Cannot read .*missing.yaml: there is no such file or directory/);
    assert.equal((await api.skein(['apply', 'web.yaml'])).code, 2);
  });

  it('apply goes on after a refused object and ends with 1', async () => {
    const bad = pod('Bad_Name');
    const ran = await api.skein(['apply', '-f', '-'], text(bad, pod('good')));
    assert.equal(ran.code, 1);
    assert.equal(ran.out, 'pod/good created\n');
    assert.match(ran.err, /standard input, document 1: pod\/Bad_Name: .*Bad_Name/);
  });

  it('get prints the server’s table, wide, with namespaces, labels or without a header', async () => {
    await created(pod('shown'));
    const plain = await api.skein(['get', 'pod', 'shown']);
    assert.match(plain.out, /^NAME {4}READY {3}STATUS {4}RESTARTS {3}AGE\nshown {3}0\/1 .*\n$/);
    const wide = await api.skein(['get', 'po/shown', '-o', 'wide']);
    assert.match(wide.out, /NODE/);
    const everywhere = await api.skein(['get', 'pods', '-A', '--show-labels']);
    assert.match(everywhere.out, /^NAMESPACE +NAME .* LABELS\n/);
    assert.match(everywhere.out, /^default +shown .* app=shown$/m);
    const bare = await api.skein(['get', 'pod', 'shown', '--no-headers']);
    assert.match(bare.out, /^shown /);
  });

  it('get prints names, JSON and YAML, one object as itself and several as a list', async () => {
    await created(pod('one'), pod('two'));
    assert.equal(
      (await api.skein(['get', 'pod', 'one', 'two', '-o', 'name'])).out,
      'pod/one\npod/two\n',
    );
    const { out } = await api.skein(['get', 'pod', 'one', '-o', 'json']);
    assert.equal((JSON.parse(out) as { kind: string }).kind, 'Pod');
    const list = parse((await api.skein(['get', 'pods', '-l', 'app=two', '-o', 'yaml'])).out) as {
      kind: string;
      items: { kind: string; metadata: { name: string } }[];
    };
    assert.equal(list.kind, 'List');
    assert.deepEqual(
      list.items.map(({ kind, metadata }) => [kind, metadata.name]),
      [['Pod', 'two']],
    );
  });

  it('get shows several kinds under each other, with their kinds before the names', async () => {
    await created(deployment('mixed'), pod('mixed'));
    const { out } = await api.skein(['get', 'deploy/mixed', 'pod/mixed']);
    const lines = out.split('\n');
    assert.match(lines[1]!, /^deployment\.apps\/mixed /);
    assert.equal(lines[2], '');
    assert.match(lines[4]!, /^pod\/mixed /);
  });

  it('get shows what it finds and ends with 1 when a part is missing', async () => {
    await created(pod('there'));
    const ran = await api.skein(['get', 'pod', 'there', 'gone']);
    assert.match(ran.out, /there/);
    assert.match(ran.err, /pods "gone" not found/);
    assert.equal(ran.code, 1);
  });

  it('get says so when there is nothing, and that is no failure', async () => {
    const ran = await api.skein(['get', 'services', '-n', 'default']);
    assert.deepEqual(ran, { code: 0, out: '', err: 'No resources found in default namespace.\n' });
  });

  it('get refuses words that do not fit together', async () => {
    for (const line of [
      ['get'],
      ['get', 'pods', '-A', 'x'],
      ['get', 'pod/', 'x'],
      ['get', 'po', '-o', 'xml'],
    ]) {
      assert.equal((await api.skein(line)).code, 2, line.join(' '));
    }
  });

  it('get --watch goes on with changes until it is interrupted', async () => {
    await created(pod('watched'));
    const interrupt = new AbortController();
    const environment = { SKEIN_KUBECONFIG: join(api.directory, 'kubeconfig') };
    const line = ['get', 'pods', '--field-selector', 'metadata.name=watched', '-w', '-o', 'name'];
    const ran = runAs({ environment, interrupted: interrupt.signal }, line);
    const until = performance.now() + 5_000;
    while (api.fixture.gateway.counters().watches === 0 && performance.now() < until) {
      await new Promise((turn) => setImmediate(turn));
    }
    await api.skein(['label', 'pod', 'watched', 'seen=yes']);
    await api.skein(['delete', 'pod', 'watched', '--grace-period=0', '--wait=false']);
    while (api.fixture.gateway.counters().watches === 0 && performance.now() < until) {
      await new Promise((turn) => setImmediate(turn));
    }
    interrupt.abort();
    const { code, out } = await ran;
    assert.equal(code, 0);
    assert.match(out, /^(pod\/watched\n)+$/);
  });

  it('delete waits until the object is gone', async () => {
    await created(pod('doomed'));
    const ran = await api.skein(['delete', 'pod/doomed', '--grace-period=0']);
    assert.deepEqual(ran, { code: 0, out: 'pod "doomed" deleted\n', err: '' });
    assert.equal((await api.skein(['get', 'pod', 'doomed'])).code, 1);
  });

  it('delete ends with 1 for what is not there, unless that is fine', async () => {
    const missing = await api.skein(['delete', 'pod', 'nobody']);
    assert.match(missing.err, /pods "nobody" not found/);
    assert.equal(missing.code, 1);
    assert.equal((await api.skein(['delete', 'pod', 'nobody', '--ignore-not-found'])).code, 0);
    assert.equal((await api.skein(['delete', 'pods'])).code, 2, 'never all of a kind by mistake');
  });

  it('scale says how many, and can insist on how many there are', async () => {
    await created(deployment('scaled', 2));
    assert.equal(
      (await api.skein(['scale', 'deploy/scaled', '--replicas', '5'])).out,
      'deployment.apps/scaled scaled\n',
    );
    const { out } = await api.skein(['get', 'deploy', 'scaled', '-o', 'json']);
    assert.equal((JSON.parse(out) as { spec: { replicas: number } }).spec.replicas, 5);
    const wrong = await api.skein([
      'scale',
      'deploy/scaled',
      '--replicas=1',
      '--current-replicas=2',
    ]);
    assert.deepEqual(
      [wrong.code, wrong.err],
      [1, 'skein: deployment.apps/scaled has 5 replicas, not 2.\n'],
    );
    assert.equal((await api.skein(['scale', 'deploy/scaled'])).code, 2);
  });

  it('label refuses to replace a value unless told to', async () => {
    await created(pod('tagged'));
    assert.match((await api.skein(['label', 'pod', 'tagged', 'a=1'])).out, /labeled/);
    const refused = await api.skein(['label', 'pod', 'tagged', 'a=2']);
    assert.match(refused.err, /pod\/tagged has a=1 already. Give --overwrite/);
    assert.equal(refused.code, 1);
    assert.equal((await api.skein(['label', 'pod', 'tagged', 'a=2', '--overwrite'])).code, 0);
    assert.match((await api.skein(['label', 'pod', 'tagged', 'a=2'])).out, /not labeled/);
    assert.match((await api.skein(['annotate', 'pod', 'tagged', 'note=x y'])).out, /annotated/);
  });

  it('describe tells metadata, the kind’s own facts and events', async () => {
    await created(pod('told'));
    const ran = await api.skein(['describe', 'pod', 'told']);
    assert.match(ran.out, /^Name: +told$/m);
    assert.match(ran.out, /^Containers:\n {2}main:\n {4}Image: +none$/m);
    assert.match(ran.out, /Events: +<none>/);
    assert.equal((await api.skein(['describe', 'pod', 'nobody'])).code, 1);
  });

  it('logs and exec name the pod that is missing', async () => {
    for (const line of [
      ['logs', 'nobody'],
      ['exec', 'nobody', '--', 'ls'],
    ]) {
      const ran = await api.skein(line);
      assert.deepEqual([ran.code, ran.err], [1, 'skein: pods "nobody" not found\n']);
    }
    assert.equal((await api.skein(['exec', 'x', 'ls'])).code, 2);
    assert.equal((await api.skein(['exec', 'x'])).code, 2);
  });

  it('a foreign or missing certificate is told apart from an unreachable peer', async () => {
    const path = join(api.directory, 'kubeconfig');
    const [own] = readKubeconfig(path).peers;
    const { certificate: _, key: __, ...anonymous } = own!;
    const nobody = join(api.directory, 'nobody');
    writeFileSync(nobody, kubeconfigText(anonymous, [anonymous]));
    const unknown = await api.skein(['get', 'pods', '--kubeconfig', nobody]);
    assert.equal(unknown.code, 1);
    assert.match(unknown.err, /does not know who you are/);
    const other = await startApiServer();
    try {
      const foreign = await api.skein(['get', 'pods', '--peer', other.server]);
      assert.equal(foreign.code, 3);
      assert.match(foreign.err, /certificate is not trusted/);
    } finally {
      await other.close();
    }
  });

  it('goes on to the next peer when none was named, and says so', async () => {
    const [own] = readKubeconfig(join(api.directory, 'kubeconfig')).peers;
    const dead = { ...own!, name: 'dead', server: 'https://127.0.0.1:1' };
    const path = join(api.directory, 'two');
    writeFileSync(path, kubeconfigText(dead, [dead, own!]));
    const moved = await api.skein(['get', 'ns', 'default', '-o', 'name', '--kubeconfig', path]);
    assert.deepEqual([moved.code, moved.out], [0, 'namespace/default\n']);
    assert.match(moved.err, /Cannot reach dead .*connection refused\); asking the next peer/);
    const named = await api.skein(['get', 'ns', '--peer', 'dead', '--kubeconfig', path]);
    assert.deepEqual([named.code, named.out], [3, '']);
    assert.match(named.err, /^skein: Cannot reach dead .* --peer URL\.\n$/);
  });
});

describe('a peer without a quorum', () => {
  it('answers reads with a warning of their age and refuses writes with a reason', async () => {
    const healthy = await startApiServer();
    const api = await startApiServer({ store: healthy.fixture.store, noQuorum: true });
    try {
      const read = await api.skein(['get', 'ns', '-o', 'name']);
      assert.deepEqual([read.code, read.out], [0, 'namespace/default\n']);
      assert.match(read.err, /^Warning: .*may be \d+s old\n$/m);
      const write = await api.skein(['label', 'ns', 'default', 'a=b']);
      assert.equal(write.code, 1);
      assert.match(write.err, /no leader is known/);
    } finally {
      await api.close();
      await healthy.close();
    }
  });
});
