// Commands, attached terminals, copies and forwarded ports of a pod at one peer, by kubectl at another.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { Attach, Exec, KubeConfig, PortForward } from '@kubernetes/client-node';
import type { V1PodStatus, V1Status } from '@kubernetes/client-node';
import { somePorts } from '../some-ports.ts';
import { eventually } from './small-zone.ts';
import type { ClientRelease } from '../clients/clients.ts';
import { clientsOrSkip } from '../clients/clients.ts';
import type { Cluster, Ran } from './cluster.ts';
import { run, startCluster, temporaryDirectory, untilPods } from './cluster.ts';

const MANIFEST = `
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  nodeName: peer-2
  terminationGracePeriodSeconds: 1
  containers:
    - name: main
      image: none
      command: [node, -e]
      args:
        - |
          const { SKEIN_POD_IP, SKEIN_PORT_ECHO } = process.env;
          const server = require('node:net').createServer({ allowHalfOpen: true }, (s) => s.pipe(s));
          server.listen(Number(SKEIN_PORT_ECHO), SKEIN_POD_IP, () => console.log('listening'));
          const web = require('node:http').createServer((q, s) => s.end('asked ' + q.url));
          web.listen(Number(process.env.SKEIN_PORT_WEB), SKEIN_POD_IP);
      ports: [{ name: echo, containerPort: 7000 }, { name: web, containerPort: 8080 }]
      readinessProbe: { tcpSocket: { port: web }, periodSeconds: 1 }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec:
  selector: { app: web }
  ports: [{ name: web, port: 80, targetPort: web }]
`;

