// Logs, exec and connections of pods: on this peer, and the same through another one.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ContainerConfig } from '../../../actors/containers/container-driver.ts';
import type { Member } from '../../../mesh/index.ts';
import { ok } from '../../../runtime/index.ts';
import { createLocalPodStreams } from '../../../actors/containers/local-pod-streams.ts';
import { createPodStreams, podProtocols } from '../../../actors/containers/mesh-pod-streams.ts';
import type { MeshPodStreamsOptions } from '../../../actors/containers/mesh-pod-streams.ts';
import type { ExecSession, LogOptions, PodStreams } from '../../../actors/objects/pod-streams.ts';
import { containerConfig, podConfig, valueOf } from './driver-compliance.ts';
import { makeProcessHarness } from './process-driver-harness.ts';
import type { ProcessHarness } from './process-driver-harness.ts';

type Handler = (from: string, header: unknown, stream: Duplex) => void;
type StreamMesh = MeshPodStreamsOptions['mesh'];

/** Two peers, `here` and `there`, with a mesh of pairs of streams. */
function pairedMeshes(): {
  readonly here: StreamMesh;
  readonly there: StreamMesh;
  readonly open: () => number;
} {
  const handlers = new Map<string, Handler>();
  let openStreams = 0;
  const member = (name: string): Member => ({
    peer: `peer-${name}`,
    status: name === 'dead' ? 'dead' : 'alive',
    incarnation: 1,
    addresses: [],
    facts: { name },
  });
  const meshOf = (self: string): StreamMesh => ({
    memberNamed: (name) => (name === 'nobody' ? undefined : member(name)),
    handleStream: (protocol, handler) => {
      handlers.set(`peer-${self} ${protocol}`, handler);
      return () => handlers.delete(`peer-${self} ${protocol}`);
    },
    openStream: async (to, protocol, header) => {
      const [near, far] = duplexPair();
      openStreams++;
      near.once('close', () => {
        openStreams--;
        // What a lost connection looks like at the other end.
        far.destroy();
      });
      handlers.get(`${to} ${protocol}`)?.(`peer-${self}`, JSON.parse(JSON.stringify(header)), far);
      return ok(near);
    },
  });
  return { here: meshOf('here'), there: meshOf('there'), open: () => openStreams };
}

const logOptions: LogOptions = { container: '', follow: false, previous: false, timestamps: false };

/** What this process has open of a directory; nothing where the system does not say. */
function openFilesIn(directory: string): readonly string[] {
  const descriptors = '/proc/self/fd';
  if (!existsSync(descriptors)) return [];
  return readdirSync(descriptors).flatMap((name) => {
    try {
      const path = readlinkSync(join(descriptors, name));
      return path.startsWith(directory) ? [path] : [];
    } catch {
      // Closed meanwhile: the one that lists them was among them.
      return [];
    }
  });
}

/** Whether a process of this machine has this command line; false where the system does not say. */
function isRunning(command: readonly string[]): boolean {
  if (!existsSync('/proc/self/cmdline')) return false;
  return readdirSync('/proc').some((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8') === `${command.join('\0')}\0`
      );
    } catch {
      // Ended meanwhile.
      return false;
    }
  });
}

