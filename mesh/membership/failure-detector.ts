// Who answers: direct probes, then probes through others, and a verdict as data. Never a death by itself.
//
//   tick / lost link           half the timeout         the timeout             no answer at all
//  ----------------> datagram ----------------> frame --------------> indirect ------------------> failed
//                       |                         |  or no way there     |   or all others say no
//                       +----------- ack ---------+--------- ack --------+-- ack --> (forgotten)
//
// Pure: time comes in, effects go out as data. The peer's own health (Lifeguard) stretches its patience.

import type { Random } from '../../runtime/index.ts';
import type { MeshTiming } from '../timing.ts';
import type { PeerId } from '../transport.ts';

/** How bad one's own health can get; patience is multiplied by one more than this at most. */
const HEALTH_WORST = 8;

/** Probes under way at most, own ones and those for others; more are not started. */
const PENDING_LIMIT = 4096;

/** Two who doubt this peer within this time agree. */
const DOUBT_MEMORY_MS = 10_000;

/** How much of the time between a probe's timeout and its deadline a helper waits for an answer. */
const RELAY_SHARE = 0.7;

export type DetectorEffect =
  | {
      readonly type: 'ping';
      readonly to: PeerId;
      readonly seq: number;
      /** A datagram, or a frame where those do not pass; a frame alone; or, to lose no time, both. */
      readonly way: 'datagram' | 'frame' | 'both';
    }
  | {
      readonly type: 'ping-request';
      readonly to: PeerId;
      readonly target: PeerId;
      readonly seq: number;
    }
  | { readonly type: 'ack'; readonly to: PeerId; readonly seq: number }
  | { readonly type: 'nack'; readonly to: PeerId; readonly seq: number }
  /** Nobody reached it: for membership to suspect. */
  | { readonly type: 'failed'; readonly peer: PeerId };

export interface FailureDetector {
  /** Starts the next round: one of `subjects` is probed, each in its turn. */
  readonly round: (subjects: readonly PeerId[], nowMs: number) => readonly DetectorEffect[];
  /**
   * Probes this peer now: its link was lost or somebody else doubts it. `patience` multiplies the time it has to
   * answer, where a link has to be made first; default 1.
   */
  readonly probe: (peer: PeerId, nowMs: number, patience?: number) => readonly DetectorEffect[];
  /** A ping of ours went as a frame already, for want of datagrams. */
  readonly fellBack: (seq: number) => void;
  /** A ping of ours could not even be sent. */
  readonly unreachable: (seq: number, nowMs: number) => readonly DetectorEffect[];
  readonly ack: (seq: number, from: PeerId) => readonly DetectorEffect[];
  /** Somebody asked for help could not reach the target. */
  readonly nack: (seq: number, from: PeerId) => readonly DetectorEffect[];
  /** Probes `target` on behalf of `origin`. */
  readonly relay: (
    origin: PeerId,
    seq: number,
    target: PeerId,
    nowMs: number,
  ) => readonly DetectorEffect[];
  /** Moves on what is due. */
  readonly wake: (nowMs: number) => readonly DetectorEffect[];
  readonly nextWakeMs: () => number | undefined;
  /** This peer stood still: what it waited for says nothing, so all probes are dropped. */
  readonly stalled: () => void;
  /** `by` wrongly suspected this peer. One voice says as much of itself as of this peer; a second one soon after does not. */
  readonly doubted: (by: PeerId, nowMs: number) => void;
  /** This peer has a link to nobody. */
  readonly stranded: () => void;
  /** 0 is healthy. */
  readonly health: () => number;
}

interface Probe {
  readonly seq: number;
  readonly target: PeerId;
  readonly timeoutMs: number;
  readonly deadlineMs: number;
  helpers: readonly PeerId[];
  /** Helpers asked that have not said no. */
  readonly asked: Set<PeerId>;
  stage: 'datagram' | 'frame' | 'indirect';
  dueMs: number;
}

interface Relay {
  readonly origin: PeerId;
  readonly originSeq: number;
  readonly target: PeerId;
  readonly dueMs: number;
}

