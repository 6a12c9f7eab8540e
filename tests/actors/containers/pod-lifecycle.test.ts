// The pure life of a pod under any order of events.

import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Pod } from 'kubernetes-types/core/v1.d.ts';
import type { ContainerStatus, PodSandbox } from '../../../actors/containers/container-driver.ts';
import { areInitsDone, beginLife } from '../../../actors/containers/pod-life.ts';
import type { PodLife } from '../../../actors/containers/pod-life.ts';
import { afterEvent, decide } from '../../../actors/containers/pod-lifecycle.ts';
import type { PodAction, PodEvent } from '../../../actors/containers/pod-lifecycle.ts';
import { derivePodStatus, phaseOf } from '../../../actors/containers/pod-status-derivation.ts';

const sandbox: PodSandbox = {
  config: { uid: 'u', name: 'p', namespace: 'd', hostname: 'p', ports: [], graceMs: 1_000 },
  state: 'ready',
  address: '127.70.3.2',
  ports: [],
  createdAtMs: 0,
};

function podOf(policy: string, probes: boolean): Pod {
  const probe = { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 2 };
  const main = (name: string): NonNullable<Pod['spec']>['containers'][number] => ({
    name,
    image: 'i',
    command: ['x'],
    ...(probes ? { livenessProbe: probe, readinessProbe: probe, startupProbe: probe } : {}),
  });
  return {
    metadata: { name: 'p', namespace: 'd', uid: 'u' },
    spec: {
      restartPolicy: policy,
      initContainers: [{ name: 'init', image: 'i', command: ['x'] }],
      containers: [main('one'), main('two')],
    },
  };
}

/** A world that answers actions in an order and with outcomes that fast-check picks. */
function live(
  pod: Pod,
  choices: readonly number[],
): { lives: PodLife[]; starts: Map<string, number> } {
  let nowMs = 1_000_000;
  let life = beginLife(pod, { sandbox: undefined, containers: [] }, nowMs);
  const lives: PodLife[] = [];
  const open: PodAction[] = [];
  const running = new Map<string, ContainerStatus>();
  const starts = new Map<string, number>();
  let isSandboxReady = false;

  const proceed = (event?: PodEvent): void => {
    if (event !== undefined) life = afterEvent(pod, life, event, nowMs);
    const decision = decide(pod, life, nowMs);
    life = decision.life;
    for (const action of decision.actions) {
      if (action.type === 'start') {
        const id = `${action.name}_${action.attempt}`;
        assert.ok(isSandboxReady, 'a container starts in a sandbox that is ready');
        if (action.name !== 'init') assert.ok(areInitsDone(life), 'init containers come first');
        assert.ok(![...running.values()].some(({ name }) => name === action.name), 'never two');
        starts.set(id, (starts.get(id) ?? 0) + 1);
      }
      open.push(action);
    }
    lives.push(life);
    // Deciding again without news asks for nothing more.
    const again = decide(pod, life, nowMs);
    assert.deepEqual(again.actions, []);
  };
  const exit = (status: ContainerStatus, exitCode: number): void => {
    running.delete(status.id);
    const times = { startedAtMs: status.startedAtMs, finishedAtMs: nowMs };
    const end = { exitCode, signal: 0, reason: 'Error', message: '', ...times };
    const gone: ContainerStatus = { ...status, state: 'exited', exit: end };
    proceed({ type: 'container-changed', status: gone });
  };
  const answer = (action: PodAction, choice: number): void => {
    switch (action.type) {
      case 'run-sandbox':
        isSandboxReady = choice % 4 !== 0;
        return proceed(
          isSandboxReady
            ? { type: 'sandbox-ready', sandbox }
            : { type: 'sandbox-failed', message: 'no' },
        );
      case 'start': {
        const { name, attempt } = action;
        if (choice % 5 === 0) {
          starts.delete(`${name}_${attempt}`);
          return proceed({ type: 'container-refused', name, reason: 'R', message: 'no' });
        }
        const id = `${name}_${attempt}`;
        const status: ContainerStatus = {
          id,
          podUid: 'u',
          name,
          attempt,
          state: 'running',
          startedAtMs: nowMs,
          logPath: '',
        };
        running.set(id, status);
        return proceed({ type: 'container-changed', status });
      }
      case 'stop': {
        const status = running.get(action.id);
        if (status !== undefined) exit(status, 143);
        return;
      }
      case 'look':
        return proceed({ ...action, type: 'looked', isSuccess: choice % 3 !== 0, message: 'm' });
      case 'stop-sandbox':
        assert.equal(running.size, 0);
        isSandboxReady = false;
        return proceed({ type: 'sandbox-stopped' });
      case 'remove':
    }
  };
  proceed();
  for (const choice of choices) {
    nowMs += choice * 37;
    const kind = choice % 6;
    if (kind < 3 && open.length > 0) answer(open.splice(choice % open.length, 1)[0]!, choice);
    else if (kind === 3 && running.size > 0)
      exit([...running.values()][choice % running.size]!, choice % 2);
    else if (kind === 4 && choice % 60 === 4) proceed({ type: 'end', graceMs: choice });
    else proceed();
  }
  return { lives, starts };
}

describe('the life of a pod', () => {
  const policies = fc.constantFrom('Always', 'OnFailure', 'Never');
  const choices = fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 200 });

  it('never starts an instance twice nor two of one container, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(policies, fc.boolean(), choices, (policy, probes, picked) => {
        const { starts } = live(podOf(policy, probes), picked);
        for (const [id, count] of starts) assert.equal(count, 1, id);
      }),
    );
  });

  it('has a phase that only goes forward once the pod is over', () => {
    fc.assert(
      fc.property(policies, fc.boolean(), choices, (policy, probes, picked) => {
        const pod = podOf(policy, probes);
        const phases = live(pod, picked).lives.map((life) => phaseOf(pod, life));
        const over = phases.findIndex((phase) => phase === 'Succeeded' || phase === 'Failed');
        if (over !== -1) assert.deepEqual(new Set(phases.slice(over)).size, 1);
      }),
    );
  });

  it('says Ready only of pods all of whose containers run', () => {
    fc.assert(
      fc.property(policies, fc.boolean(), choices, (policy, probes, picked) => {
        const pod = podOf(policy, probes);
        for (const life of live(pod, picked).lives) {
          const context = {
            hostIP: '127.70.3.1',
            driver: 'test',
            wildcardPorts: [],
            nowMs: 5_000_000,
          };
          const status = derivePodStatus(pod, life, context);
          const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
          const allRun = status.containerStatuses?.every(
            ({ state }) => state?.running !== undefined,
          );
          if (ready) assert.ok(allRun && status.phase === 'Running');
          for (const { state } of status.containerStatuses ?? []) {
            assert.equal(Object.keys(state ?? {}).length, 1);
          }
          // What was derived and stored derives to itself.
          const stored = { ...pod, status };
          assert.deepEqual(derivePodStatus(stored, life, context), status);
        }
      }),
    );
  });

  it('ends: asked to, with every request answered, nothing runs and the sandbox is stopped', () => {
    const pod = podOf('Always', false);
    let life = beginLife(pod, { sandbox, containers: [] }, 0);
    life = afterEvent(pod, life, { type: 'end', graceMs: 5 }, 0);
    const decision = decide(pod, life, 0);
    assert.deepEqual(decision.actions, [{ type: 'stop-sandbox' }]);
    const ended = afterEvent(pod, decision.life, { type: 'sandbox-stopped' }, 1);
    assert.deepEqual(decide(pod, ended, 2).actions, []);
    assert.equal(phaseOf(pod, ended), 'Failed');
  });
});
