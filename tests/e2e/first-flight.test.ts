// `npm start`: up in seconds, a dead peer is told and brought back, and nothing is left behind.

import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { skein, somePorts, temporaryDirectory } from './cluster.ts';

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

/** Processes of this machine whose environment or arguments name the directory. */
function processesOf(directory: string): readonly string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return (line + readFileSync(`/proc/${pid}/environ`, 'utf8')).includes(directory);
      } catch {
        return false;
      }
    });
}

describe('npm start', function () {
  this.timeout(90_000);
  const { path: directory, remove } = temporaryDirectory();
  let ports: readonly string[] = [];
  after(remove);
  before(async () => {
    const [mesh, , , api] = await somePorts(6);
    ports = [`--mesh-port=${mesh}`, `--api-port=${api}`];
  });

  it('brings the example up, tells of a dead peer, brings it back, and leaves nothing running', async () => {
    const began = performance.now();
    const flight = startFlight(directory, ports);
    try {
      await flight.says(/the service answers from 3 different pods/);
      const tookMs = performance.now() - began;
      assert.ok(tookMs < UP_MS, `it took ${Math.round(tookMs)} ms`);
      const [, pid] = await flight.says(/kill -9 (\d+)/);
      await flight.says(/Ctrl-C here ends/);
      const kubeconfig = join(directory, '.skein', 'kubeconfig');
      const pods = await skein(['get', 'pods', '-o', 'name', '--kubeconfig', kubeconfig]);
      assert.equal(pods.out.trim().split('\n').length, 3, pods.err);
      process.kill(Number(pid), 'SIGKILL');
      await flight.says(/peer-3 \(pid \d+\) was ended by SIGKILL/);
      flight.child.stdin?.write('\n');
      await flight.says(/starting peer-3 again[\s\S]*peer-3 is ready/);
    } finally {
      flight.child.kill('SIGINT');
    }
    assert.equal(await flight.exited, 0, flight.text());
    assert.match(flight.text(), /ended\n$/);
    assert.deepEqual(processesOf(directory), []);
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
    assert.deepEqual(processesOf(directory), []);
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
      assert.deepEqual(processesOf(empty), []);
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
