// What earlier lives of this peer have left in the driver, and how it ends when nobody wants it.

import { ok } from '../../runtime/index.ts';
import type { Logger, Result } from '../../runtime/index.ts';
import type { ContainerDriver } from './container-driver.ts';
import type { FoundPod } from './pod-life.ts';

/** Opens the driver, unless it is, and lists what it has, by uid. */
export async function findPods(
  driver: ContainerDriver,
  isOpen: boolean,
): Promise<Result<ReadonlyMap<string, FoundPod>>> {
  const opened = isOpen ? ok(undefined) : await driver.open();
  if (!opened.ok) return opened;
  const pods = await driver.pods();
  if (!pods.ok) return pods;
  const containers = await driver.containers();
  if (!containers.ok) return containers;
  return ok(
    new Map(
      pods.value.map((sandbox): [string, FoundPod] => {
        const { uid } = sandbox.config;
        const own = containers.value.filter(({ podUid }) => podUid === uid);
        return [uid, { sandbox, containers: own }];
      }),
    ),
  );
}

/** Gracefully, with the grace that the pod came with; leaves nothing of it. */
export async function endPod(driver: ContainerDriver, pod: FoundPod): Promise<Result<void>> {
  if (pod.sandbox === undefined) return ok(undefined);
  await stopContainers(driver, pod);
  return driver.removePod(pod.sandbox.config.uid);
}

async function stopContainers(
  driver: ContainerDriver,
  { sandbox, containers }: FoundPod,
): Promise<void> {
  const graceMs = sandbox?.config.graceMs ?? 0;
  const running = containers.filter(({ state }) => state === 'running');
  await Promise.all(running.map(({ id }) => driver.stopContainer(id, graceMs)));
}

/**
 * Stops the processes of every pod here, each with its grace; logs and exits stay, and a peer that starts again
 * restarts them. Stop the containers actor first, or it does so at once.
 */
export async function haltAllPods(driver: ContainerDriver): Promise<Result<void>> {
  const found = await findPods(driver, true);
  if (!found.ok) return found;
  const halted = await Promise.all(
    [...found.value].map(async ([uid, pod]) => {
      await stopContainers(driver, pod);
      return driver.stopPod(uid);
    }),
  );
  return halted.find(({ ok: isHalted }) => !isHalted) ?? ok(undefined);
}

/** The same where no peer came to run: opens the driver for it, and closes it. */
export async function haltLeftPods(driver: ContainerDriver, log: Logger): Promise<void> {
  const opened = await driver.open();
  const halted = opened.ok ? await haltAllPods(driver) : opened;
  if (!halted.ok) log.error('pods of this peer may go on', { reason: halted.error.message });
  await driver.close();
}