/** `helpersFor` names linked peers other than `target` that may reach it, the likeliest first. */
export function createFailureDetector(
  timing: MeshTiming,
  random: Random,
  helpersFor: (target: PeerId) => readonly PeerId[],
): FailureDetector {
  const probes = new Map<number, Probe>();
  const targets = new Set<PeerId>();
  const relays = new Map<number, Relay>();
  let nextSeq = 1;
  let order: PeerId[] = [];
  let health = 0;
  let doubter: { readonly by: PeerId; readonly atMs: number } | undefined;

  const scaled = (ms: number): number => ms * (1 + health);
  const worsen = (): void => {
    health = Math.min(HEALTH_WORST, health + 1);
  };

  const start = (target: PeerId, nowMs: number, patience = 1): readonly DetectorEffect[] => {
    if (probes.size >= PENDING_LIMIT || targets.has(target)) return [];
    const seq = nextSeq++;
    const timeoutMs = nowMs + scaled(timing.probeTimeoutMs) * patience;
    targets.add(target);
    probes.set(seq, {
      seq,
      target,
      timeoutMs,
      deadlineMs: nowMs + scaled(timing.probeDeadlineMs) * patience,
      helpers: [],
      asked: new Set(),
      stage: 'datagram',
      dueMs: (nowMs + timeoutMs) / 2,
    });
    return [{ type: 'ping', to: target, seq, way: 'datagram' }];
  };

  const end = (probe: Probe): void => {
    probes.delete(probe.seq);
    targets.delete(probe.target);
  };

  const fail = (probe: Probe): readonly DetectorEffect[] => {
    end(probe);
    return [{ type: 'failed', peer: probe.target }];
  };

  const askOthers = (probe: Probe): readonly DetectorEffect[] => {
    const { target, seq } = probe;
    probe.helpers = helpersFor(target).slice(0, timing.indirectProbes);
    if (probe.helpers.length === 0) return fail(probe);
    probe.stage = 'indirect';
    probe.dueMs = probe.deadlineMs;
    for (const helper of probe.helpers) probe.asked.add(helper);
    return probe.helpers.map((to) => ({ type: 'ping-request', to, target, seq }));
  };

  const moveOn = (probe: Probe): readonly DetectorEffect[] => {
    switch (probe.stage) {
      case 'datagram':
        probe.stage = 'frame';
        probe.dueMs = probe.timeoutMs;
        return [{ type: 'ping', to: probe.target, seq: probe.seq, way: 'frame' }];
      case 'frame':
        return askOthers(probe);
      case 'indirect':
        // Helpers that did not even say no mean that it is rather this peer that is cut off or slow.
        if (probe.asked.size === probe.helpers.length) worsen();
        return fail(probe);
    }
  };

  const refuse = (relay: Relay): DetectorEffect => ({
    type: 'nack',
    to: relay.origin,
    seq: relay.originSeq,
  });

  return {
    round: (subjects, nowMs) => {
      const present = new Set(subjects);
      order = order.filter((peer) => present.delete(peer));
      // Newcomers enter at random places, so that observers do not walk in step.
      for (const peer of present) order.splice(random.integer(order.length + 1), 0, peer);
      const target = order.shift();
      if (target === undefined) return [];
      order.push(target);
      return start(target, nowMs);
    },
    probe: start,
    fellBack: (seq) => {
      const probe = probes.get(seq);
      if (probe?.stage !== 'datagram') return;
      probe.stage = 'frame';
      probe.dueMs = probe.timeoutMs;
    },
    unreachable: (seq) => {
      const relay = relays.get(seq);
      if (relay !== undefined) {
        relays.delete(seq);
        return [refuse(relay)];
      }
      const probe = probes.get(seq);
      return probe === undefined || probe.stage === 'indirect' ? [] : askOthers(probe);
    },
    ack: (seq, from) => {
      const relay = relays.get(seq);
      if (relay !== undefined && relay.target === from) {
        relays.delete(seq);
        return [{ type: 'ack', to: relay.origin, seq: relay.originSeq }];
      }
      const probe = probes.get(seq);
      if (probe === undefined) return [];
      if (probe.target !== from && !probe.asked.has(from)) return [];
      end(probe);
      health = Math.max(0, health - 1);
      return [];
    },
    nack: (seq, from) => {
      const probe = probes.get(seq);
      if (probe === undefined || !probe.asked.delete(from)) return [];
      // All helpers agree: waiting longer would tell nothing new.
      return probe.asked.size === 0 ? fail(probe) : [];
    },
    relay: (origin, seq, target, nowMs) => {
      if (relays.size >= PENDING_LIMIT) return [];
      const relaySeq = nextSeq++;
      // Less than the asker waits for it, so that the "no" gets back before the asker's deadline.
      const dueMs = nowMs + (timing.probeDeadlineMs - timing.probeTimeoutMs) * RELAY_SHARE;
      relays.set(relaySeq, { origin, originSeq: seq, target, dueMs });
      return [{ type: 'ping', to: target, seq: relaySeq, way: 'both' }];
    },
    wake: (nowMs) => {
      const effects: DetectorEffect[] = [];
      for (const [seq, relay] of relays) {
        if (relay.dueMs > nowMs) continue;
        relays.delete(seq);
        effects.push(refuse(relay));
      }
      for (const probe of probes.values()) {
        if (probe.dueMs <= nowMs) effects.push(...moveOn(probe));
      }
      return effects;
    },
    nextWakeMs: () => {
      let next: number | undefined;
      for (const pending of [probes, relays]) {
        for (const { dueMs } of pending.values()) {
          if (next === undefined || dueMs < next) next = dueMs;
        }
      }
      return next;
    },
    stalled: () => {
      probes.clear();
      targets.clear();
      relays.clear();
      worsen();
    },
    doubted: (by, nowMs) => {
      const isSecond =
        doubter !== undefined && doubter.by !== by && nowMs - doubter.atMs <= DOUBT_MEMORY_MS;
      doubter = { by, atMs: nowMs };
      if (isSecond) worsen();
    },
    stranded: worsen,
    health: () => health,
  };
}
