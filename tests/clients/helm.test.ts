// helm 4 and 3: a release with a hook and a test through its whole life, waited for, at a peer that does not lead.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster, PeerName, Ran } from '../e2e/cluster.ts';
import { followerOf, run, startCluster, temporaryDirectory } from '../e2e/cluster.ts';
import { clientsOrSkip } from './clients.ts';
import type { ClientRelease } from './clients.ts';

const FETCH_MS = 300_000;

const NAME = '{{ .Release.Name }}';

const hookPod = (name: string, hook: string): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  annotations: { helm.sh/hook: ${hook}, helm.sh/hook-delete-policy: before-hook-creation }
spec:
  restartPolicy: Never
  containers: [{ name: main, image: none, command: ['true'] }]
`;

const TEMPLATES: Readonly<Record<string, string>> = {
  'web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${NAME}-web }
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: ${NAME} } }
  template:
    metadata: { labels: { app: ${NAME} } }
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{ name: main, image: none, command: [sleep, '1000'] }]
---
apiVersion: v1
kind: Service
metadata: { name: ${NAME}-web }
spec: { selector: { app: ${NAME} }, ports: [{ port: 18080 }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: ${NAME}-settings }
data: { replicas: "{{ .Values.replicas }}" }
`,
  'before.yaml': hookPod(`${NAME}-before`, 'pre-install'),
  'test.yaml': hookPod(`${NAME}-test`, 'test'),
};

describe('helm', function () {
  this.timeout(90_000);
  let cluster: Cluster;
  let peer: PeerName;
  let scratch: ReturnType<typeof temporaryDirectory>;
  let chart: string;

  before(async () => {
    scratch = temporaryDirectory();
    chart = join(scratch.path, 'chart');
    mkdirSync(join(chart, 'templates'), { recursive: true });
    writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: chart\nversion: 0.1.0\n');
    writeFileSync(join(chart, 'values.yaml'), 'replicas: 1\n');
    for (const [file, text] of Object.entries(TEMPLATES)) {
      writeFileSync(join(chart, 'templates', file), text);
    }
    cluster = await startCluster();
    peer = await followerOf(cluster);
  });
  after(async () => {
    await cluster?.end();
    scratch.remove();
  });

  for (const [major, from] of [
    [4, '1.35'],
    [3, '1.30'],
  ] as const satisfies readonly (readonly [number, ClientRelease])[]) {
    describe(String(major), () => {
      const release = `release-${major}`;
      let programs: { readonly helm: string; readonly kubectl: string };

      before(async function () {
        this.timeout(FETCH_MS);
        const clients = await clientsOrSkip(this, from);
        programs = { helm: clients.helm!, kubectl: clients.kubectl };
      });

      const ask = async (program: string, ...words: string[]): Promise<Ran> => {
        const there = program.endsWith('helm') ? '--kube-context' : '--context';
        const all = [...words, '--kubeconfig', cluster.flock.kubeconfig, there, peer];
        const ran = await run(program, all, { HOME: scratch.path });
        assert.equal(ran.code, 0, ran.err);
        return ran;
      };
      const helm = async (...words: string[]): Promise<string> =>
        (await ask(programs.helm, ...words)).out;
      const shown = async (path: string): Promise<string> =>
        (await ask(programs.kubectl, 'get', 'configmap,deployment', '-o', `jsonpath=${path}`)).out;
      const waiting = ['--wait', '--timeout', '60s'];
      const replicas = '{.items[?(@.kind=="Deployment")].status.readyReplicas}';

      it('installs, with a hook before', async () => {
        assert.match(await helm('install', release, chart, ...waiting), /STATUS: deployed/);
        assert.equal(await shown(replicas), '1');
        const { out } = await ask(programs.kubectl, 'get', 'pod', `${release}-before`);
        assert.match(out, /Completed/);
      });

      it('upgrades and waits for what it changed', async () => {
        const words = ['upgrade', release, chart, '--set', 'replicas=2', ...waiting];
        assert.match(await helm(...words), /REVISION: 2/);
        assert.equal(await shown(replicas), '2');
      });

      it('runs the tests of the release', async () => {
        assert.match(await helm('test', release, '--timeout', '60s'), /Phase: +Succeeded/);
      });

      it('rolls back, lists and tells the history', async () => {
        assert.match(await helm('rollback', release, '1', ...waiting), /Rollback was a success/);
        assert.equal(await shown(replicas), '1');
        assert.match(await helm('list'), new RegExp(`^${release}\\s+default\\s+3\\s`, 'm'));
        assert.match(await helm('history', release), /^3\s.*deployed.*Rollback to 1/m);
      });

      it('uninstalls and leaves nothing of its own', async () => {
        assert.match(await helm('uninstall', release, ...waiting), /uninstalled/);
        assert.equal(await shown('{.items[*].metadata.name}'), 'kube-root-ca.crt');
      });
    });
  }
});
