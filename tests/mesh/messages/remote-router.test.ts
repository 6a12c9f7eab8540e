// Which lane an actor's messages take.

import { deepEqual } from 'node:assert/strict';
import type { MeshView } from '../../../mesh/mesh-view.ts';
import { createRemoteRouter } from '../../../mesh/messages/remote-router.ts';
import type { Lane, Transport } from '../../../mesh/transport.ts';
import { createActorSystem, createRingLogger, createSimulation } from '../../../runtime/index.ts';
import type { Address } from '../../../runtime/index.ts';
import { snapshotsPath, replicaPath } from '../../../consensus/replica/protocol.ts';

const lanesOf = (paths: readonly string[]): (Lane | undefined)[] => {
  const { clock, random, dispatcher } = createSimulation(1).peer('a');
  const log = createRingLogger(clock, 10);
  const onFailure = (): void => {};
  const system = createActorSystem({ peer: 'a', clock, random, log, dispatcher, onFailure });
  let lane: Lane | undefined;
  const transport = {
    self: 'a',
    send: (_to: string, on: Lane) => {
      lane = on;
      return true;
    },
  } as unknown as Transport;
  const router = createRemoteRouter(
    transport,
    system,
    { onMember: () => () => undefined } as unknown as MeshView,
    log,
  );
  return paths.map((path) => {
    lane = undefined;
    router.resolver.send(`skein://b/${path}` as Address, { type: 'word' });
    return lane;
  });
};

describe('a message to another peer', () => {
  it('takes the lane of the log to a replica, its children and its questions', () => {
    const paths = [replicaPath, `${replicaPath}/child`, `${replicaPath}#7`];
    deepEqual(lanesOf(paths), ['log', 'log', 'log']);
  });

  it('goes in bulk with a piece of a snapshot, which may take long and delays nothing else', () => {
    const paths = [snapshotsPath, `${snapshotsPath}#7`];
    deepEqual(lanesOf(paths), ['bulk', 'bulk']);
  });

  it('takes the lane of control to all others, whatever they are called', () => {
    const paths = ['mesh', 'zone', `${replicaPath}s`, `${snapshotsPath}x`, `duty/${replicaPath}`];
    deepEqual(lanesOf(paths), ['control', 'control', 'control', 'control', 'control']);
  });
});
