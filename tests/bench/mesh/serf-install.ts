// Gets serf: Debian's own, unpacked beside the benchmark and not installed, so that no service of it is left behind.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Where Debian installs it. */
const installedAt = '/usr/bin/serf';

export interface SerfProgram {
  readonly path: string;
  readonly version: string;
}

/** Under `directory` unless it is installed; else a sentence that says why there is none. */
export async function prepareSerf(directory: string): Promise<SerfProgram | string> {
  try {
    const path = existsSync(installedAt) ? installedAt : await unpack(directory);
    const { stdout } = await run(path, ['version']);
    return { path, version: stdout.split('\n', 1)[0]!.replace(/^Serf v?/, '') };
  } catch (error) {
    return `no serf of Debian's: ${(error as Error).message.split('\n', 1)[0]}`;
  }
}

async function unpack(directory: string): Promise<string> {
  process.stderr.write('downloading serf\n');
  // Apt downloads as a user of its own, who may not write here when this is root: then as root.
  const download = ['-o', 'APT::Sandbox::User=root', 'download', 'serf'];
  await run('apt-get', download, { cwd: directory }).catch(async () => {
    await run('apt-get', ['update']);
    await run('apt-get', download, { cwd: directory });
  });
  const archive = (await readdir(directory)).find((name) => /^serf_.*\.deb$/.test(name));
  if (archive === undefined) throw new Error('apt-get brought no archive');
  await run('dpkg-deb', ['-x', join(directory, archive), directory]);
  return join(directory, installedAt);
}
