// One peer's Transport in a simulation: links with redial, ordered lanes, hints and byte streams.

import type { Duplex } from 'node:stream';
import type { Timer } from '../../runtime/index.ts';
import type { SimulatedPeer } from '../../runtime/index.ts';
import type { PeerId, TransportHandlers } from '../../mesh/index.ts';
import type { NetworkCore, SimulatedTransport } from './network-core.ts';
import { openSimulatedStream } from './simulated-stream.ts';

/** A dial that fails is tried again after this, doubling up to the longest. */
const REDIAL_FIRST_MS = 100;
const REDIAL_LONGEST_MS = 5_000;

/** A handshake takes so many one-way trips. */
const HANDSHAKE_TRIPS = 5;

interface Wish {
  addresses: readonly string[];
  backoffMs: number;
  timer: Timer | undefined;
}

export function createSimulatedTransport(
  core: NetworkCore,
  self: PeerId,
  host: SimulatedPeer,
): SimulatedTransport {
  const wishes = new Map<PeerId, Wish>();
  const streams = new Map<PeerId, Set<Duplex>>();
  /** When the last frame of a sender's lane arrives: the next one arrives no sooner. */
  const lastArrival = new Map<string, number>();
  let handlers: TransportHandlers | undefined;

  const dial = (peer: PeerId, wish: Wish, delayMs: number): void => {
    wish.timer?.cancel();
    wish.timer = host.schedule(delayMs, () => {
      if (wishes.get(peer) !== wish || core.isLinked(self, peer)) return;
      const target = core.find(peer);
      const isThere =
        target?.isListening() === true &&
        core.canMeet(self, peer) &&
        wish.addresses.some((address) => target.addresses().includes(address));
      if (isThere) {
        wish.backoffMs = REDIAL_FIRST_MS;
        core.linkUp(self, peer);
        return;
      }
      const jitter = 0.5 + host.random.float();
      dial(peer, wish, wish.backoffMs * jitter);
      wish.backoffMs = Math.min(REDIAL_LONGEST_MS, wish.backoffMs * 2);
    });
  };

  const arrival = (key: string, delayMs: number): number => {
    const nowMs = core.simulation.nowMs();
    const dueMs = Math.max(nowMs + delayMs, lastArrival.get(key) ?? 0);
    lastArrival.set(key, dueMs);
    return dueMs - nowMs;
  };

  const forgetLinks = (): void => {
    for (const other of core.all()) core.linkDown(self, other.self);
  };

  const transport: SimulatedTransport = {
    self,
    host,
    start: (given) => {
      handlers = given;
      return Promise.resolve();
    },
    stop: () => {
      handlers = undefined;
      for (const wish of wishes.values()) wish.timer?.cancel();
      wishes.clear();
      forgetLinks();
      return Promise.resolve();
    },
    addresses: () => [`${self}.test:7460`],
    connect: (peer, addresses) => {
      if (peer === self) return;
      const known = wishes.get(peer);
      if (known !== undefined) {
        known.addresses = addresses;
        return;
      }
      const wish: Wish = { addresses, backoffMs: REDIAL_FIRST_MS, timer: undefined };
      wishes.set(peer, wish);
      dial(peer, wish, HANDSHAKE_TRIPS * core.latency(self, peer));
    },
    disconnect: (peer) => {
      wishes.get(peer)?.timer?.cancel();
      wishes.delete(peer);
      core.linkDown(self, peer);
    },
    isLinked: (peer) => core.isLinked(self, peer),
    send: (to, lane, frame) => {
      if (!core.isLinked(self, to)) return false;
      core.counters.frames += 1;
      core.counters.bytes += frame.length;
      const delays = core.fate(self, to);
      if (delays.length === 0) core.counters.dropped += 1;
      for (const delayMs of delays) core.find(to)?.deliver(self, lane, frame, delayMs);
      return true;
    },
    publish: (topic, data) => {
      core.counters.published += 1;
      for (const other of core.all()) {
        if (other.self === self || !core.canMeet(self, other.self)) continue;
        for (const delayMs of core.fate(self, other.self)) {
          // Two or three hops of a gossip mesh.
          other.deliverHint(self, topic, data, 3 * delayMs);
        }
      }
    },
    open: (to, protocol, header) => openSimulatedStream(core, transport, to, protocol, header),
    linkChanged: (peer, up, delayMs) => {
      if (!up) {
        for (const stream of streams.get(peer) ?? []) stream.destroy(new Error('link lost'));
        streams.delete(peer);
      }
      host.schedule(delayMs, () => {
        handlers?.link(peer, up);
        const wish = wishes.get(peer);
        if (!up && wish !== undefined) dial(peer, wish, REDIAL_FIRST_MS * host.random.float());
      });
    },
    deliver: (from, lane, frame, delayMs) => {
      const dueMs = arrival(`${from} ${lane}`, delayMs);
      host.schedule(dueMs, () => handlers?.frame(from, lane, frame));
    },
    deliverHint: (from, topic, data, delayMs) => {
      host.schedule(delayMs, () => handlers?.published(from, topic, data));
    },
    accept: (from, protocol, header, stream) => {
      host.schedule(0, () => handlers?.stream(from, protocol, header, stream));
    },
    ownStream: (peer, stream) => {
      const owned = streams.get(peer) ?? new Set();
      streams.set(peer, owned);
      owned.add(stream);
      stream.once('close', () => owned.delete(stream));
      stream.on('error', () => undefined);
    },
    isListening: () => handlers !== undefined,
    die: () => {
      handlers = undefined;
      for (const wish of wishes.values()) wish.timer?.cancel();
      wishes.clear();
      for (const owned of streams.values()) {
        for (const stream of owned) stream.destroy(new Error('peer lost'));
      }
    },
  };
  return transport;
}
