// How the gateway and routing reach a pod's log, processes and ports, on whichever peer it runs.

import type { Duplex, Readable } from 'node:stream';
import type { Result } from '../../runtime/index.ts';

export interface PodTarget {
  /** The node the pod is bound to. */
  readonly node: string;
  readonly uid: string;
}

export interface LogOptions {
  readonly container: string;
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly sinceMs?: number;
}

export interface ExecOptions {
  readonly container: string;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly tty: boolean;
}

export interface AttachOptions {
  readonly container: string;
  /** Whether the client means to write; it can where the container's spec keeps its input open. */
  readonly stdin: boolean;
}

/** A command that runs in a container, or a container's own streams. */
export interface ExecSession {
  /** Ends the command's standard input when ended. */
  readonly stdin: NodeJS.WritableStream;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly resize: (columns: number, rows: number) => void;
  /**
   * The command's exit code, once its output has been read; an error when it could not be run.
   * Of a container that was attached to: 0, since its exit is told by its status.
   */
  readonly exited: Promise<Result<number>>;
  /** Ends the command; lets go of a container that was attached to. */
  readonly kill: () => void;
}

export interface PodStreams {
  /** Errors: not-found (no such pod or container there), unavailable (its peer cannot be reached). */
  readonly logs: (target: PodTarget, options: LogOptions) => Promise<Result<Readable>>;
  readonly exec: (target: PodTarget, options: ExecOptions) => Promise<Result<ExecSession>>;
  /** The running container's own streams, from now on. Also `invalid` where the driver cannot attach. */
  readonly attach: (target: PodTarget, options: AttachOptions) => Promise<Result<ExecSession>>;
  /** A connection to a TCP port of the pod, by number. */
  readonly connect: (target: PodTarget, port: number) => Promise<Result<Duplex>>;
}
