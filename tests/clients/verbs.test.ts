// What people do with kubectl, verb by verb, at a peer that does not lead; each release in a namespace of its own.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cluster, PeerName, Ran } from '../e2e/cluster.ts';
import { followerOf, run, startCluster, temporaryDirectory } from '../e2e/cluster.ts';
import { clientsOrSkip } from './clients.ts';
import type { ClientRelease } from './clients.ts';

const FETCH_MS = 300_000;

const web = (command: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - { name: main, image: none, command: [sh, -c, '${command}'] }
`;

interface Step {
  /** Words of kubectl; \`FILE\` stands for the manifest's path, \`DIR\` for its directory. */
  readonly words: string;
  readonly input?: string;
  /** What its output, or its complaint, has to match. */
  readonly says: RegExp;
  /** Default 0. */
  readonly code?: number;
  readonly only?: readonly ClientRelease[];
}

const FIRST = 'echo one; sleep 1000';
const PATCH = JSON.stringify({ metadata: { labels: { patched: 'yes' } } });
const JSON_PATCH = JSON.stringify([{ op: 'remove', path: '/metadata/labels/patched' }]);

const STEPS: readonly Step[] = [
  { words: 'diff -f FILE', says: /^\+kind: Deployment$/m, code: 1 },
  { words: 'apply -f FILE', says: /^deployment.apps\/web created$/m },
  { words: 'apply -f FILE', says: /^deployment.apps\/web unchanged$/m },
  { words: 'diff -f FILE', says: /^$/ },
  { words: 'rollout status deployment/web --timeout=30s', says: /successfully rolled out/ },
  { words: 'wait deployment/web --for=condition=Available --timeout=30s', says: /condition met/ },
  {
    words: 'get deployment web -o wide',
    says: /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR\nweb +2\/2 +2 +2 +\S+ +main +none +app=web$/m,
  },
  {
    words: 'get all',
    says: /^pod\/web-\S+ +1\/1 +Running +0 [\s\S]*^replicaset.apps\/web-\S+ +2 +2 +2/m,
  },
  {
    words: 'describe deployment web',
    says: /Replicas: +2 desired \| 2 updated \| 2 total \| 2 available/,
  },
  { words: 'describe pods -l app=web', says: /Status: +Running[\s\S]*Successfully assigned/ },
  { words: 'logs deployment/web --tail=1', says: /^one$/m },
  { words: 'get events', says: /ScalingReplicaSet +deployment\/web +Scaled up replica set/ },
  { words: 'scale deployment web --replicas=1', says: /^deployment.apps\/web scaled$/m },
  { words: 'label deployment web tier=front', says: /labeled/ },
  { words: 'annotate deployment web note=this', says: /annotated/ },
  { words: `patch deployment web -p ${PATCH}`, says: /^deployment.apps\/web patched$/m },
  { words: `patch deployment web --type=json -p ${JSON_PATCH}`, says: /patched$/m },
  { words: 'patch deployment web --type=merge -p {"spec":{"paused":true}}', says: /patched$/m },
  { words: 'rollout resume deployment/web', says: /resumed/ },
  { words: 'rollout pause deployment/web', says: /paused/ },
  { words: 'rollout resume deployment/web', says: /resumed/ },
  { words: 'set env deployment/web MODE=two', says: /env updated/ },
  { words: 'rollout status deployment/web --timeout=30s', says: /successfully rolled out/ },
  {
    words: 'rollout history deployment/web',
    says: /^REVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>$/m,
  },
  { words: 'rollout undo deployment/web', says: /rolled back/ },
  { words: 'rollout restart deployment/web', says: /restarted/ },
  { words: 'rollout status deployment/web --timeout=30s', says: /successfully rolled out/ },
  { words: 'autoscale deployment web --min=1 --max=3 --cpu-percent=50', says: /autoscaled/ },
  { words: 'get hpa', says: /^web +Deployment\/web .* 1 +3 /m },
  { words: 'expose deployment web --port=80 --target-port=8080', says: /^service\/web exposed$/m },
  { words: 'get service web -o jsonpath={.spec.ports[0].targetPort}', says: /^8080$/ },
  {
    words: 'run one --image=none --restart=Never --command -- sleep 1000',
    says: /^pod\/one created$/m,
  },
  { words: 'wait pod/one --for=condition=Ready --timeout=30s', says: /condition met/ },
  { words: 'delete pod one --grace-period=1 --timeout=30s', says: /^pod "one" deleted/m },
  {
    words: 'create configmap settings --from-literal=colour=blue',
    says: /configmap\/settings created/,
  },
  { words: 'create secret generic key --from-literal=word=xyz', says: /secret\/key created/ },
  { words: 'get secret key -o jsonpath={.data.word}', says: /^eHl6$/ },
  { words: 'create serviceaccount robot', says: /serviceaccount\/robot created/ },
  { words: 'create token robot', says: /^[\w-]+\.[\w-]+\.[\w-]+$/m, only: ['1.35', '1.30'] },
  { words: 'create role reader --verb=get,list --resource=pods', says: /role\S*\/reader created/ },
  {
    words: 'create rolebinding robot --role=reader --serviceaccount=NAMESPACE:robot',
    says: /robot created/,
  },
  { words: 'auth can-i list pods --as=system:serviceaccount:NAMESPACE:robot', says: /^yes$/m },
  {
    words: 'auth can-i delete pods --as=system:serviceaccount:NAMESPACE:robot',
    says: /^no$/m,
    code: 1,
  },
  { words: 'explain statefulset.spec.replicas', says: /replicas <integer>/ },
  {
    words: 'api-resources --api-group=apps',
    says: /^deployments +deploy +apps\/v1 +true +Deployment$/m,
  },
  { words: 'replace -f FILE', says: /^deployment.apps\/web replaced$/m },
  { words: 'edit deployment web', says: /^deployment.apps\/web edited$/m },
  { words: 'get deployment web -o jsonpath={.spec.minReadySeconds}', says: /^1$/ },
  {
    words: 'apply --server-side --force-conflicts -f FILE',
    says: /^deployment.apps\/web serverside-applied$/m,
  },
  { words: 'apply -k DIR', says: /^configmap\/made-by-kustomize created$/m },
  { words: 'taint node peer-3 key-RELEASE=v:NoSchedule', says: /^node\/peer-3 tainted$/m },
  { words: 'taint node peer-3 key-RELEASE-', says: /^node\/peer-3 untainted$/m },
  { words: 'cordon peer-3', says: /^node\/peer-3 cordoned$/m },
  { words: 'get node peer-3', says: /Ready,SchedulingDisabled/ },
  { words: 'uncordon peer-3', says: /^node\/peer-3 uncordoned$/m },
  { words: 'drain peer-3 --dry-run=server', says: /^node\/peer-3 drained \(server dry run\)$/m },
  {
    words: 'delete deployment,service,hpa --all --timeout=30s',
    says: /^deployment.apps "web" deleted/m,
  },
  { words: 'get deployment', says: /^No resources found/m },
  { words: 'get deployment web', says: /deployments.apps "web" not found/, code: 1 },
  {
    words: 'create -f -',
    input: '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"B!d"}}',
    says: /Invalid value|required/,
    code: 1,
  },
];

describe('the verbs of kubectl', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let peer: PeerName;
  let scratch: ReturnType<typeof temporaryDirectory>;

  before(async () => {
    scratch = temporaryDirectory();
    cluster = await startCluster();
    peer = await followerOf(cluster);
  });
  after(async () => {
    await cluster?.end();
    scratch.remove();
  });

  for (const release of ['1.35', '1.20'] as const satisfies readonly ClientRelease[]) {
    describe(release, () => {
      const namespace = `verbs-${release.replace('.', '-')}`;
      let program: string;
      let directory: string;

      before(async function () {
        this.timeout(FETCH_MS);
        const clients = await clientsOrSkip(this, release);
        program = clients.kubectl;
        directory = join(scratch.path, namespace);
        mkdirSync(directory);
        writeFileSync(join(directory, 'web.yaml'), web(FIRST));
        writeFileSync(
          join(directory, 'kustomization.yaml'),
          'generatorOptions: { disableNameSuffixHash: true }\nconfigMapGenerator:\n- name: made-by-kustomize\n  literals: [a=b]\n',
        );
        const made = await kubectl(['create', 'namespace', namespace]);
        assert.equal(made.code, 0, made.err);
      });

      const kubectl = (words: readonly string[], input = ''): Promise<Ran> =>
        run(
          program,
          ['--kubeconfig', cluster.flock.kubeconfig, '--context', peer, '-n', namespace, ...words],
          { HOME: directory, KUBE_EDITOR: "sed -i 's/^spec:$/spec:\\n  minReadySeconds: 1/'" },
          input,
        );

      for (const { words, input, says, code = 0, only } of STEPS) {
        if (only !== undefined && !only.includes(release)) continue;
        it(words, async () => {
          const said = words
            .replaceAll('NAMESPACE', namespace)
            .replaceAll('RELEASE', release)
            .replaceAll('FILE', join(directory, 'web.yaml'))
            .replaceAll('DIR', directory);
          const ran = await kubectl(said.split(' '), input);
          assert.match(ran.out + ran.err, says);
          assert.equal(ran.code, code, ran.err);
        });
      }
    });
  }
});
