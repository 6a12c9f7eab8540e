// The simulated driver under the compliance suite, and what only it can show.

import assert from 'node:assert/strict';
import { createSimulation } from '../../../runtime/index.ts';
import { createSimulatedContainerHost } from '../../simulation/simulated-container-driver.ts';
import { describeDriver } from './driver-compliance.ts';
import type { DriverHarness } from './driver-compliance.ts';

const LIMIT_MS = 60_000;

async function makeHarness(): Promise<DriverHarness> {
  const simulation = createSimulation('driver compliance');
  const clock = simulation.peer('machine').clock;
  const host = createSimulatedContainerHost({ clock, random: simulation.random });
  let driver = host.driver();
  const settle = async <T>(call: Promise<T>): Promise<T> => {
    let isDone = false;
    const done = call.finally(() => (isDone = true));
    await simulation.run({ until: () => isDone, limitMs: LIMIT_MS });
    return done;
  };
  return {
    programs: {
      runsUntilStopped: ['simulate'],
      ignoresTerm: ['simulate', 'stubborn'],
      exitsWith: (code) => ['simulate', `exit=${code}`, 'after=50'],
      missing: ['simulate', 'missing'],
      execExitsWith: (code) => ['exit', `exit=${code}`],
    },
    driver: () => driver,
    crashPeer: async () => {
      driver.crash();
      driver = host.driver();
      await driver.open();
    },
    until: async (holds) => {
      for (let waitedMs = 0; !(await holds()); waitedMs += 10) {
        assert.ok(waitedMs < LIMIT_MS, 'it never came to hold');
        await simulation.run({ untilMs: simulation.nowMs() + 10 });
      }
    },
    settle,
    close: async () => {
      for (const started of host.starts().values()) assert.equal(started, 1);
    },
  };
}

describeDriver('simulated', makeHarness);

describe('simulated containers', () => {
  it('crash by seed, and the same seed gives the same crashes', async () => {
    const crashes = async (seed: string): Promise<readonly string[]> => {
      const simulation = createSimulation(seed);
      const { clock } = simulation.peer('machine');
      const faults = { startMs: [1, 5_000], crashChance: 0.5, crashWithinMs: 9_000, hangChance: 0 };
      const host = createSimulatedContainerHost({
        clock,
        random: simulation.random,
        faults: { ...faults, startMs: [1, 5_000] },
      });
      const driver = host.driver();
      const seen: string[] = [];
      driver.watch(({ id, state }) =>
        seen.push(`${Math.round(simulation.nowMs())} ${id} ${state}`),
      );
      for (let i = 0; i < 20; i++) {
        const pod = {
          uid: `p${i}`,
          name: 'p',
          namespace: 'd',
          hostname: 'p',
          ports: [],
          graceMs: 0,
        };
        await driver.runPod(pod);
        const id = `p${i}/main_0`;
        await driver.createContainer({
          podUid: pod.uid,
          name: 'main',
          attempt: 0,
          image: '',
          command: ['server'],
          environment: {},
          workingDirectory: '',
        });
        void driver.startContainer(id);
      }
      await simulation.run({ untilMs: LIMIT_MS });
      return seen;
    };
    const first = await crashes('one');
    assert.ok(first.some((line) => line.endsWith('exited')));
    assert.ok(first.filter((line) => line.endsWith('exited')).length < 20);
    assert.deepEqual(await crashes('one'), first);
    assert.notDeepEqual(await crashes('two'), first);
  });
});
