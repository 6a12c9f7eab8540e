// One peer's Transport in the mesh network: links kept or made on demand, ordered lanes, datagrams.

import { DATAGRAM_LIMIT_BYTES } from '../../../mesh/index.ts';
import type {
  Lane,
  LinkReport,
  PeerId,
  Transport,
  TransportHandlers,
} from '../../../mesh/index.ts';
import { assert, failed, SkeinError } from '../../../runtime/index.ts';
import type { SimulatedPeer, Timer } from '../../../runtime/index.ts';
import { kindOf } from './frame-kinds.ts';
import type { NetworkCore, Station, Wire } from './stations.ts';

const lanes: readonly Lane[] = ['control', 'log', 'bulk'];

/** A dial that fails is tried again after this, doubling up to the longest. */
const REDIAL_FIRST_MS = 100;
const REDIAL_LONGEST_MS = 15_000;

/** A handshake takes so many one-way trips, and fails when the other side does not end it in time. */
const HANDSHAKE_TRIPS = 5;
const HANDSHAKE_LIMIT_MS = 5_000;

/** A link that nobody asked to keep ends after so long without a frame. */
const UNUSED_MS = 60_000;

/** Frames that may wait for a link being made or for a path that is cut, and how long for the former. */
const WAITING_LIMIT = 256;
const WAITING_MS = 5_000;

/** Datagrams that a machine keeps for a process that does not read. */
const UNREAD_LIMIT = 512;

interface Wish {
  addresses: readonly string[];
  /** Kept without end; else it is made when there is something to say. */
  isKept: boolean;
  waiting: { readonly lane: number; readonly frame: Uint8Array; readonly untilMs: number }[];
  usedMs: number;
  backoffMs: number;
  timer: Timer | undefined;
}

