// What cannot be done is said in one sentence, with the value and the remedy, and nothing is half done.

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import type { ChildPeer, Ready } from '../../cli/flight/child-peer.ts';
import { startChild } from '../../cli/flight/child-peer.ts';
import type { Ran } from './cluster.ts';
import { somePorts } from '../some-ports.ts';
import { PROGRAM, run, skein, temporaryDirectory } from './cluster.ts';

const isOneSentence = ({ err }: Ran): void => {
  assert.match(err, /^skein: /m);
  assert.doesNotMatch(err, /\n\s+at .*[:(]\d+/, 'a stack trace');
};

/** The last `skein: …` of standard error; the lines before are the log. */
const words = ({ err }: Ran): string => err.slice(err.lastIndexOf('skein: '));

const manifest = (kind: string, more: string): string =>
  `apiVersion: apps/v1\nkind: ${kind}\nmetadata: { name: web }\n${more}`;

const spec = (field: string): string =>
  [
    'spec:',
    `  ${field}: 2`,
    '  selector: { matchLabels: { app: web } }',
    '  template:',
    '    metadata: { labels: { app: web } }',
    '    spec: { containers: [{ name: web, image: web, command: [sleep, "60"] }] }',
    '',
  ].join('\n');

describe('one peer on this machine', function () {
  this.timeout(60_000);
  let directory = '';
  let remove = (): void => undefined;
  let peer: ChildPeer;
  let ready: Ready;
  let mesh: number;
  let api: number;

  const upWords = (data: string, ports: readonly [number, number]): readonly string[] => [
    'up',
    '--name=alone',
    `--data=${data}`,
    `--mesh-listen=127.0.0.1:${ports[0]}`,
    `--api-listen=127.0.0.1:${ports[1]}`,
    '--stop-pods',
  ];
  const ask = (line: readonly string[], input = ''): Promise<Ran> =>
    skein([...line, '--kubeconfig', ready.kubeconfig], {}, input);
  const nothingWasMade = async (): Promise<void> => {
    const { out } = await ask(['get', 'deploy,rs,pods', '-o', 'name']);
    assert.equal(out, '');
  };

  before(async () => {
    ({ path: directory, remove } = temporaryDirectory());
    const [first, second] = await somePorts(2);
    mesh = first!;
    api = second!;
    peer = startChild({
      name: 'alone',
      program: PROGRAM,
      words: upWords(join(directory, 'data'), [mesh, api]),
      logFile: join(directory, 'log'),
    });
    ready = await peer.ready;
  });
  after(async () => {
    assert.ok(await peer.stop());
    remove();
  });

  it('says where it is when it is ready', () => {
    assert.deepEqual(ready, {
      name: 'alone',
      mesh: `127.0.0.1:${mesh}`,
      api: `https://127.0.0.1:${api}`,
      kubeconfig: join(directory, 'data', 'kubeconfig'),
    });
  });

  it('refuses a manifest that is not YAML, with its line', async () => {
    const ran = await ask(['apply', '-f', '-'], 'kind: [Pod\n');
    assert.equal(ran.code, 1);
    isOneSentence(ran);
    assert.match(ran.err, /standard input is not valid YAML: .*at line 2, column 1/);
  });

  it('refuses an unknown kind', async () => {
    const ran = await ask(['apply', '-f', '-'], manifest('Deploymnet', spec('replicas')));
    assert.equal(ran.code, 1);
    isOneSentence(ran);
    assert.match(ran.err, /no kind "Deploymnet" in version "apps\/v1" is served here/);
    await nothingWasMade();
  });

  it('refuses an unknown field', async () => {
    const ran = await ask(['apply', '-f', '-'], manifest('Deployment', spec('replicaz')));
    assert.equal(ran.code, 1);
    assert.match(ran.err, /unknown field "spec\.replicaz"/);
    await nothingWasMade();
  });

  it('applies nothing of a file whose second object has an unknown kind', async () => {
    const good = manifest('Deployment', spec('replicas'));
    const ran = await ask(
      ['apply', '-f', '-'],
      `${good}---\n${manifest('Nonsense', 'spec: {}\n')}`,
    );
    assert.equal(ran.code, 1);
    await nothingWasMade();
  });

  it('names the kinds it knows when asked for another', async () => {
    const ran = await ask(['get', 'podz']);
    assert.equal(ran.code, 1);
    assert.match(ran.err, /No kind is called "podz" here. Known kinds: .*pods/);
  });

  it('is refused a wrong token and leaves no membership behind', async () => {
    const { out } = await ask(['token', 'create']);
    const [id, , authority] = out.trim().split('.');
    const wrong = `${id}.${'A'.repeat(21)}A.${authority}`;
    const [otherMesh, otherApi] = await somePorts(2);
    const data = join(directory, 'wrong-token');
    const [, ...flags] = upWords(data, [otherMesh!, otherApi!]);
    const join_ = ['join', `127.0.0.1:${mesh}`, '--token', '-', ...flags, '--name=second'];
    const ran = await skein(
      join_.filter((flag) => flag !== '--name=alone'),
      {},
      wrong,
    );
    assert.equal(ran.code, 1, ran.err);
    assert.match(words(ran), /token/i);
    assert.ok(!existsSync(join(data, 'membership.json')));
    const { out: peers } = await ask(['peers', '-o', 'name']);
    assert.equal(peers, 'peer.skein.dev/alone\n');
  });

  it('says that a text is no token', async () => {
    const [otherMesh, otherApi] = await somePorts(2);
    const [, ...flags] = upWords(join(directory, 'no-token'), [otherMesh!, otherApi!]);
    const ran = await skein(['join', `127.0.0.1:${mesh}`, '--token', 'guess', ...flags]);
    assert.equal(ran.code, 1);
    assert.match(words(ran), /token/i);
  });

  it('says that nobody listens at the address to join', async () => {
    const [nobody, otherMesh, otherApi] = await somePorts(3);
    const { out } = await ask(['token', 'create']);
    const [, ...flags] = upWords(join(directory, 'nobody'), [otherMesh!, otherApi!]);
    const ran = await skein(['join', `127.0.0.1:${nobody}`, '--token', '-', ...flags], {}, out);
    assert.notEqual(ran.code, 0);
    assert.match(words(ran), new RegExp(String(nobody)));
  });

  it('says that a port is taken', async () => {
    const server: Server = createServer();
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const { port } = server.address() as AddressInfo;
    try {
      const [free] = await somePorts(1);
      const data = join(directory, 'taken');
      for (const ports of [[port, free!] as const, [free!, port] as const]) {
        const ran = await skein(upWords(data, [...ports]));
        assert.equal(ran.code, 1);
        assert.match(words(ran), new RegExp(`${port}.*(use|taken)`));
        assert.doesNotMatch(ran.err, /\n\s+at .*[:(]\d+/);
      }
    } finally {
      server.close();
    }
  });

  it('says that another process uses the data directory', async () => {
    const [otherMesh, otherApi] = await somePorts(2);
    const ran = await skein(upWords(join(directory, 'data'), [otherMesh!, otherApi!]));
    assert.equal(ran.code, 1);
    assert.match(words(ran), /another|process/);
    assert.match(words(ran), new RegExp(directory));
    assert.equal((await ask(['get', 'nodes', '-o', 'name'])).out, 'node/alone\n');
  });

  it('says that a data directory cannot be made', async () => {
    const file = join(directory, 'a-file');
    writeFileSync(file, '');
    const [otherMesh, otherApi] = await somePorts(2);
    const ran = await skein(upWords(join(file, 'data'), [otherMesh!, otherApi!]));
    assert.equal(ran.code, 1);
    isOneSentence(ran);
    assert.match(words(ran), /cannot use the data directory .*--data DIR/);
  });

  it('says that a data directory cannot be written', async function () {
    if (process.getuid?.() === 0) this.skip();
    const data = join(directory, 'read-only');
    mkdirSync(data);
    chmodSync(data, 0o500);
    const [otherMesh, otherApi] = await somePorts(2);
    const ran = await skein(upWords(data, [otherMesh!, otherApi!]));
    chmodSync(data, 0o700);
    assert.equal(ran.code, 1);
    assert.match(words(ran), /--data DIR/);
    assert.deepEqual(readdirSync(data), []);
  });

  it('answers kubectl', async function () {
    if (!existsSync('/usr/bin/kubectl')) this.skip();
    const kubectl = (line: readonly string[], input = ''): Promise<Ran> => {
      const words = ['--kubeconfig', ready.kubeconfig, ...line];
      return run('/usr/bin/kubectl', words, { HOME: directory }, input);
    };
    const nodes = await kubectl(['get', 'nodes', '-o', 'name']);
    assert.deepEqual([nodes.code, nodes.out], [0, 'node/alone\n'], nodes.err);
    const text = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: by-kubectl }\n';
    const created = await kubectl(['apply', '--validate=false', '-f', '-'], text);
    assert.equal(created.out, 'namespace/by-kubectl created\n', created.err);
    const same = await ask(['apply', '-f', '-'], text);
    assert.equal(same.out, 'namespace/by-kubectl unchanged\n', same.err);
    const ours = await ask(['get', 'ns', 'by-kubectl', '-o', 'name']);
    assert.equal(ours.out, 'namespace/by-kubectl\n');
    const theirs = await kubectl(['get', 'ns', 'by-kubectl', '-o', 'jsonpath={.status.phase}']);
    assert.equal(theirs.out, 'Active');
  });

  it('ends with code 0 when it is told to, and starts again with what it knew', async () => {
    assert.ok(await peer.stop());
    assert.deepEqual(await peer.exited, { code: 0, signal: null });
    peer = startChild({
      name: 'alone',
      program: PROGRAM,
      words: upWords(join(directory, 'data'), [mesh, api]),
      logFile: join(directory, 'log'),
    });
    ready = await peer.ready;
    assert.equal((await ask(['get', 'nodes', '-o', 'name'])).out, 'node/alone\n');
  });
});
