// One client that asks for too much, and the others.

import assert from 'node:assert/strict';
import { createFlowControl } from '../../../../actors/gateway/flow/flow-control.ts';
import type { LevelName } from '../../../../actors/gateway/flow/flow-levels.ts';
import { LEVEL_SEATS, placeOf } from '../../../../actors/gateway/flow/flow-levels.ts';
import { parseRoute } from '../../../../actors/gateway/request/route.ts';
import { StatusError } from '../../../../actors/gateway/status.ts';
import { createTestClock } from '../gateway-fixture.ts';

const route = (path: string, query = '') => parseRoute('GET', path, new URLSearchParams(query));
const user = (name: string, ...groups: string[]) => ({ name, groups });

describe('the place of a request', () => {
  const levelOf = (groups: readonly string[], path = '/api/v1/pods'): LevelName | undefined =>
    placeOf(user('somebody', ...groups), route(path), '500')?.level;

  it('follows from who asks', () => {
    const authenticated = 'system:authenticated';
    assert.equal(levelOf(['system:nodes', authenticated]), 'system');
    assert.equal(levelOf(['system:masters', authenticated]), 'workload-high');
    const accounts = ['system:serviceaccounts', authenticated];
    assert.equal(levelOf([...accounts, 'system:serviceaccounts:kube-system']), 'workload-high');
    assert.equal(levelOf([...accounts, 'system:serviceaccounts:shop']), 'workload-low');
    assert.equal(levelOf([authenticated]), 'global-default');
    assert.equal(levelOf(['system:unauthenticated']), 'catch-all');
  });

  it('keeps elections apart from all else, and health out of every line', () => {
    const lease = '/apis/coordination.k8s.io/v1/namespaces/shop/leases/boss';
    assert.equal(levelOf(['system:authenticated'], lease), 'leader-election');
    assert.equal(levelOf(['system:unauthenticated'], lease), 'catch-all');
    assert.equal(levelOf(['system:unauthenticated'], '/readyz/ping'), undefined);
  });

  it('is wide for a list of everything', () => {
    const reader = user('reader', 'system:authenticated');
    assert.equal(placeOf(reader, route('/api/v1/pods'), '500')!.width, 1);
    assert.equal(placeOf(reader, route('/api/v1/pods'), '')!.width, 5);
    assert.equal(placeOf(reader, route('/api/v1/namespaces/default/pods/a'), '')!.width, 1);
  });
});

describe('flow control', () => {
  const place = (flow: string) => ({ level: 'global-default', flow, width: 1 }) as const;
  const setUp = () => {
    const clock = createTestClock();
    const control = createFlowControl(clock, { ...LEVEL_SEATS, 'global-default': 2 });
    return { clock, control };
  };

  it('lets a quiet client in before the rest of a loud one', async () => {
    const { control } = setUp();
    const held = await Promise.all([control.enter(place('loud')), control.enter(place('loud'))]);
    const order: string[] = [];
    const note = (flow: string) =>
      control.enter(place(flow)).then((leave) => {
        order.push(flow);
        return leave;
      });
    const waiting = [note('loud'), note('loud'), note('quiet')];
    held[0]();
    held[0]();
    (await waiting[2]!)();
    await Promise.all(waiting.slice(0, 1));
    assert.deepEqual(order, ['quiet', 'loud']);
    assert.deepEqual(control.counters(), { seated: 2, waiting: 1 });
  });

  it('gives each level seats of its own', async () => {
    const { control } = setUp();
    await Promise.all([control.enter(place('a')), control.enter(place('b'))]);
    await control.enter({ level: 'system', flow: 'system:node:1', width: 1 });
    assert.equal(control.counters().waiting, 0);
  });

  it('gives up after a while, in words and with a time to come back', async () => {
    const { control, clock } = setUp();
    await Promise.all([control.enter(place('a')), control.enter(place('a'))]);
    const refused = control.enter(place('b')).catch((error: unknown) => error);
    await clock.advance(10_000);
    const error = await refused;
    assert.ok(error instanceof StatusError);
    assert.equal(error.status.code, 429);
    assert.equal(error.status.details?.retryAfterSeconds, 1);
    assert.equal(
      error.status.message,
      'Too many requests, please try again later: no turn within 10 s for a request of "b" (priority level global-default)',
    );
    assert.deepEqual(control.counters(), { seated: 2, waiting: 0 });
  });

  it('refuses at once when too many of one client wait', async () => {
    const { control } = setUp();
    await Promise.all([control.enter(place('a')), control.enter(place('a'))]);
    const waiting = Array.from({ length: 100 }, () => control.enter(place('a')));
    await assert.rejects(control.enter(place('a')), /too many wait already among those of "a"/);
    control.enter(place('b')).catch(assert.fail);
    assert.equal(control.counters().waiting, 101);
    for (const entering of waiting) entering.catch(assert.fail);
  });
});