export function createStation(
  core: NetworkCore,
  index: number,
  peer: PeerId,
  addresses: readonly string[],
  host: SimulatedPeer,
): Station {
  const wishes = new Map<PeerId, Wish>();
  const wires = new Map<PeerId, Wire>();
  let unread = 0;

  const nowMs = core.simulation.nowMs;

  const dial = (to: PeerId, wish: Wish, delayMs: number): void => {
    wish.timer?.cancel();
    wish.timer = host.schedule(delayMs, () => {
      if (wishes.get(to) !== wish || wires.has(to)) return;
      const target = core.find(to);
      const isThere =
        target?.handlers !== undefined &&
        core.canMeet(station, target) &&
        wish.addresses.some((address) => target.transport.addresses().includes(address));
      if (!isThere) return dialAgain(to, wish);
      const untilMs = nowMs() + HANDSHAKE_LIMIT_MS;
      wish.timer = host.schedule(HANDSHAKE_LIMIT_MS, () => {
        if (!wires.has(to)) dialAgain(to, wish);
      });
      // A frozen peer's machine accepts; its process answers when it runs again.
      target.host.schedule(0, () => {
        const isWanted = wishes.get(to) === wish && !wires.has(to) && nowMs() < untilMs;
        if (!isWanted || host.status() === 'crashed' || target.handlers === undefined) return;
        wish.backoffMs = REDIAL_FIRST_MS;
        core.linkUp(station, target);
      });
    });
  };

  const dialAgain = (to: PeerId, wish: Wish): void => {
    wish.waiting = wish.waiting.filter(({ untilMs }) => untilMs > nowMs());
    if (!wish.isKept && wish.waiting.length === 0) {
      wish.timer = undefined;
      return;
    }
    const backoffMs = wish.backoffMs * (0.5 + host.random.float());
    wish.backoffMs = Math.min(REDIAL_LONGEST_MS, wish.backoffMs * 2);
    dial(to, wish, backoffMs);
  };

  const handshakeMs = (to: PeerId): number => {
    const target = core.find(to);
    return target === undefined
      ? REDIAL_FIRST_MS
      : HANDSHAKE_TRIPS * core.paths.latencyMs(index, target.index);
  };

  const want = (to: PeerId, known: readonly string[], isKept: boolean): void => {
    if (to === peer) return;
    let wish = wishes.get(to);
    const wasKept = wish?.isKept === true;
    if (wish === undefined) {
      wish = {
        addresses: known,
        isKept,
        waiting: [],
        usedMs: nowMs(),
        backoffMs: REDIAL_FIRST_MS,
        timer: undefined,
      };
      wishes.set(to, wish);
    }
    wish.addresses = known;
    wish.isKept = isKept;
    if (isKept && wish.timer === undefined && !wires.has(to)) dial(to, wish, handshakeMs(to));
    if (wasKept && !isKept) endUnused(to, wish);
  };

  const endUnused = (to: PeerId, wish: Wish): void => {
    host.schedule(UNUSED_MS, () => {
      const wire = wires.get(to);
      if (wishes.get(to) !== wish || wish.isKept || wire === undefined) return;
      if (nowMs() - wish.usedMs >= UNUSED_MS) core.linkDown(station, wire.to);
      else endUnused(to, wish);
    });
  };

  const carry = (wire: Wire, lane: number, frame: Uint8Array): boolean => {
    const isOpen = core.paths.isOpen(index, wire.to.index);
    if (!isOpen || wire.stuck.length > 0) {
      if (wire.stuck.length >= WAITING_LIMIT) return false;
      wire.stuck.push({ lane, frame });
      return true;
    }
    transmit(station, wire, lane, frame, core);
    return true;
  };

  const onUp = (to: PeerId, wish: Wish): void => {
    wish.timer?.cancel();
    wish.timer = undefined;
    const { waiting } = wish;
    wish.waiting = [];
    wish.usedMs = nowMs();
    const wire = wires.get(to);
    if (wire !== undefined) for (const { lane, frame } of waiting) carry(wire, lane, frame);
    if (!wish.isKept) endUnused(to, wish);
  };

  const reportOf = (to: PeerId): LinkReport => {
    const wire = wires.get(to);
    return {
      peer: to,
      path: wire === undefined ? 'none' : 'direct',
      sinceMs: 0,
      hasDatagrams: wire !== undefined && passesDatagrams(core, index, wire.to.index),
      reason: wire === undefined ? 'no answer' : undefined,
    };
  };

  const forget = (): void => {
    station.handlers = undefined;
    for (const wish of wishes.values()) wish.timer?.cancel();
    wishes.clear();
  };

  const transport: Transport = {
    self: peer,
    start: (given: TransportHandlers) => {
      station.handlers = given;
      return Promise.resolve();
    },
    stop: () => {
      forget();
      for (const { to } of wires.values()) core.linkDown(station, to);
      return Promise.resolve();
    },
    addresses: () => addresses,
    connect: (to, known) => want(to, known, true),
    reach: (to, known) => want(to, known, false),
    disconnect: (to) => {
      wishes.get(to)?.timer?.cancel();
      wishes.delete(to);
      const wire = wires.get(to);
      if (wire !== undefined) core.linkDown(station, wire.to);
    },
    isLinked: (to) => wires.has(to),
    send: (to, lane, frame) => {
      const at = lanes.indexOf(lane);
      const wish = wishes.get(to);
      if (wish !== undefined) wish.usedMs = nowMs();
      const wire = wires.get(to);
      if (wire !== undefined) return carry(wire, at, frame);
      if (wish === undefined || wish.isKept || wish.waiting.length >= WAITING_LIMIT) return false;
      wish.waiting.push({ lane: at, frame, untilMs: nowMs() + WAITING_MS });
      if (wish.timer === undefined) dial(to, wish, handshakeMs(to));
      return true;
    },
    sendDatagram: (to, bytes) => {
      assert(bytes.length <= DATAGRAM_LIMIT_BYTES, 'a datagram is too large');
      const wire = wires.get(to);
      if (wire === undefined || !passesDatagrams(core, index, wire.to.index)) return false;
      core.count(kindOf(bytes), bytes.length);
      cast(station, wire.to, bytes, core);
      return true;
    },
    publish: (topic, data) => core.publish(station, topic, data),
    open: () =>
      Promise.resolve(failed(new SkeinError('unsupported', 'no byte streams in a mesh network'))),
    links: () => [...wishes.keys()].sort().map(reportOf),
  };

  const station: Station = {
    index,
    peer,
    host,
    transport,
    handlers: undefined,
    wires,
    hintPeers: new Set(),
    seenHints: new Set(),
    linkChanged: (to, up, delayMs) => {
      host.schedule(delayMs, () => {
        station.handlers?.link(to, up ? 'up' : 'lost');
        const wish = wishes.get(to);
        if (wish === undefined) return;
        if (up) onUp(to, wish);
        else if (wish.isKept) dial(to, wish, REDIAL_FIRST_MS * host.random.float());
      });
    },
    takeDatagram: (from, bytes, delayMs) => {
      if (host.status() === 'frozen' && ++unread > UNREAD_LIMIT) return;
      host.schedule(delayMs, () => {
        unread = 0;
        station.handlers?.datagram(from, bytes);
      });
    },
    die: forget,
  };
  return station;
}

/** Sends a frame on its way; on a lane none overtakes another. */
export function transmit(
  from: Station,
  wire: Wire,
  lane: number,
  frame: Uint8Array,
  core: NetworkCore,
): void {
  core.count(kindOf(frame), frame.length);
  const { to, lastArrivalMs } = wire;
  const nowMs = core.simulation.nowMs();
  const dueMs = Math.max(
    nowMs + core.paths.linkLatencyMs(from.index, to.index),
    lastArrivalMs[lane]!,
  );
  lastArrivalMs[lane] = dueMs;
  to.host.schedule(dueMs - nowMs, () => {
    if (wire.isUp) to.handlers?.frame(from.peer, lanes[lane]!, frame);
  });
}

function cast(from: Station, to: Station, bytes: Uint8Array, core: NetworkCore): void {
  const { loss, duplication } = core.paths.of(from.index, to.index);
  const isLost = loss > 0 && core.dice() < loss;
  if (isLost || !core.paths.isOpen(from.index, to.index)) return;
  to.takeDatagram(from.peer, bytes, core.paths.latencyMs(from.index, to.index));
  if (duplication > 0 && core.dice() < duplication) {
    to.takeDatagram(from.peer, bytes, core.paths.latencyMs(from.index, to.index));
  }
}

function passesDatagrams(core: NetworkCore, one: number, other: number): boolean {
  return core.paths.of(one, other).hasDatagrams && core.paths.of(other, one).hasDatagrams;
}
