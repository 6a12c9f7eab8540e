// kubectl, old and new, at a real peer: typed creates in protobuf, and all that needs OpenAPI.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientsOrSkip } from '../clients/clients.ts';
import type { ClientRelease } from '../clients/clients.ts';
import { run, temporaryDirectory } from './cluster.ts';
import type { Ran } from './cluster.ts';
import { createSmallZone } from './small-zone.ts';
import type { SmallZone } from './small-zone.ts';

const FETCH_MS = 300_000;

const manifest = (namespace: string, more = ''): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: ${namespace} }
spec:
  replicas: 0
${more}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
        - { name: main, image: none, command: [sleep, '1'], ports: [{ containerPort: 80 }] }
`;

describe('kubectl at a peer', function () {
  this.timeout(60_000);
  let zone: SmallZone;
  let home: ReturnType<typeof temporaryDirectory>;

  before(async () => {
    home = temporaryDirectory();
    zone = createSmallZone();
    await zone.start('a');
  });
  after(async () => {
    await zone.end();
    home.remove();
  });

  for (const release of ['1.35', '1.30', '1.20'] as const satisfies ClientRelease[]) {
    describe(release, () => {
      const namespace = `kubectl-${release.replace('.', '-')}`;
      let program: string;

      before(async function () {
        this.timeout(FETCH_MS);
        const clients = await clientsOrSkip(this, release);
        program = clients.kubectl;
        mkdirSync(join(home.path, namespace));
      });

      const kubectl = (words: readonly string[], input = ''): Promise<Ran> =>
        run(
          program,
          words,
          {
            KUBECONFIG: join(zone.directoryOf('a'), 'kubeconfig'),
            HOME: join(home.path, namespace),
            KUBE_EDITOR: "sed -i 's/replicas: 0/replicas: 1/'",
          },
          input,
        );
      const done = async (words: readonly string[], input = ''): Promise<string> => {
        const { code, out, err } = await kubectl(words, input);
        assert.equal(code, 0, `kubectl ${words.join(' ')}: ${err}`);
        return out;
      };

      it('creates a namespace, a deployment and a service, typed', async () => {
        assert.equal(
          await done(['create', 'namespace', namespace]),
          `namespace/${namespace} created\n`,
        );
        await done([
          '-n',
          namespace,
          'create',
          'deployment',
          'typed',
          '--image=none',
          '--',
          'sleep',
          '1',
        ]);
        const spec = ['-n', namespace, 'get', 'deployment', 'typed', '-o', 'jsonpath={.spec}'];
        const { replicas, template } = JSON.parse(await done(spec)) as {
          replicas: number;
          template: { spec: { containers: { command: string[] }[] } };
        };
        assert.equal(replicas, 1);
        assert.deepEqual(template.spec.containers[0]!.command, ['sleep', '1']);
        await done([
          '-n',
          namespace,
          'expose',
          'deployment',
          'typed',
          '--port=80',
          '--target-port=http',
        ]);
        const port = ['-n', namespace, 'get', 'service', 'typed', '-o'];
        assert.equal(await done([...port, 'jsonpath={.spec.ports[0].targetPort}']), 'http');
        await done(['-n', namespace, 'delete', 'deployment', 'typed']);
        await done(['-n', namespace, 'delete', 'service', 'typed']);
      });

      it('applies, shows the difference, applies that, and edits', async () => {
        const changed = manifest(namespace, '  strategy: { type: Recreate }');
        assert.equal(
          await done(['apply', '-f', '-'], manifest(namespace)),
          'deployment.apps/web created\n',
        );
        assert.equal(
          await done(['apply', '-f', '-'], manifest(namespace)),
          'deployment.apps/web unchanged\n',
        );
        const file = join(home.path, `${namespace}.yaml`);
        writeFileSync(file, changed);
        const { code, out } = await kubectl(['diff', '-f', file]);
        assert.equal(code, 1);
        assert.match(out, /^-\s+type: RollingUpdate$/m);
        assert.match(out, /^\+\s+type: Recreate$/m);
        assert.equal(await done(['apply', '-f', file]), 'deployment.apps/web configured\n');
        assert.equal((await kubectl(['diff', '-f', file])).code, 0);
        await done(['-n', namespace, 'edit', 'deployment', 'web']);
        const replicas = [
          '-n',
          namespace,
          'get',
          'deployment',
          'web',
          '-o',
          'jsonpath={.spec.replicas}',
        ];
        assert.equal(await done(replicas), '1');
      });

      it('refuses a field that nobody knows', async () => {
        const { code, err } = await kubectl(
          ['apply', '-f', '-'],
          manifest(namespace, '  replicaz: 2'),
        );
        assert.equal(code, 1);
        assert.match(err, /unknown field "(spec\.)?replicaz"/);
      });

      it('explains', async () => {
        const strategy = await done(['explain', 'deployment.spec.strategy']);
        assert.match(strategy, /rollingUpdate\s+<(Object|RollingUpdateDeployment)>/);
        assert.match(strategy, /type\s+<string>/);
        assert.match(
          await done(['explain', 'pods', '--recursive']),
          /terminationGracePeriodSeconds\s+<integer>/,
        );
      });
    });
  }
});
