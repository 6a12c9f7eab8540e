// The quorum of a real zone is lost for good, and one command goes on from the survivor.

import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PeerStatus } from '../../cli/commands/status.ts';
import type { ChildPeer, Ready } from '../../cli/flight/child-peer.ts';
import { startChild } from '../../cli/flight/child-peer.ts';
import type { Ran } from './cluster.ts';
import { somePorts } from '../some-ports.ts';
import { PROGRAM, skein, temporaryDirectory } from './cluster.ts';

/** Between two looks at a peer's status: it is not told of by any watch. */
const PACE_MS = 100;
const NAMES = ['red', 'green', 'blue'] as const;
type Name = (typeof NAMES)[number];

/** Breaks the last record but one: the last alone would be a torn write. */
function rot(log: string): void {
  const name = readdirSync(log)
    .filter((one) => one.startsWith('segment-'))
    .sort()
    .at(-1)!;
  const bytes = readFileSync(join(log, name));
  const used = bytes.findLastIndex((byte) => byte !== 0);
  bytes[Math.floor(used / 2)]! ^= 0xff;
  writeFileSync(join(log, name), bytes);
}

describe('a zone that lost its quorum for good', function () {
  this.timeout(180_000);
  let directory = '';
  let remove = (): void => undefined;
  let ports: readonly number[] = [];
  const peers = new Map<Name, ChildPeer>();
  const readies = new Map<Name, Ready>();

  const dataOf = (name: Name): string => join(directory, name);
  const flagsOf = (name: Name): readonly string[] => {
    const at = NAMES.indexOf(name);
    return [
      `--name=${name}`,
      `--data=${dataOf(name)}`,
      `--mesh-listen=127.0.0.1:${ports[at]}`,
      `--api-listen=127.0.0.1:${ports[at + NAMES.length]}`,
    ];
  };
  const launch = async (name: Name, verb: readonly string[], input = ''): Promise<void> => {
    const peer = startChild({
      name,
      program: PROGRAM,
      words: [...verb, ...flagsOf(name)],
      input,
      logFile: join(directory, `${name}.log`),
    });
    peers.set(name, peer);
    readies.set(name, await peer.ready);
  };
  const kill = async (name: Name): Promise<void> => {
    process.kill(peers.get(name)!.pid, 'SIGKILL');
    await peers.get(name)!.exited;
  };
  const done = async (name: Name, line: readonly string[], input = ''): Promise<string> => {
    const { kubeconfig } = readies.get(NAMES[0])!;
    const { api } = readies.get(name)!;
    const ran = await skein([...line, '--kubeconfig', kubeconfig, '--peer', api], {}, input);
    assert.equal(ran.code, 0, ran.err);
    return ran.out;
  };
  const untilStatus = async (
    name: Name,
    holds: (status: PeerStatus['status']) => boolean,
  ): Promise<void> => {
    const untilMs = performance.now() + 30_000;
    for (;;) {
      const { status } = JSON.parse(await done(name, ['status', '-o', 'json'])) as PeerStatus;
      if (holds(status)) return;
      assert.ok(performance.now() < untilMs, JSON.stringify(status));
      await delay(PACE_MS);
    }
  };
  const createNamespace = (at: Name, name: string): Promise<string> =>
    done(at, ['apply', '-f', '-'], `{apiVersion: v1, kind: Namespace, metadata: {name: ${name}}}`);
  const recover = (...flags: readonly string[]): Promise<Ran> =>
    skein(['recover', `--data=${dataOf('red')}`, ...flags]);

  before(async () => {
    ({ path: directory, remove } = temporaryDirectory());
    ports = await somePorts(2 * NAMES.length);
    await launch('red', ['up']);
    const token = await done('red', ['token', 'create']);
    for (const name of ['green', 'blue'] as const) {
      await launch(name, ['join', `127.0.0.1:${ports[0]}`, '--token=-'], token);
    }
    await untilStatus('red', ({ voters }) => voters.length === 3);
    await createNamespace('green', 'before');
  });
  after(async () => {
    for (const peer of peers.values()) await peer.stop();
    remove();
  });

  it('refuses to recover while the peer runs', async () => {
    const ran = await recover('--dry-run');
    assert.equal(ran.code, 1);
    assert.match(ran.err, /^skein: .* is in use by process \d+: stop it/);
  });

  it('goes on from the survivor in less than a minute, with all that it had', async () => {
    await kill('green');
    await kill('blue');
    cpSync(dataOf('blue'), join(directory, 'copy'), { recursive: true });
    for (const name of ['green', 'blue'] as const) rmSync(dataOf(name), { recursive: true });
    await peers.get('red')!.stop();

    const beganMs = performance.now();
    const files = readdirSync(join(dataOf('red'), 'log'));
    const survey = await recover('--dry-run');
    assert.equal(survey.code, 0, survey.err);
    assert.match(survey.out, /^Voters: +blue, green, red \(this one\)$/m);
    assert.match(survey.out, /^Lost: whatever the others acknowledged/m);
    assert.deepEqual(readdirSync(join(dataOf('red'), 'log')), files);
    const recovered = await recover('--yes');
    assert.equal(recovered.code, 0, recovered.err);
    assert.match(recovered.out, /goes on in epoch 2-[0-9a-f]{8}, from this peer alone/);
    await launch('red', ['up']);
    await createNamespace('red', 'after');
    const tookMs = performance.now() - beganMs;
    assert.match(await done('red', ['get', 'namespaces', '-o', 'name']), /^namespace\/before$/m);
    assert.ok(tookMs < 60_000, `it took ${tookMs} ms`);
  });

  it('fences an old member that comes back, and takes it in as a learner', async () => {
    cpSync(join(directory, 'copy'), dataOf('blue'), { recursive: true });
    await launch('blue', ['up']);
    await untilStatus('red', ({ learners }) => learners.length === 1);
    await untilStatus('blue', ({ role, voters }) => role === 'learner' && voters.length === 1);
    assert.match(await done('blue', ['get', 'namespaces', '-o', 'name']), /^namespace\/after$/m);
    const aside = readdirSync(dataOf('blue')).filter((name) => name.startsWith('log.set-aside-'));
    assert.equal(aside.length, 1, String(aside));
  });

  it('has a peer with a rotten log join anew, and not the only voter', async () => {
    await peers.get('blue')!.stop();
    rot(join(dataOf('blue'), 'log'));
    await assert.rejects(
      launch('blue', ['up']),
      /segment-.* is broken at offset .*`skein rejoin`/s,
    );
    const rejoined = await skein(['rejoin', `--data=${dataOf('blue')}`]);
    assert.equal(rejoined.code, 0, rejoined.err);
    await launch('blue', ['up']);
    await createNamespace('blue', 'rejoined');
    await peers.get('red')!.stop();
    const refused = await skein(['rejoin', `--data=${dataOf('red')}`]);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /this replica is the only voter.*skein recover/s);
  });
});
