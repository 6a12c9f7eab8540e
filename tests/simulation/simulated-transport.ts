// One peer's Transport in a simulation: links with redial, ordered lanes, hints and byte streams.

import type { Duplex } from 'node:stream';
import { assert } from '../../runtime/index.ts';
import type { Timer } from '../../runtime/index.ts';
import type { SimulatedPeer } from '../../runtime/index.ts';
import { DATAGRAM_LIMIT_BYTES } from '../../mesh/index.ts';
import type { Lane, LinkReport, PeerId, TransportHandlers } from '../../mesh/index.ts';
import type { NetworkCore, SimulatedTransport } from './network-core.ts';
import { openSimulatedStream } from './simulated-stream.ts';

/** A dial that fails is tried again after this, doubling up to the longest. */
const REDIAL_FIRST_MS = 100;
const REDIAL_LONGEST_MS = 5_000;

/** A handshake takes so many one-way trips. */
const HANDSHAKE_TRIPS = 5;

/** A link that nobody asked to keep ends after so long without a frame. */
const UNUSED_MS = 60_000;

/** Frames that may wait for a link being made, and for how long. */
const WAITING_LIMIT = 256;
const WAITING_MS = 5_000;

interface Wish {
  addresses: readonly string[];
  /** Kept without end; else it is made when there is something to say. */
  isKept: boolean;
  /** What waits for the link, each until its moment. */
  waiting: { readonly lane: Lane; readonly frame: Uint8Array; readonly untilMs: number }[];
  usedMs: number;
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
  let own: readonly string[] = [`${self}.test:7460`];
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
      const nowMs = core.simulation.nowMs();
      wish.waiting = wish.waiting.filter(({ untilMs }) => untilMs > nowMs);
      if (!wish.isKept && wish.waiting.length === 0) {
        wish.timer = undefined;
        return;
      }
      const jitter = 0.5 + host.random.float();
      dial(peer, wish, wish.backoffMs * jitter);
      wish.backoffMs = Math.min(REDIAL_LONGEST_MS, wish.backoffMs * 2);
    });
  };

  const isDialling = (wish: Wish): boolean => wish.timer !== undefined;

  const firstTripsMs = (peer: PeerId): number => HANDSHAKE_TRIPS * core.latency(self, peer);

  const want = (peer: PeerId, addresses: readonly string[], isKept: boolean): void => {
    if (peer === self) return;
    const known = wishes.get(peer);
    const wish = known ?? {
      addresses,
      isKept,
      waiting: [],
      usedMs: core.simulation.nowMs(),
      backoffMs: REDIAL_FIRST_MS,
      timer: undefined,
    };
    wish.addresses = addresses;
    wish.isKept = isKept;
    wishes.set(peer, wish);
    if (isKept && !isDialling(wish) && !core.isLinked(self, peer))
      dial(peer, wish, firstTripsMs(peer));
    if (!isKept && known?.isKept === true) endUnused(peer, wish);
  };

  /** Either side may end a link that it did not ask to keep; the other side makes it anew if it needs it. */
  const endUnused = (peer: PeerId, wish: Wish): void => {
    host.schedule(UNUSED_MS, () => {
      if (wishes.get(peer) !== wish || wish.isKept || !core.isLinked(self, peer)) return;
      if (core.simulation.nowMs() - wish.usedMs >= UNUSED_MS) core.linkDown(self, peer);
      else endUnused(peer, wish);
    });
  };

  const carry = (to: PeerId, lane: Lane, frame: Uint8Array): void => {
    core.counters.frames += 1;
    core.counters.bytes += frame.length;
    const delays = core.fate(self, to);
    if (delays.length === 0) core.counters.dropped += 1;
    for (const delayMs of delays) core.find(to)?.deliver(self, lane, frame, delayMs);
  };

  const queue = (to: PeerId, wish: Wish, lane: Lane, frame: Uint8Array): boolean => {
    if (wish.waiting.length >= WAITING_LIMIT) return false;
    wish.waiting.push({ lane, frame, untilMs: core.simulation.nowMs() + WAITING_MS });
    if (!isDialling(wish)) dial(to, wish, firstTripsMs(to));
    return true;
  };

  const onUp = (peer: PeerId, wish: Wish): void => {
    wish.timer?.cancel();
    wish.timer = undefined;
    const { waiting } = wish;
    wish.waiting = [];
    for (const { lane, frame } of waiting) carry(peer, lane, frame);
    if (!wish.isKept) endUnused(peer, wish);
  };

  const reportOf = (peer: PeerId): LinkReport => {
    const isUp = core.isLinked(self, peer);
    return {
      peer,
      path: isUp ? 'direct' : 'none',
      sinceMs: 0,
      hasDatagrams: isUp && core.passesDatagrams(self, peer),
      reason: isUp ? undefined : 'no answer',
    };
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
    addresses: () => own,
    connect: (peer, addresses) => want(peer, addresses, true),
    reach: (peer, addresses) => want(peer, addresses, false),
    disconnect: (peer) => {
      wishes.get(peer)?.timer?.cancel();
      wishes.delete(peer);
      core.linkDown(self, peer);
    },
    isLinked: (peer) => core.isLinked(self, peer),
    send: (to, lane, frame) => {
      const wish = wishes.get(to);
      if (wish !== undefined) wish.usedMs = core.simulation.nowMs();
      if (!core.isLinked(self, to))
        return wish !== undefined && !wish.isKept && queue(to, wish, lane, frame);
      carry(to, lane, frame);
      return true;
    },
    sendDatagram: (to, bytes) => {
      assert(bytes.length <= DATAGRAM_LIMIT_BYTES, 'a datagram is too large');
      if (!core.isLinked(self, to) || !core.passesDatagrams(self, to)) return false;
      core.counters.frames += 1;
      core.counters.bytes += bytes.length;
      for (const delayMs of core.fate(self, to))
        core.find(to)?.deliverDatagram(self, bytes, delayMs);
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
    links: () => [...wishes.keys()].sort().map(reportOf),
    linkChanged: (peer, up, delayMs) => {
      if (!up) {
        for (const stream of streams.get(peer) ?? []) stream.destroy(new Error('link lost'));
        streams.delete(peer);
      }
      host.schedule(delayMs, () => {
        handlers?.link(peer, up ? 'up' : 'lost');
        const wish = wishes.get(peer);
        if (wish === undefined) return;
        if (up) onUp(peer, wish);
        else if (wish.isKept) dial(peer, wish, REDIAL_FIRST_MS * host.random.float());
      });
    },
    deliver: (from, lane, frame, delayMs) => {
      const dueMs = arrival(`${from} ${lane}`, delayMs);
      host.schedule(dueMs, () => handlers?.frame(from, lane, frame));
    },
    deliverDatagram: (from, bytes, delayMs) => {
      host.schedule(delayMs, () => handlers?.datagram(from, bytes));
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
    moveTo: (addresses) => {
      own = addresses;
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
