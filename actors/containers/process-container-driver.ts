// The `process` driver: pods as supervised processes of this machine, each under a keeper that outlives the peer.

import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Logger, Result } from '../../runtime/index.ts';
import type { ContainerDriver, ContainerStatus, PodSandbox } from './container-driver.ts';
import { execProcess } from './process/exec-process.ts';
import { attachKept } from './process/kept-attachment.ts';
import { hasTerminal, noTerminal } from './keeper/script-terminal.ts';
import { defaultPodUsers } from './process/pod-user.ts';
import type { PodUsers } from './process/pod-user.ts';
import { containerId, instanceOf, isPodUid } from './process/pod-directory.ts';
import { createPodTable } from './process/pod-table.ts';
import type { KeptPod } from './process/kept-pod.ts';
import { createUsageMeter, findWildcardListeners } from './process/pod-inspection.ts';
import { podAddressing } from './process/pod-addressing.ts';
import { INSTANCE_VARIABLE } from './keeper/stray-processes.ts';

export interface ProcessDriverOptions {
  /** Holds everything about pods; made with mode 0700 below `pods`. */
  readonly directory: string;
  /** Working directories of pods; default `work` below `directory`. Their users must be able to pass through to it. */
  readonly workDirectory?: string;
  /** Loopback range of this node, `127.70.3.0/24`; undefined: all pods share 127.0.0.1 and ports are mapped. */
  readonly addressRange?: string;
  /** Default: a user for each pod with root, else the peer's own. */
  readonly users?: PodUsers;
  /** Default 10 MiB. */
  readonly logFileBytes?: number;
  /** Files of one log at most, the newest included. Default 5. */
  readonly logFiles?: number;
  readonly log: Logger;
}

const LOG_FILE_BYTES = 10 * 1024 * 1024;
const LOG_FILES = 5;

export function createProcessContainerDriver(options: ProcessDriverOptions): ContainerDriver {
  const addressing = podAddressing(options.addressRange);
  const watchers = new Set<(status: ContainerStatus) => void>();
  const pods = createPodTable(
    {
      directory: options.directory,
      workDirectory: options.workDirectory ?? `${options.directory}/work`,
      users: options.users ?? defaultPodUsers(),
      logFileBytes: options.logFileBytes ?? LOG_FILE_BYTES,
      logFiles: options.logFiles ?? LOG_FILES,
      log: options.log,
    },
    addressing,
    (status) => {
      for (const changed of watchers) changed(status);
    },
  );
  const meter = createUsageMeter();
  const withInstance = async <T>(
    id: string,
    act: (pod: KeptPod, instance: string) => Promise<Result<T>>,
  ): Promise<Result<T>> => {
    const at = id.indexOf('/');
    const pod = pods.get(id.slice(0, at));
    const instance = id.slice(at + 1);
    if (pod === undefined || !pod.has(instance)) return notFound(`container ${id}`);
    return act(pod, instance);
  };

  return {
    name: 'process',
    capabilities: { addresses: addressing.kind, tty: hasTerminal(), images: false },
    open: () => pods.open(),
    runPod: async (config): Promise<Result<PodSandbox>> => {
      if (!isPodUid(config.uid)) {
        return failed(new SkeinError('invalid', `"${config.uid}" cannot name a pod's directory`));
      }
      return pods.run(config);
    },
    createContainer: async (config) => {
      const pod = pods.get(config.podUid);
      if (pod === undefined) return notFound(`pod ${config.podUid}`);
      if (config.command.length === 0) {
        return failed(
          new SkeinError(
            'invalid',
            `container "${config.name}" has no command, and the process driver runs no images`,
          ),
        );
      }
      if (config.tty === true && !hasTerminal()) {
        return failed(new SkeinError('unsupported', noTerminal));
      }
      const instance = instanceOf(config.name, config.attempt);
      pod.create(instance, config);
      return ok(containerId(config.podUid, instance));
    },
    startContainer: (id) => withInstance(id, (pod, instance) => pod.start(instance)),
    stopContainer: (id, graceMs) =>
      withInstance(id, (pod, instance) => pod.stop(instance, graceMs)),
    removeContainer: (id) => withInstance(id, (pod, instance) => pod.removeInstance(instance)),
    stopPod: async (uid) => pods.stop(uid),
    removePod: async (uid) => pods.remove(uid),
    pods: async () => ok(pods.all().map((pod) => pod.sandbox())),
    containers: async (uid) =>
      ok(
        (uid === undefined ? pods.all() : pods.all().filter((pod) => pod.uid === uid)).flatMap(
          (pod) => pod.statuses(),
        ),
      ),
    watch: (changed) => {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
    exec: (id, execOptions) =>
      withInstance(id, async (pod, instance) => {
        const config = pod.runningConfig(instance);
        if (config === undefined) return notFound(`running container ${id}`);
        return execProcess(config, { [INSTANCE_VARIABLE]: id }, pod.user(), execOptions);
      }),
    attach: (id, stdin) =>
      withInstance(id, async (pod, instance) =>
        pod.runningConfig(instance) === undefined
          ? notFound(`running container ${id}`)
          : attachKept(pod.path, instance, stdin),
      ),
    usage: () => meter(pods.all()),
    wildcardListeners: () => findWildcardListeners(pods.all()),
    setDeadline: async (uid, remainingMs) => {
      const pod = pods.get(uid);
      return pod === undefined ? notFound(`pod ${uid}`) : pod.setDeadline(remainingMs);
    },
    close: async () => pods.close(),
  };
}

function notFound(what: string): Result<never> {
  return failed(new SkeinError('not-found', `${what} is not here`));
}
