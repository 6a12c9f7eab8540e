// Which kubeconfig, and which peers of it.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CommandFailure } from '../../cli/failure.ts';
import type { Kubeconfig, PeerAccess } from '../../cli/kubeconfig.ts';
import { chooseKubeconfig, choosePeers, kubeconfigPlaces } from '../../cli/kubeconfig.ts';
import { readKubeconfig, serverOf } from '../../cli/kubeconfig.ts';
import { kubeconfigText } from '../../cli/kubeconfig-text.ts';

const peer = (name: string, authority: string): PeerAccess => ({
  name,
  server: `https://${name}.test:6443`,
  authority,
  certificate: 'CERTIFICATE',
  key: 'KEY',
  skipVerification: false,
  namespace: 'default',
});

describe('the kubeconfig', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'skein-kubeconfig-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const put = (path: string, text = 'x'): string => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };

  it('is the first that exists of the places, in their order', () => {
    const surroundings = {
      environment: { KUBECONFIG: join(directory, 'variable') },
      directory: join(directory, 'here'),
      home: join(directory, 'home'),
      isRoot: false,
    };
    const places = kubeconfigPlaces(surroundings);
    assert.deepEqual(places, [
      join(directory, 'here/.skein/kubeconfig'),
      join(directory, 'home/.skein/kubeconfig'),
      join(directory, 'variable'),
      join(directory, 'home/.local/share/skein/kubeconfig'),
      join(directory, 'home/.kube/config'),
    ]);
    for (const path of places.toReversed()) {
      put(path);
      assert.equal(chooseKubeconfig(undefined, surroundings), path);
    }
    const named = put(join(directory, 'named'));
    const environment = { SKEIN_KUBECONFIG: named };
    assert.equal(chooseKubeconfig(undefined, { ...surroundings, environment }), named);
    const flag = put(join(directory, 'here/flag'));
    assert.equal(chooseKubeconfig('flag', { ...surroundings, environment }), flag);
  });

  it('is not replaced by another when the named one is missing', () => {
    const surroundings = { environment: {}, directory, home: directory, isRoot: false };
    put(join(directory, '.skein/kubeconfig'));
    assert.throws(
      () => chooseKubeconfig('missing', surroundings),
      /--kubeconfig names .*missing, and there is no such file/,
    );
    const environment = { SKEIN_KUBECONFIG: 'gone' };
    assert.throws(
      () => chooseKubeconfig(undefined, { ...surroundings, environment }),
      /SKEIN_KUBECONFIG names .*gone/,
    );
  });

  it('says what to do, with code 3, when there is none', () => {
    const empty = join(directory, 'empty');
    const surroundings = { environment: {}, directory: empty, home: empty, isRoot: false };
    assert.throws(
      () => chooseKubeconfig(undefined, surroundings),
      (error) => {
        assert.ok(error instanceof CommandFailure);
        assert.equal(error.exitCode, 3);
        assert.match(error.message, /skein up.*--kubeconfig/);
        return true;
      },
    );
  });

  it('reads what it writes', () => {
    const [one, two] = [peer('peer-1', 'CA'), peer('peer-2', 'CA')];
    const path = put(join(directory, 'written'), kubeconfigText(two, [one, two]));
    assert.deepEqual(readKubeconfig(path), { path, currentContext: 'peer-2', peers: [one, two] });
  });

  it('refuses a file that is none, with its path', () => {
    const text = put(join(directory, 'text'), 'a: [');
    assert.throws(() => readKubeconfig(text), /text is not YAML/);
    const list = put(join(directory, 'list'), '[]');
    assert.throws(() => readKubeconfig(list), /list holds no contexts/);
    const lost = put(join(directory, 'lost'), 'contexts: [{name: a, context: {cluster: b}}]');
    assert.throws(() => readKubeconfig(lost), /context "a" of .* names no cluster/);
    assert.throws(() => readKubeconfig(directory), /Cannot read/);
  });
});

describe('the peer', () => {
  const file: Kubeconfig = {
    path: '/k',
    currentContext: 'b',
    peers: [peer('a', 'CA'), peer('b', 'CA'), peer('c', 'CA'), peer('x', 'OTHER')],
  };
  const names = (choice: { readonly peers: readonly PeerAccess[] }): readonly string[] =>
    choice.peers.map(({ name }) => name);

  it('is the current context, then its fellows of the same cluster', () => {
    const choice = choosePeers(file, {});
    assert.deepEqual(names(choice), ['b', 'a', 'c']);
    assert.equal(choice.isExplicit, false);
  });

  it('is only the one that was named, by context, name or address', () => {
    for (const given of [{ context: 'c' }, { peer: 'c' }, { peer: 'c.test' }]) {
      const choice = choosePeers(file, given);
      assert.deepEqual(names(choice), ['c']);
      assert.equal(choice.isExplicit, true);
    }
    const elsewhere = choosePeers(file, { peer: '192.0.2.1:7000' });
    assert.equal(elsewhere.peers[0]!.server, 'https://192.0.2.1:7000');
    assert.equal(
      elsewhere.peers[0]!.authority,
      'CA',
      'with the credentials of the current context',
    );
    const foreign = choosePeers(file, { peer: '192.0.2.1:7000', context: 'x' });
    assert.equal(foreign.peers[0]!.authority, 'OTHER');
  });

  it('is looked up at the others when the file does not know its name', () => {
    const choice = choosePeers(file, { peer: 'peer-9' });
    assert.deepEqual([choice.unknownName, names(choice)], ['peer-9', ['b', 'a', 'c']]);
  });

  it('is refused when the context is unknown, with those that are known', () => {
    assert.throws(() => choosePeers(file, { context: 'z' }), /no context "z". It has: a, b, c, x/);
  });

  it('may be written in several ways', () => {
    assert.equal(serverOf('localhost'), 'https://localhost:6443');
    assert.equal(serverOf('::1'), 'https://[::1]:6443');
    assert.equal(serverOf('[::1]:80'), 'https://[::1]:80');
    assert.equal(serverOf('https://a.b:1/path'), 'https://a.b:1');
    assert.equal(serverOf('peer-1'), undefined);
    assert.throws(() => serverOf('http://a.b'), /peers speak https only/);
    assert.throws(() => serverOf('a.b:c:d'), /is not an address/);
  });
});