const attachable = (name: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  nodeName: peer-2
  restartPolicy: Never
  terminationGracePeriodSeconds: 1
  containers:
    - { name: main, image: none, command: [cat], stdin: true, stdinOnce: true }
`;

const SIZE_BYTES = 5_000_000;

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Whether a process of this machine carries these words. */
const isRunning = (words: string): boolean =>
  readdirSync('/proc').some((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(words);
    } catch {
      // Ended meanwhile.
      return false;
    }
  });

/** What comes back when these bytes are sent and the sending side is closed. */
async function echoed(port: number, bytes: Buffer): Promise<Buffer> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.end(bytes);
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

describe('streams of a pod at another peer', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  const bytes = randomBytes(SIZE_BYTES);
  const scratch = temporaryDirectory();
  const file = join(scratch.path, 'five');

  before(async function () {
    if (process.platform !== 'linux') this.skip();
    cluster = await startCluster();
    writeFileSync(file, bytes);
    const manifests = [
      MANIFEST,
      ...['1.35', '1.30', '1.20', 'js'].map((v) => attachable(`cat-${v.replace('.', '-')}`)),
    ];
    const applied = await cluster.skein('peer-1', ['apply', '-f', '-'], manifests.join('---\n'));
    assert.equal(applied.code, 0, applied.err);
    const isReady = ({ status }: { readonly status?: unknown }): boolean =>
      (status as V1PodStatus | undefined)?.conditions?.some(
        (condition) => condition.type === 'Ready' && condition.status === 'True',
      ) ?? false;
    await untilPods(
      cluster.at('peer-1'),
      (pods) => pods.length === 5 && pods.every(isReady),
      30_000,
    );
  });
  after(async () => {
    await cluster?.end();
    scratch.remove();
  });

  for (const version of ['1.35', '1.30', '1.20'] as const satisfies readonly ClientRelease[]) {
    describe(`by kubectl ${version}`, () => {
      let program: string;
      before(async function () {
        const clients = await clientsOrSkip(this, version);
        program = clients.kubectl;
      });
      const words = (...more: string[]): string[] => [
        '--kubeconfig',
        cluster.flock.kubeconfig,
        '--context',
        'peer-1',
        ...more,
      ];
      const kubectl = (more: readonly string[], input = ''): Promise<Ran> =>
        run(program, words(...more), {}, input);
      const start = (...more: string[]): ChildProcess =>
        spawn(program, words(...more), { stdio: ['pipe', 'pipe', 'pipe'] });

      it('exec keeps outputs apart, passes input and tells the exit code', async () => {
        const script = 'cat; echo err >&2; exit 3';
        const ran = await kubectl(['exec', '-i', 'web', '--', 'sh', '-c', script], 'hello\n');
        assert.equal(ran.out, 'hello\n');
        assert.match(ran.err, /^err$/m);
        assert.match(ran.err, /command terminated with exit code 3/);
        assert.equal(ran.code, 3);
      });

      it('exec says what cannot be run', async () => {
        const missing = await kubectl(['exec', 'web', '--', 'no-such-program']);
        assert.notEqual(missing.code, 0);
        assert.match(missing.err, /no-such-program/);
        const other = await kubectl(['exec', 'web', '-c', 'side', '--', 'true']);
        assert.notEqual(other.code, 0);
        assert.match(other.err, /container "?side/);
      });

      it('cp takes a file there and back, byte for byte', async () => {
        const there = `web:five-${version}`;
        const up = await kubectl(['cp', file, there]);
        assert.equal(up.code, 0, up.err);
        const back = join(scratch.path, `back-${version}`);
        const down = await kubectl(['cp', there, back]);
        assert.equal(down.code, 0, down.err);
        assert.equal(digest(readFileSync(back)), digest(bytes));
      });

      it('exec ends its command when it is killed', async () => {
        const mark = `17${version.replace('.', '')}`;
        const child = start('exec', 'web', '--', 'sh', '-c', `echo begun; sleep ${mark}`);
        await once(child.stdout!, 'data');
        await eventually(
          async () => isRunning(`sleep\0${mark}`),
          (runs) => runs,
          10_000,
        );
        child.kill('SIGKILL');
        await eventually(
          async () => isRunning(`sleep\0${mark}`),
          (still) => !still,
          10_000,
        );
      });

      it('attach passes input, shows output and ends with the container', async () => {
        const ran = await kubectl(['attach', '-i', `cat-${version.replace('.', '-')}`], 'hello\n');
        assert.equal(ran.code, 0, ran.err);
        assert.match(ran.out, /hello\n/);
      });

      it('get --raw reads through the proxy of the pod and of its Service', async () => {
        for (const place of ['pods/web:8080', 'services/web:80', 'services/http:web:web']) {
          const path = `/api/v1/namespaces/default/${place}/proxy/a/b?c=d`;
          const ran = await kubectl(['get', '--raw', path]);
          assert.equal(ran.out, 'asked /a/b?c=d', ran.err);
        }
      });

      it('port-forward carries many connections, ends included', async () => {
        const [port = 0] = await somePorts(1);
        const child = start('port-forward', 'pod/web', `${port}:7000`);
        await once(child.stdout!, 'data');
        const pieces = Array.from({ length: 50 }, (_, i) =>
          bytes.subarray(i * 90_000, i * 90_000 + 90_000 + i),
        );
        const answers = await Promise.all(pieces.map((piece) => echoed(port, piece)));
        assert.deepEqual(answers.map(digest), pieces.map(digest));
        child.kill();
        await once(child, 'exit');
      });
    });
  }

  describe('by client-node', () => {
    const config = (): KubeConfig => {
      const read = new KubeConfig();
      read.loadFromFile(cluster.flock.kubeconfig);
      read.setCurrentContext('peer-3');
      return read;
    };
    const collector = (): { readonly sink: Writable; readonly text: () => string } => {
      let text = '';
      const sink = new Writable({
        write: (chunk, _encoding, done) => {
          text += String(chunk);
          done();
        },
      });
      return { sink, text: () => text };
    };

    it('exec tells the exit code', async () => {
      const [out, err] = [collector(), collector()];
      const command = ['sh', '-c', 'echo out; echo err >&2; exit 5'];
      const status = await new Promise<V1Status>((resolve, reject) => {
        new Exec(config())
          .exec('default', 'web', 'main', command, out.sink, err.sink, null, false, resolve)
          .catch(reject);
      });
      assert.deepEqual([out.text(), err.text()], ['out\n', 'err\n']);
      assert.equal(status.details?.causes?.[0]?.message, '5');
    });

    it('attach shows what the container says', async () => {
      const input = new PassThrough();
      const shown = new PassThrough();
      const { sink } = collector();
      const socket = await new Attach(config()).attach(
        'default',
        'cat-js',
        'main',
        shown,
        sink,
        input,
        false,
      );
      input.write('hello\n');
      const [chunk] = (await once(shown, 'data')) as [Buffer];
      assert.equal(String(chunk), 'hello\n');
      const closed = new Promise<void>((resolve) =>
        socket.addEventListener('close', () => resolve()),
      );
      socket.close();
      await closed;
    });

    it('port-forward carries bytes', async () => {
      const [input, output] = [new PassThrough(), new PassThrough()];
      const errors = collector();
      const made = await new PortForward(config()).portForward(
        'default',
        'web',
        [7000],
        output,
        errors.sink,
        input,
      );
      input.write('hello');
      const [chunk] = (await once(output, 'data')) as [Buffer];
      assert.equal(String(chunk), 'hello');
      const socket = typeof made === 'function' ? made() : made;
      assert.ok(socket !== null);
      socket.close();
    });
  });
});
