import assert from 'node:assert/strict';
import { endMemberships } from '../../actors/admission/membership-ending.ts';
import { peerKey } from '../../actors/admission/records.ts';
import { leaveZone } from '../../actors/leaving.ts';
import type { Store } from '../../consensus/index.ts';
import { createSimulation, failed, ok, SkeinError } from '../../runtime/index.ts';

describe('a peer that leaves', () => {
  it('asks a pod again to end when the first time went unheard', async () => {
    const simulation = createSimulation(1);
    const { clock } = simulation.peer('a');
    let pods = [{ metadata: { namespace: 'default', name: 'p', uid: 'u' } }];
    let evictions = 0;
    const objects = {
      view: { get: () => undefined, podsOnNode: () => pods },
      write: () => Promise.resolve(ok(undefined)),
    };
    let hasLeft = false;
    const parts = {
      objects,
      store: { status: () => ({ voters: ['a', 'b'], learners: [], witnesses: [] }) },
      zoneLog: { leave: () => Promise.resolve(ok(undefined)) },
      mesh: {
        self: 'a',
        member: () => ({ status: 'alive', facts: {} }),
        leave: () => Promise.resolve(void (hasLeft = true)),
      },
    } as unknown as Parameters<typeof leaveZone>[1];
    const evict = () => {
      if (++evictions === 2) pods = [];
      return Promise.resolve();
    };
    void leaveZone('a', parts, evict, clock);
    assert.ok(await simulation.run({ until: () => hasLeft, limitMs: 60_000 }));
    assert.equal(evictions, 2);
  });

  it('is refused while it is the last that can run pods, and says what to do', async () => {
    const { clock } = createSimulation(1).peer('a');
    const leave = (learners: readonly string[], alive: readonly string[]) =>
      leaveZone(
        'a',
        {
          objects: {},
          store: { status: () => ({ voters: ['a'], learners, witnesses: ['w'] }) },
          zoneLog: {},
          mesh: {
            self: 'a',
            member: (peer: string) => ({
              status: alive.includes(peer) ? 'alive' : 'dead',
              facts: { name: `peer-${peer}` },
            }),
          },
        } as unknown as Parameters<typeof leaveZone>[1],
        () => Promise.resolve(),
        clock,
      );
    const alone = await leave([], []);
    assert.ok(!alone.ok && alone.error.code === 'forbidden');
    const witnessed = await leave(['w'], ['w']);
    assert.ok(!witnessed.ok && witnessed.error.code === 'forbidden');
    assert.match(witnessed.error.message, /witnesses, which run no pods: join another peer first/);
    const bereft = await leave(['w', 'b'], ['w']);
    assert.ok(!bereft.ok && bereft.error.code === 'unavailable');
    assert.match(bereft.error.message, /of peer-b: bring one back/);
  });

  it('is written down as gone in the end, whatever happens to the first try', async () => {
    const simulation = createSimulation(1);
    const { clock } = simulation.peer('a');
    const key = peerKey('b');
    const kv = {
      key,
      value: JSON.stringify({ peer: 'b', name: 'b', admittedAtMs: 0 }),
      modRevision: 3,
    };
    let tries = 0;
    let ended = '';
    const store = {
      view: { get: () => kv, range: () => ({ kvs: [] }) },
      status: () => ({ role: 'leader' }),
      onStatus: (look: () => void) => {
        clock.setTimer(1, look);
        return () => undefined;
      },
      transact: ({ success }: Parameters<Store['transact']>[0]) => {
        if (++tries === 1) return Promise.resolve(failed(new SkeinError('timeout', 'no leader')));
        const [put] = success;
        if (put?.type === 'put') ended = put.value;
        return Promise.resolve(ok({ succeeded: true, revision: 4, responses: [] }));
      },
    } as unknown as Store;
    const mesh = {
      members: () => [{ peer: 'b', status: 'left', incarnation: 1 }],
      onMember: () => () => undefined,
    };
    const stop = endMemberships(store, mesh as never, clock);
    assert.ok(await simulation.run({ until: () => ended !== '', limitMs: 10_000 }));
    assert.match(ended, /endedAtMs/);
    stop();
  });
});
