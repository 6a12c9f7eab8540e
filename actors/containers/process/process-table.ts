// The processes of this machine, by session: what they use and where they listen.

import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { promisify } from 'node:util';
import { statFields } from '../keeper/process-identity.ts';

/** One process, with what its waited-for children have used. */
export interface ProcessUsage {
  readonly pid: number;
  /** On Linux the session, elsewhere the process group: the pid of the instance's first process. */
  readonly leader: number;
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

/** USER_HZ is 100 on every Linux that Node runs on; the kernel promises it to user space. */
const MS_PER_TICK = 10;
const PAGE_BYTES = 4_096;

/** A listening TCP socket on every address of the machine. */
export interface WildcardSocket {
  readonly inode: string;
  readonly port: number;
}

/** Every process whose leader is one of these. */
export async function processesOf(leaders: ReadonlySet<number>): Promise<readonly ProcessUsage[]> {
  if (leaders.size === 0) return [];
  const all = process.platform === 'linux' ? linuxProcesses() : await psProcesses();
  return all.filter(({ leader }) => leaders.has(leader));
}

function linuxProcesses(): readonly ProcessUsage[] {
  const processes: ProcessUsage[] = [];
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? statFields(name) : undefined;
    if (fields === undefined) continue;
    // Fields of proc(5) minus 3: session 6, utime stime cutime cstime 14 to 17, rss 24.
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
    processes.push({
      pid: Number(name),
      leader: Number(fields[3]),
      cpuMs: ticks * MS_PER_TICK,
      memoryBytes: Number(fields[21]) * PAGE_BYTES,
    });
  }
  return processes;
}

async function psProcesses(): Promise<readonly ProcessUsage[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,pgid=,rss=,time=']);
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [pid, leader, rss, time] = line.trim().split(/\s+/);
      return {
        pid: Number(pid),
        leader: Number(leader),
        cpuMs: cpuMsOf(time ?? '0'),
        memoryBytes: Number(rss) * 1_024,
      };
    });
}

/** `[hours:]minutes:seconds.hundredths`. */
function cpuMsOf(time: string): number {
  return time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 1_000;
}

/** Sockets in the network namespace of `pid` that listen on 0.0.0.0 or ::. Empty where there is no /proc. */
export function wildcardSockets(pid: number | 'self'): readonly WildcardSocket[] {
  return ['tcp', 'tcp6'].flatMap((table) => {
    try {
      return parseSocketTable(readFileSync(`/proc/${pid}/net/${table}`, 'latin1'));
    } catch {
      // The process has gone, or this machine has no such table.
      return [];
    }
  });
}

/** Listening sockets on the wildcard address in the text of /proc/net/tcp or tcp6. Pure. */
export function parseSocketTable(text: string): readonly WildcardSocket[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = '', , state]) => state === '0A' && /^0+:/.test(local))
    .map((fields) => ({
      inode: fields[9] ?? '',
      port: Number.parseInt(fields[1]!.slice(fields[1]!.indexOf(':') + 1), 16),
    }));
}

/** Inodes of the sockets that a process holds. */
export function socketInodes(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const match = /^socket:\[(\d+)\]$/.exec(linkTarget(`/proc/${pid}/fd/${fd}`));
      return match === null ? [] : [match[1]!];
    });
  } catch {
    // It has gone meanwhile.
    return [];
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed meanwhile.
    return '';
  }
}
