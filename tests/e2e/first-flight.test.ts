// `npm start`: up in seconds, a dead peer is told and brought back, and nothing is left behind.

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import type { ApiList } from '../../cli/watch.ts';
import { somePorts } from '../some-ports.ts';
import { skein, temporaryDirectory } from './cluster.ts';

const FLIGHT = resolve('dist/cli/first-flight.js');
const UP_MS = 15_000;

interface Flight {
  readonly child: ChildProcess;
  /** Resolves when standard output holds what fits. */
  readonly says: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly exited: Promise<number | null>;
  readonly text: () => string;
}

function startFlight(directory: string, words: readonly string[]): Flight {
  const child = spawn(process.execPath, [FLIGHT, ...words], {
    cwd: directory,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let text = '';
  const hear = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      text += chunk;
      for (const listener of hear) listener();
    });
  }
  const exited = new Promise<number | null>((done) => child.on('exit', done));
  return {
    child,
    exited,
    text: () => text,
    says: (pattern) =>
      new Promise((done, failed) => {
        const listen = (): void => {
          const found = pattern.exec(text);
          if (found === null) return;
          hear.delete(listen);
          done(found);
        };
        hear.add(listen);
        void exited.then(() => failed(new Error(`it ended without ${pattern}:\n${text}`)));
        listen();
      }),
  };
}

/** What a process of this machine is known by: arguments, environment, open files. '' when it is gone. */
function marksOf(pid: string): string {
  const home = `/proc/${pid}`;
  try {
    const files = readdirSync(`${home}/fd`).map((fd) => {
      try {
        return readlinkSync(`${home}/fd/${fd}`);
      } catch {
        return '';
      }
    });
    const texts = ['cmdline', 'environ'].map((name) => readFileSync(`${home}/${name}`, 'utf8'));
    return [...texts, ...files].join('\n');
  } catch {
    return '';
  }
}

/** Processes that have one of the marks: peers and keepers the directory, pods their address. */
function processesWith(...marks: readonly string[]): readonly string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      const found = marksOf(pid);
      return marks.some((mark) => found.includes(mark));
    });
}

describe('npm start', function () {
  this.timeout(90_000);
  let directory = '';
  let remove = (): void => undefined;
  let ports: readonly string[] = [];
  after(() => remove());
  before(async () => {
    ({ path: directory, remove } = temporaryDirectory());
    const [mesh, , , api] = await somePorts(6);
    ports = [`--mesh-port=${mesh}`, `--api-port=${api}`];
  });

  it('brings the example up, tells of a dead peer, brings it back, and leaves nothing running', async () => {
    const began = performance.now();
    const flight = startFlight(directory, ports);
    let addresses: readonly string[] = [];
    try {
      await flight.says(/the service answers from 3 different pods/);
      const tookMs = performance.now() - began;
      assert.ok(tookMs < UP_MS, `it took ${Math.round(tookMs)} ms`);
      const [, pid] = await flight.says(/kill -9 (\d+)/);
      await flight.says(/Ctrl-C here ends/);
      const kubeconfig = join(directory, '.skein', 'kubeconfig');
      const pods = await skein(['get', 'pods', '-o', 'json', '--kubeconfig', kubeconfig]);
      const { items } = JSON.parse(pods.out) as ApiList;
      addresses = items.map(({ status }) => `SKEIN_POD_IP=${String(status?.['podIP'])}\0`);
      assert.equal(addresses.length, 3, pods.err);
      if (process.platform === 'linux') {
        assert.equal(processesWith(...addresses).length, 3, 'one process for each pod');
        // Three peers, and a keeper for each pod.
        assert.ok(processesWith(directory).length >= 6, 'peers and keepers are seen');
      }
      process.kill(Number(pid), 'SIGKILL');
      await flight.says(/peer-3 \(pid \d+\) was ended by SIGKILL/);
      flight.child.stdin?.write('\n');
      await flight.says(/starting peer-3 again[\s\S]*peer-3 is ready/);
    } finally {
      flight.child.kill('SIGINT');
    }
    assert.equal(await flight.exited, 0, flight.text());
    assert.match(flight.text(), /ended\n$/);
    assert.deepEqual(processesWith(directory, ...addresses), []);
  });

  it('starts again from its data, also after it was killed', async () => {
    const flight = startFlight(directory, []);
    await flight.says(/the service answers from 3 different pods/);
    assert.match(flight.text(), /service\/hello unchanged/);
    flight.child.kill('SIGKILL');
    await flight.exited;
    const again = await startWhenFree(directory);
    again.child.kill('SIGTERM');
    assert.equal(await again.exited, 0, again.text());
    assert.deepEqual(processesWith(directory), []);
  });

  it('says that a pinned port is taken, and starts nothing', async () => {
    const server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    const empty = join(directory, 'empty');
    mkdirSync(empty);
    try {
      const flight = startFlight(empty, [`--api-port=${port}`]);
      assert.equal(await flight.exited, 1);
      assert.match(
        flight.text(),
        new RegExp(`skein: --api-port ${port}: port ${port} .*cannot be used`),
      );
      assert.deepEqual(processesWith(empty), []);
    } finally {
      server.close();
    }
  });
});

/** Peers whose starter was killed end by themselves; until then their ports are taken, which is said. */
async function startWhenFree(directory: string): Promise<Flight> {
  for (;;) {
    const flight = startFlight(directory, []);
    const said = await flight.says(/the service answers from 3 different pods/).then(
      () => true,
      () => false,
    );
    if (said) return flight;
    assert.match(flight.text(), /keep their ports.*another program listens/);
  }
}
