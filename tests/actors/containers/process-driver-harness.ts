// A process driver in a directory of its own that must leave no process and no file behind.

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProcessContainerDriver } from '../../../actors/containers/process-container-driver.ts';
import type { ProcessDriverOptions } from '../../../actors/containers/process-container-driver.ts';
import { markedProcesses } from '../../../actors/containers/keeper/stray-processes.ts';
import { createRingLogger, createSystemClock } from '../../../runtime/index.ts';
import type { ContainerDriver } from '../../../actors/containers/container-driver.ts';
import { valueOf } from './driver-compliance.ts';
import type { DriverHarness } from './driver-compliance.ts';

export interface ProcessHarness extends DriverHarness {
  readonly directory: string;
  readonly podPath: (uid: string) => string;
}

const isLinux = process.platform === 'linux';

/** Other processes tell nobody when they change; a test that never sees it fails by its timeout. */
const nextLook = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

export async function makeProcessHarness(
  options: Partial<ProcessDriverOptions> & { readonly isMapped?: boolean } = {},
): Promise<ProcessHarness> {
  const { isMapped = !isLinux, ...rest } = options;
  const directory = rest.directory ?? mkdtempSync(join(tmpdir(), 'skein-pods-'));
  const make = async (): Promise<ContainerDriver> => {
    const driver = createProcessContainerDriver({
      log: createRingLogger(createSystemClock()),
      ...(isMapped ? {} : { addressRange: '127.70.3.0/24' }),
      ...rest,
      directory,
    });
    valueOf(await driver.open());
    return driver;
  };
  let driver = await make();
  const podPath = (uid: string): string => join(directory, 'pods', uid);
  return {
    directory,
    podPath,
    programs: {
      runsUntilStopped: ['sleep', '1000'],
      ignoresTerm: ['sh', '-c', 'trap "" TERM; while :; do sleep 0.05; done'],
      exitsWith: (code) => ['sh', '-c', `sleep 0.05; exit ${code}`],
      missing: ['no-such-program-anywhere'],
      execExitsWith: (code) => ['sh', '-c', `exit ${code}`],
    },
    driver: () => driver,
    crashPeer: async () => {
      await driver.close();
      driver = await make();
    },
    until: async (holds) => {
      // Events come from other processes: every one of them is a reason to look again, as is the next turn.
      while (!(await holds())) await nextLook();
    },
    settle: (call) => call,
    close: async () => {
      const uids = valueOf(await driver.pods()).map(({ config }) => config.uid);
      for (const uid of uids) valueOf(await driver.removePod(uid));
      await driver.close();
      assert.deepEqual(readdirSync(join(directory, 'pods')), []);
      assert.deepEqual(readdirSync(join(directory, 'work')), []);
      const left = (): number => uids.flatMap((uid) => markedProcesses(`${uid}/`)).length;
      while (left() > 0) await nextLook();
      rmSync(directory, { recursive: true });
    },
  };
}
