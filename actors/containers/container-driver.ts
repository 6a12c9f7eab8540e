// The engine that runs pods, as a port shaped after CRI v1: pod sandboxes first, containers inside them.
//
//   runPod --> createContainer --> startContainer --> (exited) --> removeContainer --> removePod
//                                        \-- stopContainer --/         stopPod (ends all of it)

import type { ExecOptions, ExecSession } from '../objects/pod-streams.ts';
import type { Result } from '../../runtime/index.ts';

/** A port that a container declares. */
export interface PodPort {
  /** '' when the manifest gives none. */
  readonly name: string;
  readonly containerPort: number;
}

/** A declared port and where on `PodSandbox.address` it is served: equal when each pod has its own address. */
export interface ServedPort extends PodPort {
  readonly servedPort: number;
}

/** What a sandbox is made of. Kept by the driver, so that a restarted peer knows whose it is. */
export interface PodConfig {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  readonly hostname: string;
  readonly ports: readonly PodPort[];
  /** How long its processes may take to end, for a peer that finds the pod gone from the zone. */
  readonly graceMs: number;
}

/** A pod as the engine holds it. */
export interface PodSandbox {
  readonly config: PodConfig;
  /** `stopped`: nothing of it runs and its address is no longer its own. */
  readonly state: 'ready' | 'stopped';
  /** '' once stopped. */
  readonly address: string;
  readonly ports: readonly ServedPort[];
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
}

/** One instance of a container. A restart is a new instance with the next attempt. */
export interface ContainerConfig {
  readonly podUid: string;
  readonly name: string;
  /** 0 for the first instance. */
  readonly attempt: number;
  /** Ignored by `process`. */
  readonly image: string;
  /** Program and arguments, already expanded. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** '' for the engine's own choice. */
  readonly workingDirectory: string;
  /** Whether standard input stays open for those who attach. Default false. */
  readonly stdin?: boolean;
  /** Whether it ends with the first who attached to it. Default false. */
  readonly stdinOnce?: boolean;
  /** Whether its streams are a terminal. Default false. */
  readonly tty?: boolean;
}

/** How an instance ended. */
export interface ContainerExit {
  /** 128 + signal for one that a signal ended. */
  readonly exitCode: number;
  /** Number of the signal that ended it; 0 for none. */
  readonly signal: number;
  /** Kubernetes' reasons: Completed, Error, StartError, OOMKilled, ContainerStatusUnknown, DeadlineExceeded. */
  readonly reason: string;
  readonly message: string;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
}

/** An instance as the engine holds it. */
export interface ContainerStatus {
  /** Opaque. */
  readonly id: string;
  readonly podUid: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: 'created' | 'running' | 'exited';
  /** 0 until it has started. */
  readonly startedAtMs: number;
  /** Present exactly when `state` is exited. */
  readonly exit?: ContainerExit;
  /** The newest file of its log, in CRI format; older ones lie beside it with a number at the end. */
  readonly logPath: string;
}

/** What an instance has used. */
export interface ContainerUsage {
  readonly podUid: string;
  readonly name: string;
  /** Since it started; never falls. */
  readonly cpuMs: number;
  readonly memoryBytes: number;
}

/** A process of a pod that listens on all addresses of the machine instead of its pod's own. */
export interface WildcardListener {
  readonly podUid: string;
  readonly port: number;
  readonly pid: number;
}

/** What the driver can and cannot do here. */
export interface DriverCapabilities {
  /** `own`: each pod has an address; `mapped`: all share one and each declared port is served elsewhere. */
  readonly addresses: 'own' | 'mapped';
  /** Whether exec can give a terminal. */
  readonly tty: boolean;
  /** Whether a pod without a command can run (from its image). */
  readonly images: boolean;
}

/**
 * The port. Every call may be repeated: a second runPod, start, stop or remove of the same thing
 * answers as the first did and starts nothing twice. Errors are `not-found`, `invalid`, `unavailable`.
 */
export interface ContainerDriver {
  /** As in skein.dev/driver: `process`, `cri`, `simulated`. */
  readonly name: string;
  readonly capabilities: DriverCapabilities;
  /** Reads what earlier lives of this peer left and takes it over. Once, before anything else. */
  readonly open: () => Promise<Result<void>>;
  readonly runPod: (config: PodConfig) => Promise<Result<PodSandbox>>;
  /** The id of the instance. */
  readonly createContainer: (config: ContainerConfig) => Promise<Result<string>>;
  /**
   * Resolves once it runs, or has failed to: then its status says exited with StartError.
   * An instance is started at most once, whoever asks and however often.
   */
  readonly startContainer: (id: string) => Promise<Result<void>>;
  /** SIGTERM to all of it, SIGKILL after the grace; resolves once it has exited. */
  readonly stopContainer: (id: string, graceMs: number) => Promise<Result<void>>;
  /** Forgets an instance that is not running, with its log. */
  readonly removeContainer: (id: string) => Promise<Result<void>>;
  /** Kills what still runs and gives the address back; exits and logs stay. */
  readonly stopPod: (uid: string) => Promise<Result<void>>;
  /** Stops it if need be and leaves nothing of it. */
  readonly removePod: (uid: string) => Promise<Result<void>>;
  readonly pods: () => Promise<Result<readonly PodSandbox[]>>;
  /** In order of attempt within one container. */
  readonly containers: (podUid?: string) => Promise<Result<readonly ContainerStatus[]>>;
  /** Every start and exit from now on. Returns how to stop. */
  readonly watch: (changed: (status: ContainerStatus) => void) => () => void;
  /** Runs a command beside the container: same user, environment and directory. */
  readonly exec: (id: string, options: ExecOptions) => Promise<Result<ExecSession>>;
  /**
   * The streams of a running container from now on, and its input where it is kept open and `stdin` asks for it.
   * `exited` is 0 once the container has ended, `kill` only lets go. Also `unsupported`.
   */
  readonly attach: (id: string, stdin: boolean) => Promise<Result<ExecSession>>;
  /** Of all running containers. */
  readonly usage: () => Promise<readonly ContainerUsage[]>;
  readonly wildcardListeners: () => Promise<readonly WildcardListener[]>;
  /** The pod is killed when this much time has passed, whether this peer lives or not; undefined lifts it. */
  readonly setDeadline: (uid: string, remainingMs: number | undefined) => Promise<Result<void>>;
  /** Lets go of everything without ending it. */
  readonly close: () => Promise<void>;
}
