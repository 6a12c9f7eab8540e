// Brings a peer's Node into the log when the peer starts: takes a pod range, then creates or updates the Node.

import type { Store } from '../../consensus/index.ts';
import type { Clock, Logger, Random } from '../../runtime/index.ts';
import { randomUuid, wait } from '../../runtime/index.ts';
import { timestamp } from '../objects/meta.ts';
import type { Objects } from '../objects/objects.ts';
import { nodeObject } from './node-object.ts';
import type { NodeSelf } from './node-object.ts';
import { freePodRange, nodeAddressIn, podRangeKey } from './pod-range.ts';

const barrierMs = 2_000;
const retryMs = 250;

export interface RegistrationOptions {
  readonly store: Store;
  readonly objects: Objects;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Whether this machine has more loopback addresses than one. */
  readonly hasLoopbackRange: boolean;
  /** Claims a range on this machine, against peers of other clusters; false when it is taken. */
  readonly claim: (nodeAddress: string) => Promise<boolean>;
  readonly signal: AbortSignal;
}

export interface NodePlace {
  readonly nodeAddress: string;
  readonly podRange: string | undefined;
}

/**
 * The addresses of this peer. A peer that had some keeps them, also while it is cut off; a new one takes a range
 * through the log, so that no two peers of a zone share one. Resolves undefined when aborted.
 */
export async function takePlace(
  options: RegistrationOptions,
  self: Pick<NodeSelf, 'name' | 'peerId'>,
): Promise<NodePlace | undefined> {
  if (!options.hasLoopbackRange) return { nodeAddress: '127.0.0.1', podRange: undefined };
  const { store, objects, clock } = options;
  const takenHere = new Set<string>();
  while (!options.signal.aborted) {
    const known = objects.view.get('Node', '', self.name);
    const own = known?.spec?.podCIDR;
    if (own !== undefined && known?.metadata?.annotations?.['skein.dev/peer-id'] === self.peerId) {
      if (!(await options.claim(nodeAddressIn(own)))) {
        const remedy = 'stop the other peer, or remove this data directory and join anew';
        options.log.warn('another peer of this machine uses the addresses of this one', {
          range: own,
          remedy,
        });
      }
      return { nodeAddress: nodeAddressIn(own), podRange: own };
    }
    const current = await store.barrier(barrierMs);
    const range = current.ok
      ? freePodRange(store.view, self.peerId, (each) => takenHere.has(each))
      : undefined;
    if (range === undefined) {
      await wait(clock, retryMs);
      continue;
    }
    if (!(await options.claim(nodeAddressIn(range)))) {
      takenHere.add(range);
      continue;
    }
    if (await take(store, range, self.peerId)) {
      return { nodeAddress: nodeAddressIn(range), podRange: range };
    }
  }
  return undefined;
}

async function take(store: Store, range: string, peerId: string): Promise<boolean> {
  const key = podRangeKey(range);
  if (store.view.get(key)?.value === peerId) return true;
  const taken = await store.transact({
    compare: [{ target: 'create', key, is: '=', to: 0 }],
    success: [{ type: 'put', key, value: peerId }],
  });
  return taken.ok && taken.value.succeeded;
}

/** Writes the Node until the log has it. Returns false when aborted. */
export async function registerNode(options: RegistrationOptions, self: NodeSelf): Promise<boolean> {
  const { store, objects, clock, log } = options;
  while (!options.signal.aborted) {
    const current = await store.barrier(barrierMs);
    if (current.ok) {
      const existing = objects.view.get('Node', '', self.name);
      const node = nodeObject(self, existing, clock.wallMs());
      const created = {
        ...node,
        metadata: {
          ...node.metadata,
          uid: randomUuid(options.random),
          creationTimestamp: timestamp(clock.wallMs()),
        },
      };
      const write =
        existing === undefined
          ? ({ type: 'create', kind: 'Node', object: created } as const)
          : ({ type: 'update', kind: 'Node', object: node } as const);
      const written = await objects.write([write]);
      if (written.ok) return true;
      log.debug('the node is not registered yet', { reason: written.error.message });
    }
    await wait(clock, retryMs);
  }
  return false;
}
