// Keeps two processes out of one data directory, with plain files that a kill -9 leaves harmless.
//
// Node has no flock. Every process that wants the directory first puts down a file named after itself
// (pid, boot and start time), then looks for others. Of two that come at once at least one sees the
// other, so never both go on. A name never comes back to life: whoever finds the file of a process
// that is gone may remove it, without a race. Processes in different pid namespaces do not see each other.

import { execFile } from 'node:child_process';
import { readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { SkeinError } from '../../runtime/index.ts';

const lockName = /^lock\.(\d+)\.([0-9a-z-]+)$/;

/** Takes the directory for this process, or refuses with `conflict` and the pid of its holder. */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const started = await startOf(process.pid);
  if (started === undefined) throw new Error(`no start time of process ${process.pid}`);
  const own = `lock.${process.pid}.${started}`;
  const path = join(directory, own);
  try {
    await writeFile(path, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw refused(directory, process.pid);
    throw error;
  }
  for (const name of await readdir(directory)) {
    const other = lockName.exec(name);
    if (other === null || name === own) continue;
    const pid = Number(other[1]);
    if ((await startOf(pid)) === other[2]) {
      await unlink(path);
      throw refused(directory, pid);
    }
    await removeIfThere(join(directory, name));
  }
  return () => removeIfThere(path);
}

function refused(directory: string, pid: number): SkeinError {
  return new SkeinError(
    'conflict',
    `${directory} is in use by process ${pid}: stop it, or give this peer another directory`,
    { directory, pid },
  );
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** When a process started, as a name that no later process with its pid can have; undefined when it is gone. */
async function startOf(pid: number): Promise<string | undefined> {
  return process.platform === 'linux' ? linuxStartOf(pid) : posixStartOf(pid);
}

async function linuxStartOf(pid: number): Promise<string | undefined> {
  try {
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // Field 22 of proc_pid_stat(5), counted after the command name, which may hold anything but ends in `)`.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const isZombie = fields[0] === 'Z' || fields[0] === 'X';
    return isZombie ? undefined : `${boot.slice(0, 8)}-${fields[19]}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined;
    throw error;
  }
}

async function posixStartOf(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'lstart='], {
      env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    });
    const started = Date.parse(`${stdout.trim()} UTC`);
    return Number.isNaN(started) ? undefined : String(started);
  } catch (error) {
    // ps exits 1 when there is no such process.
    if (codeOf(error) === 1) return undefined;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