for (const via of ['on this peer', 'through another peer']) {
  describe(`streams of pods ${via}`, () => {
    let harness: ProcessHarness;
    let streams: PodStreams;
    let closers: (() => void)[];
    let meshes: ReturnType<typeof pairedMeshes>;
    beforeEach(async () => {
      harness = await makeProcessHarness({ logFileBytes: 4_000, logFiles: 3 });
      const local = createLocalPodStreams(harness.driver());
      meshes = pairedMeshes();
      const owner = createPodStreams({ node: 'there', local, mesh: meshes.there });
      const absent = createLocalPodStreams(harness.driver());
      const asker = createPodStreams({ node: 'here', local: absent, mesh: meshes.here });
      streams = via === 'on this peer' ? owner : asker;
      closers = [owner.close, asker.close];
    });
    afterEach(async () => {
      for (const close of closers) close();
      await harness.close();
    });

    const start = async (
      script: string,
      changes: Partial<ContainerConfig> = {},
    ): Promise<{ node: string; uid: string; id: string }> => {
      const pod = podConfig();
      const driver = harness.driver();
      valueOf(await driver.runPod(pod));
      const config = containerConfig(pod, ['sh', '-c', script], {
        environment: { WHO: 'pod' },
        ...changes,
      });
      const id = valueOf(await driver.createContainer(config));
      valueOf(await driver.startContainer(id));
      return { node: 'there', uid: pod.uid, id };
    };
    const untilExited = (id: string): Promise<void> =>
      harness.until(async () =>
        valueOf(await harness.driver().containers()).some(
          (s) => s.id === id && s.state === 'exited',
        ),
      );
    const read = async (
      target: { node: string; uid: string },
      options: Partial<LogOptions>,
    ): Promise<string> => text(valueOf(await streams.logs(target, { ...logOptions, ...options })));
    const run = async (
      target: { node: string; uid: string },
      script: string,
      input?: string,
    ): Promise<{ code: number; out: string; err: string }> => {
      const session: ExecSession = valueOf(
        await streams.exec(target, {
          container: '',
          command: ['sh', '-c', script],
          stdin: input !== undefined,
          tty: false,
        }),
      );
      if (input !== undefined) session.stdin.end(input);
      const [out, err, exit] = await Promise.all([
        text(session.stdout),
        text(session.stderr),
        session.exited,
      ]);
      return { code: valueOf(exit), out, err };
    };

    it('show the log: all, its end, with times, up to a size', async () => {
      const target = await start(
        'for i in 1 2 3 4 5; do echo line $i; done; echo bad >&2; printf half',
      );
      await untilExited(target.id);
      const all = await read(target, {});
      assert.equal(
        all.split('\n').sort().join('\n'),
        ['', 'bad', 'half', 'line 1', 'line 2', 'line 3', 'line 4', 'line 5']
          .filter((l) => l !== '')
          .sort()
          .join('\n'),
      );
      assert.equal((await read(target, { tailLines: 2 })).trim().split('\n').length, 2);
      assert.equal(await read(target, { tailLines: 0 }), '');
      assert.match(
        await read(target, { timestamps: true }),
        /^\d{4}-\d\d-\d\dT[\d:]+\.\d{9}Z line 1\n/,
      );
      assert.equal(await read(target, { limitBytes: 9 }), 'line 1\nli');
      assert.equal(await read(target, { sinceMs: Date.now() + 60_000 }), '');
    });

    it('follow the log across its rotation until the container ends, with no line lost', async () => {
      const target = await start(
        'i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i of a log that is rotated; done; sleep 0.3; echo last',
      );
      const shown = await read(target, { follow: true });
      const status = valueOf(await harness.driver().containers(target.uid))[0]!;
      const files = readdirSync(dirname(status.logPath));
      assert.equal(files.length, 3, files.join());
      // It was followed from wherever it began to be read: from there on nothing is missing.
      const numbers = shown.match(/(?<=line )\d+/g)!.map(Number);
      numbers.forEach((number, i) => assert.equal(number, numbers[0]! + i));
      assert.equal(numbers.at(-1), 400);
      assert.ok(shown.endsWith('last\n'));
    });

    it('stop following when the reader goes', async () => {
      const target = await start('echo begin; sleep 1000');
      const log = valueOf(await streams.logs(target, { ...logOptions, follow: true }));
      const [chunk] = (await once(log, 'data')) as [Buffer];
      assert.equal(chunk.toString(), 'begin\n');
      log.destroy();
      await once(log, 'close');
      await harness.until(async () => meshes.open() === 0);
    });

    it('close the file when the reader goes and leaves lines unread', async () => {
      const target = await start('i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i; done');
      await untilExited(target.id);
      const { logPath } = valueOf(await harness.driver().containers(target.uid))[0]!;
      for (const follow of [false, true]) {
        const log = valueOf(await streams.logs(target, { ...logOptions, follow }));
        await once(log, 'readable');
        log.destroy();
        await harness.until(async () => openFilesIn(dirname(logPath)).length === 0);
      }
    });

    it('show the log of the instance before', async () => {
      const target = await start('echo first');
      await untilExited(target.id);
      const missing = await streams.logs(target, { ...logOptions, previous: true });
      assert.equal(missing.ok ? '' : missing.error.code, 'not-found');
      const pod = { ...podConfig(), uid: target.uid };
      const next = containerConfig(pod, ['sh', '-c', 'echo second'], { attempt: 1 });
      const id = valueOf(await harness.driver().createContainer(next));
      valueOf(await harness.driver().startContainer(id));
      await untilExited(id);
      assert.equal(await read(target, {}), 'second\n');
      assert.equal(await read(target, { previous: true }), 'first\n');
    });

    it('run a command with its input, its outputs apart and its exit code', async () => {
      const target = await start('sleep 1000');
      assert.deepEqual(await run(target, 'echo $WHO; echo oops >&2; exit 3'), {
        code: 3,
        out: 'pod\n',
        err: 'oops\n',
      });
      const long = 'x'.repeat(300_000);
      assert.deepEqual(await run(target, 'cat', long), { code: 0, out: long, err: '' });
    });

    it('end a command when its asker goes', async () => {
      const target = await start('sleep 1000');
      const options = { container: '', command: ['sleep', '1234'], stdin: false, tty: false };
      const session = valueOf(await streams.exec(target, options));
      session.stdout.resume();
      session.stderr.resume();
      session.kill();
      assert.equal(valueOf(await session.exited), 137);
    });

    it('say of a command that does not exist that it could not be run', async () => {
      const target = await start('sleep 1000');
      const options = { container: '', command: ['no-such-program'], stdin: false, tty: false };
      const session = valueOf(await streams.exec(target, options));
      session.stdout.resume();
      session.stderr.resume();
      const exit = await session.exited;
      assert.ok(!exit.ok);
      assert.equal(exit.error.code, 'invalid');
      assert.match(exit.error.message, /no-such-program/);
    });

    it('give a terminal the size that is told at once', async function () {
      if (!harness.driver().capabilities.tty || process.platform !== 'linux') this.skip();
      const target = await start('sleep 1000');
      // Until it has its size; the first that is told is the only one.
      const command = [
        'sh',
        '-c',
        'tty; while [ "$(stty size)" != "33 77" ]; do sleep 0.02; done; exit 6',
      ];
      const session = valueOf(
        await streams.exec(target, { container: '', command, stdin: true, tty: true }),
      );
      session.resize(12, 34);
      session.resize(77, 33);
      session.stderr.resume();
      const output = text(session.stdout);
      assert.equal(valueOf(await session.exited), 6);
      assert.match(await output, /\/dev\/pts\/\d+/);
    });

    const attach = async (target: { node: string; uid: string }): Promise<ExecSession> =>
      valueOf(await streams.attach(target, { container: '', stdin: true }));
    /** The first output of a session that matches. */
    const shown = (session: ExecSession, pattern: RegExp): Promise<void> => {
      let seen = '';
      return new Promise((resolve) => {
        session.stdout.on('data', (chunk) => {
          seen += String(chunk);
          if (pattern.test(seen)) resolve();
        });
      });
    };

    it('attach to what runs: its input, its outputs from now on, and its end', async () => {
      const target = await start('while read line; do echo "got $line"; echo bad >&2; done', {
        stdin: true,
        stdinOnce: true,
      });
      const session = await attach(target);
      const output = Promise.all([text(session.stdout), text(session.stderr)]);
      session.stdin.write('one\n');
      // stdinOnce: the input of the container ends with this one.
      session.stdin.end('two\n');
      assert.equal(valueOf(await session.exited), 0);
      assert.deepEqual(await output, ['got one\ngot two\n', 'bad\nbad\n']);
      await untilExited(target.id);
      assert.match(await read(target, {}), /got one\n[^]*got two\n/);
    });

    it('attach several at once, and keep the input of a container open when one goes', async () => {
      const target = await start('cat', { stdin: true });
      const [first, second] = [await attach(target), await attach(target)];
      const [a, b] = [shown(first, /hello/), shown(second, /hello/)];
      first.stdin.write('hello\n');
      await Promise.all([a, b]);
      first.stdin.end();
      first.kill();
      const again = shown(second, /again/);
      second.stdin.write('again\n');
      await again;
      const status = valueOf(await harness.driver().containers(target.uid))[0];
      assert.equal(status?.state, 'running');
      second.kill();
    });

    it('attach with a large input, byte for byte, and drop input that nobody keeps open', async () => {
      const target = await start('cat', { stdin: true, stdinOnce: true });
      const session = await attach(target);
      const output = text(session.stdout);
      const long = 'x'.repeat(3_000_000);
      session.stdin.end(long);
      assert.equal((await output) === long, true);
      const closed = await start('sleep 1000');
      const deaf = await attach(closed);
      deaf.stdin.end('nobody reads this');
      deaf.kill();
    });

    it('attach to a terminal and set its size', async function () {
      if (!harness.driver().capabilities.tty || process.platform !== 'linux') this.skip();
      const script = 'while read line; do tty; stty size; done';
      const target = await start(script, { stdin: true, tty: true });
      const session = await attach(target);
      const sized = shown(session, /33 77/);
      // The size arrives once the terminal is there; the container shows it for each line.
      let isShown = false;
      void sized.then(() => (isShown = true));
      await harness.until(async () => {
        session.resize(77, 33);
        session.stdin.write('go\n');
        return isShown;
      });
      session.kill();
    });

    it('attach to nothing that does not run', async () => {
      const target = await start('true');
      await untilExited(target.id);
      const gone = await streams.attach(target, { container: '', stdin: false });
      assert.equal(gone.ok ? '' : gone.error.code, 'not-found');
    });

    it('end a command that reads none of its input when its asker goes', async () => {
      const target = await start('sleep 1000');
      const command = ['sleep', '4321'];
      const options = { container: '', command, stdin: true, tty: false };
      const session = valueOf(await streams.exec(target, options));
      session.stdin.on('error', () => undefined);
      session.stdin.write('x'.repeat(4_000_000));
      session.kill();
      await session.exited;
      await harness.until(async () => !isRunning(command));
    });

    it('connect to a port of the pod, half-closed connections included', async () => {
      const target = await start('sleep 1000');
      const script = `require('node:net').createServer({allowHalfOpen: true}, (s) => { let all = ''; s.on('data', (d) => all += d); s.on('end', () => s.end('got ' + all)); }).listen(8080, process.env.SKEIN_TEST_IP, () => console.log('up'))`;
      const pod = { ...podConfig(), uid: target.uid };
      const address = valueOf(await harness.driver().pods())[0]!.address;
      const config = containerConfig(pod, [process.execPath, '-e', script], {
        name: 'server',
        environment: { SKEIN_TEST_IP: address },
      });
      const id = valueOf(await harness.driver().createContainer(config));
      valueOf(await harness.driver().startContainer(id));
      await harness.until(async () => (await read(target, { container: 'server' })) === 'up\n');
      const connection = valueOf(await streams.connect(target, 8080));
      connection.end('hello');
      assert.equal(await text(connection), 'got hello');
      const refused = await streams.connect(target, 8081);
      assert.equal(refused.ok ? '' : refused.error.code, 'unavailable');
    });

    it('say clearly what is not there', async () => {
      const target = await start('sleep 1000');
      const codes = await Promise.all(
        [
          streams.logs({ ...target, uid: 'no-such-pod' }, logOptions),
          streams.logs(target, { ...logOptions, container: 'other' }),
          streams.exec(
            { ...target, uid: 'gone' },
            { container: '', command: ['true'], stdin: false, tty: false },
          ),
          streams.connect({ ...target, uid: 'gone' }, 80),
          streams.logs({ ...target, node: 'dead' }, logOptions),
          streams.logs({ ...target, node: 'nobody' }, logOptions),
        ].map(async (call) => {
          const result = await call;
          return result.ok ? 'ok' : result.error.code;
        }),
      );
      assert.deepEqual(codes, [
        'not-found',
        'not-found',
        'not-found',
        'not-found',
        'unavailable',
        'unavailable',
      ]);
    });
  });
}

describe('a stream that another peer opens', () => {
  it('is refused when its header is malformed', async () => {
    const { here, there } = pairedMeshes();
    const nothing = {} as PodStreams;
    const server = createPodStreams({ node: 'there', local: nothing, mesh: there });
    for (const protocol of Object.values(podProtocols)) {
      for (const header of [
        null,
        'x',
        {},
        { target: { node: 'there' } },
        {
          target: { node: 'there', uid: 'u' },
          port: 99_999,
          options: { container: 1, command: 'x' },
        },
      ]) {
        const stream = valueOf(await here.openStream('peer-there', protocol, header));
        const answer = await text(stream);
        assert.match(answer, /"code":"invalid"/);
      }
    }
    server.close();
  });
});
