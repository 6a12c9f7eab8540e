// What a peer and the keeper of a pod say to each other: one JSON document a line over a unix socket.

import type { ContainerExit } from '../container-driver.ts';

/** Version of this protocol and of the files below; a keeper outlives upgrades of its peer. */
export const KEEPER_VERSION = 1;

/** A line is at most this long; a longer one ends the connection. */
export const KEEPER_LINE_BYTES = 1024 * 1024;

/** A process that can be told from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In the unit of the system; only equality means anything. */
  readonly startTime: string;
  readonly bootId: string;
}

/** `keeper.json` of a pod: everything its keeper has to know. Written by the peer before it starts one. */
export interface KeeperConfig {
  readonly version: number;
  readonly podUid: string;
  readonly logFileBytes: number;
  readonly logFiles: number;
  /** Undefined: the user of the keeper. */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** `config.json` of an instance: what to start. Written by the peer. */
export interface ProcessConfig {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  /** Absolute path of the newest file of its log. */
  readonly logPath: string;
  /** As in the pod's spec. */
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly tty?: boolean;
}

/** `started.json` of an instance: its first process, which leads a session and a process group. */
export interface StartRecord {
  readonly process: ProcessIdentity;
  readonly startedAtMs: number;
}

/** What the keeper knows of an instance, by the name of its directory. */
export interface InstanceStatus {
  readonly instance: string;
  readonly state: 'running' | 'exited';
  readonly startedAtMs: number;
  readonly exit?: ContainerExit;
}

export type KeeperRequest =
  | { readonly id: number; readonly type: 'start'; readonly instance: string }
  | {
      readonly id: number;
      readonly type: 'stop';
      readonly instance: string;
      readonly graceMs: number;
    }
  | { readonly id: number; readonly type: 'list' }
  /** Undefined lifts the deadline. */
  | { readonly id: number; readonly type: 'deadline'; readonly remainingMs?: number }
  /** Kill all and end. */
  | { readonly id: number; readonly type: 'end' }
  /** After this the connection carries the streams of one instance: `output` one way, the three below the other. */
  | {
      readonly id: number;
      readonly type: 'attach';
      readonly instance: string;
      readonly stdin: boolean;
    };

/** What an attached peer says. Bytes are in base64. */
export type AttachedInput =
  | { readonly type: 'input'; readonly data: string }
  | { readonly type: 'input-end' }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number };

/** Bytes of one `input` or `output` before they are encoded. */
export const ATTACHED_BYTES = 64 * 1024;

/** A request without its number. */
export type KeeperCommand = KeeperRequest extends infer R
  ? R extends KeeperRequest
    ? Omit<R, 'id'>
    : never
  : never;

export type KeeperReply =
  | { readonly type: 'done'; readonly id: number; readonly instances: readonly InstanceStatus[] }
  | { readonly type: 'refused'; readonly id: number; readonly message: string }
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr'; readonly data: string }
  /** The instance that the connection is attached to has ended, and its output is out. */
  | { readonly type: 'output-end' }
  /** Unasked: an instance started or exited. */
  | { readonly type: 'changed'; readonly status: InstanceStatus };

/** Cuts text into lines; throws when one is too long. */
export function createLineReader(line: (text: string) => void): (chunk: string) => void {
  let held = '';
  return (chunk) => {
    held += chunk;
    let from = 0;
    for (let at = held.indexOf('\n'); at !== -1; at = held.indexOf('\n', from)) {
      line(held.slice(from, at));
      from = at + 1;
    }
    held = held.slice(from);
    if (held.length > KEEPER_LINE_BYTES) throw new Error(`line over ${KEEPER_LINE_BYTES} bytes`);
  };
}
