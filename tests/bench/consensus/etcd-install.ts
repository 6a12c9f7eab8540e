// Gets etcd and a compiled client for it: Debian's packages, no other source.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { etcdServer, etcdVersion, install } from '../../conformance/etcd/debian-etcd.ts';

const run = promisify(execFile);
const librariesAt = '/usr/share/gocode';
/** Debian's place for programs, and nothing of one's own that hides it. */
const goAt = '/usr/bin/go';

const packages = [
  etcdServer,
  { name: 'golang-go', holds: goAt },
  { name: 'golang-etcd-server-dev', holds: join(librariesAt, 'src/go.etcd.io/etcd/clientv3') },
];

export interface EtcdPrograms {
  readonly client: string;
  readonly version: string;
}

/** Under tests/bench. */
const etcdClientSource = 'consensus/etcd-client.go';

/** Installs what is missing when it may, and builds a client into `directory`; else says why not. */
export async function prepareEtcd(
  directory: string,
  source = etcdClientSource,
): Promise<EtcdPrograms | string> {
  const refusal = await install(packages);
  if (refusal !== undefined) return refusal;
  const client = join(directory, 'etcd-client');
  try {
    await build(source, client);
  } catch (error) {
    return `the client could not be built: ${(error as Error).message}`;
  }
  return { client, version: await etcdVersion() };
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
