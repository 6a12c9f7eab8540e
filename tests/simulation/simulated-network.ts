// The network of a simulation: a Transport per peer over one seeded world that delays, drops and partitions.

import type { SimulatedPeer, Simulation } from '../../runtime/index.ts';
import type { PeerId, Transport } from '../../mesh/index.ts';
import type { NetworkCore, NetworkCounters, SimulatedTransport } from './network-core.ts';
import { createSimulatedTransport } from './simulated-transport.ts';

/** How one direction between two peers behaves. */
export interface PathConditions {
  /** Uniform between these, with one in twenty frames up to three times as slow. */
  readonly latencyMinMs: number;
  readonly latencyMaxMs: number;
  /** Share of frames that vanish, 0 to 1. */
  readonly loss: number;
  /** Share of frames that arrive twice, 0 to 1. */
  readonly duplication: number;
  /** Nothing gets through, and nobody is told. */
  readonly isCut: boolean;
  /** Datagrams pass; a network that blocks UDP lets only links through. */
  readonly hasDatagrams: boolean;
}

/** A LAN in good health. */
export const GOOD_PATH: PathConditions = {
  latencyMinMs: 0.2,
  latencyMaxMs: 2,
  loss: 0,
  duplication: 0,
  isCut: false,
  hasDatagrams: true,
};

/** A link over a cut path is given up after this long, as TCP does in its time. */
const LINK_TIMEOUT_MS = 15_000;

export interface SimulatedNetwork {
  /** The transport of `peer`, which runs on `host`; a later call for the same id is its next life. */
  readonly transport: (peer: PeerId, host: SimulatedPeer) => Transport;
  /** Changes the direction from one peer to another, or the default of all when none is named. */
  readonly setPath: (conditions: Partial<PathConditions>, from?: PeerId, to?: PeerId) => void;
  /** Both directions between two peers. */
  readonly setLink: (conditions: Partial<PathConditions>, one: PeerId, other: PeerId) => void;
  /** Peers of different groups no longer hear each other; a peer in no group hears nobody. */
  readonly partition: (groups: readonly (readonly PeerId[])[]) => void;
  /** Ends partitions and all that `setPath` changed for named peers. */
  readonly heal: () => void;
  /** Breaks an established link as a reset does: both sides are told. */
  readonly breakLink: (one: PeerId, other: PeerId) => void;
  /** The process of `peer` died: its machine resets its links. Crash its host as well. */
  readonly crash: (peer: PeerId) => void;
  /** The machine of `peer` is gone without a word: links die by timeout. Crash its host as well. */
  readonly vanish: (peer: PeerId) => void;
  /** `peer` is found at these addresses from now on, and at no other; links that are up stay. */
  readonly move: (peer: PeerId, addresses: readonly string[]) => void;
  readonly counters: () => NetworkCounters;
}

