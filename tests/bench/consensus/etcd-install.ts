// Gets etcd and a compiled client for it: Debian's packages, no other source.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const packages = ['etcd-server', 'golang-go', 'golang-etcd-server-dev'];
const librariesAt = '/usr/share/gocode';
/** Of Debian's two places for programs, and nothing of one's own that hides them. */
const etcdAt = '/usr/bin/etcd';
const goAt = '/usr/bin/go';

const isThere = (): boolean =>
  [etcdAt, goAt, join(librariesAt, 'src/go.etcd.io/etcd/clientv3')].every((path) =>
    existsSync(path),
  );

export interface EtcdPrograms {
  readonly etcd: string;
  readonly client: string;
  readonly version: string;
}

/** Under tests/bench. */
const etcdClientSource = 'consensus/etcd-client.go';

/** Installs what is missing when it may, and builds the client into `directory`; else says why not. */
export async function prepareEtcd(
  directory: string,
  source = etcdClientSource,
): Promise<EtcdPrograms | string> {
  if (!isThere()) {
    if (!existsSync('/etc/debian_version')) return `this is no Debian: ${etcdAt} is not there`;
    if (process.getuid?.() !== 0) return `not root: apt-get install ${packages.join(' ')}`;
    try {
      await install();
    } catch (error) {
      return `apt-get failed: ${(error as Error).message.split('\n', 1)[0]}`;
    }
  }
  const client = join(directory, 'etcd-client');
  try {
    await build(source, client);
  } catch (error) {
    return `the client could not be built: ${(error as Error).message}`;
  }
  const { stdout } = await run(etcdAt, ['--version']);
  return { etcd: etcdAt, client, version: /Version: (\S+)/.exec(stdout)?.[1] ?? 'unknown' };
}

async function install(): Promise<void> {
  process.stderr.write(`installing ${packages.join(', ')}\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], { env });
  await run('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { env });
}

/** From Debian's sources alone, with Debian's compiler; nothing is downloaded. */
async function build(source: string, into: string): Promise<void> {
  const file = fileURLToPath(new URL(`../../../../tests/bench/${source}`, import.meta.url));
  await run(goAt, ['build', '-o', into, file], {
    env: {
      ...process.env,
      GO111MODULE: 'off',
      GOPATH: librariesAt,
      GOPROXY: 'off',
      GOFLAGS: '',
      GOTOOLCHAIN: 'local',
      GOROOT: '',
    },
  });
}
