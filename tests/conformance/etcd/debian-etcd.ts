// Debian's etcd: installed when it is missing and may be, from Debian's packages and no other source.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Debian's place for programs, and nothing of one's own that hides it. */
export const etcdAt = '/usr/bin/etcd';

/** A package of Debian, and a file by which one knows that it is there. */
export interface DebianPackage {
  readonly name: string;
  readonly holds: string;
}

export const etcdServer: DebianPackage = { name: 'etcd-server', holds: etcdAt };

/** Installs what is missing when it may. Undefined when all is there, else a sentence that says why not. */
export async function install(packages: readonly DebianPackage[]): Promise<string | undefined> {
  const names = packages.filter(({ holds }) => !existsSync(holds)).map(({ name }) => name);
  if (names.length === 0) return undefined;
  if (!existsSync('/etc/debian_version'))
    return `this is no Debian: there is no ${names.join(', ')}`;
  if (process.getuid?.() !== 0) return `not root: apt-get install ${names.join(' ')}`;
  process.stderr.write(`installing ${names.join(', ')}\n`);
  try {
    await get(names);
  } catch {
    // The list of packages may be missing or old.
    try {
      await apt('update');
      await get(names);
    } catch (error) {
      return `apt-get failed: ${(error as Error).message.split('\n', 1)[0]}`;
    }
  }
  return undefined;
}

const get = (names: readonly string[]): Promise<void> =>
  apt('install', '-y', '--no-install-recommends', ...names);

async function apt(...args: readonly string[]): Promise<void> {
  await run('apt-get', args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
}

/** As etcd says of itself. */
export async function etcdVersion(): Promise<string> {
  const { stdout } = await run(etcdAt, ['--version']);
  return /Version: (\S+)/.exec(stdout)?.[1] ?? 'unknown';
}