/** `admits` judges a handshake: whether these two let each other in right now. */
export function createSimulatedNetwork(
  simulation: Simulation,
  admits: (one: PeerId, other: PeerId) => boolean = () => true,
): SimulatedNetwork {
  const random = simulation.random.fork('network');
  const counters: NetworkCounters = { frames: 0, bytes: 0, dropped: 0, published: 0 };
  const transports = new Map<PeerId, SimulatedTransport>();
  const links = new Set<string>();
  const paths = new Map<string, Partial<PathConditions>>();
  let usual = GOOD_PATH;
  let groupOf: ReadonlyMap<PeerId, number> | undefined;

  const pair = (one: PeerId, other: PeerId): string =>
    one < other ? `${one} ${other}` : `${other} ${one}`;

  const pathOf = (from: PeerId, to: PeerId): PathConditions => {
    const conditions = { ...usual, ...paths.get(`${from} ${to}`) };
    if (groupOf === undefined) return conditions;
    const group = groupOf.get(from);
    return group !== undefined && group === groupOf.get(to)
      ? conditions
      : { ...conditions, isCut: true };
  };

  const latency = (from: PeerId, to: PeerId): number => {
    const { latencyMinMs, latencyMaxMs } = pathOf(from, to);
    const usualMs = latencyMinMs + random.float() * (latencyMaxMs - latencyMinMs);
    return random.float() < 0.05 ? usualMs * (1 + 2 * random.float()) : usualMs;
  };

  const linkDown = (one: PeerId, other: PeerId): void => {
    if (!links.delete(pair(one, other))) return;
    for (const [peer, lost] of [
      [one, other],
      [other, one],
    ] as const) {
      const delayMs = latency(lost, peer);
      transports.get(peer)?.linkChanged(lost, false, delayMs);
    }
  };

  const linkUp = (one: PeerId, other: PeerId): void => {
    if (links.has(pair(one, other))) return;
    links.add(pair(one, other));
    transports.get(one)?.linkChanged(other, true, 0);
    transports.get(other)?.linkChanged(one, true, 0);
  };

  /** Links over cut paths die after a while; checked for all at once. */
  const giveUpLater = (): void => {
    simulation.schedule(LINK_TIMEOUT_MS, () => {
      for (const key of links) {
        const [one, other] = key.split(' ') as [PeerId, PeerId];
        if (pathOf(one, other).isCut || pathOf(other, one).isCut) linkDown(one, other);
      }
    });
  };

  const linksOf = (peer: PeerId): readonly PeerId[] =>
    [...links]
      .map((key) => key.split(' ') as [PeerId, PeerId])
      .filter((ends) => ends.includes(peer))
      .map(([one, other]) => (one === peer ? other : one));

  const core: NetworkCore = {
    simulation,
    counters,
    find: (peer) => transports.get(peer),
    all: () => transports.values(),
    isLinked: (one, other) => links.has(pair(one, other)),
    canMeet: (one, other) =>
      !pathOf(one, other).isCut && !pathOf(other, one).isCut && admits(one, other),
    passesDatagrams: (one, other) =>
      pathOf(one, other).hasDatagrams && pathOf(other, one).hasDatagrams,
    linkUp,
    linkDown,
    latency,
    fate: (from, to) => {
      const { isCut, loss, duplication } = pathOf(from, to);
      // The dice are thrown for a cut path too, so that a cut changes nothing else of the run.
      const isLost = random.float() < loss;
      const isTwice = random.float() < duplication;
      const delays = [latency(from, to), ...(isTwice ? [latency(from, to)] : [])];
      return isCut || isLost ? [] : delays;
    },
  };

  const setPath: SimulatedNetwork['setPath'] = (conditions, from, to) => {
    if (from === undefined || to === undefined) usual = { ...usual, ...conditions };
    else paths.set(`${from} ${to}`, { ...paths.get(`${from} ${to}`), ...conditions });
    if (conditions.isCut === true) giveUpLater();
  };

  return {
    transport: (peer, host) => {
      // Whoever still holds a link to the life before hears a reset from this one.
      for (const other of linksOf(peer)) linkDown(peer, other);
      const transport = createSimulatedTransport(core, peer, host);
      transports.set(peer, transport);
      return transport;
    },
    setPath,
    setLink: (conditions, one, other) => {
      setPath(conditions, one, other);
      setPath(conditions, other, one);
    },
    partition: (groups) => {
      groupOf = new Map(groups.flatMap((group, i) => group.map((peer) => [peer, i] as const)));
      giveUpLater();
    },
    heal: () => {
      groupOf = undefined;
      paths.clear();
    },
    breakLink: linkDown,
    crash: (peer) => {
      transports.get(peer)?.die();
      for (const other of linksOf(peer)) linkDown(peer, other);
      transports.delete(peer);
    },
    vanish: (peer) => {
      transports.get(peer)?.die();
      transports.delete(peer);
      simulation.schedule(LINK_TIMEOUT_MS, () => {
        if (transports.has(peer)) return;
        for (const other of linksOf(peer)) linkDown(peer, other);
      });
    },
    move: (peer, addresses) => transports.get(peer)?.moveTo(addresses),
    counters: () => ({ ...counters }),
  };
}
