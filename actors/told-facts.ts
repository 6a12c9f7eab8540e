// What the API shows of a peer's facts, beside who it is: as that peer said, with the time when this one learned it.

import type { NodeFacts } from '../mesh/index.ts';

/** Fields of a Peer's status. */
export function toldFacts(facts: NodeFacts, factsMs: number | undefined): object {
  const { unready, isCordoned } = facts;
  return {
    api: facts.api,
    nodeAddress: facts.nodeAddress,
    version: facts.version,
    protocol: facts.protocol,
    drivers: facts.drivers,
    price: facts.price,
    load: facts.load,
    capacity: facts.capacity,
    allocatable: facts.allocatable,
    allocated: facts.allocated,
    taints: facts.taints,
    ...(isCordoned === true && { unschedulable: true }),
    ...(unready !== undefined && { podsNotServing: unready }),
    ...(factsMs !== undefined && { factsTime: new Date(factsMs).toISOString() }),
  };
}
