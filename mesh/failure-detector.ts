// Who answers: direct probes, then probes through others, and a verdict as data. Never a death by itself.
//
//   tick / lost link            no ack in time,         no answer at all
//  ----------------> direct ----------------> indirect ------------------> failed
//                      |      or no way there     |     or all others say no
//                      +------- ack --------------+----- ack ----> (forgotten)
//
// Pure: time comes in, effects go out as data. The peer's own health (Lifeguard) stretches its patience.

import { shuffled } from '../runtime/index.ts';
import type { Random } from '../runtime/index.ts';
import type { MeshTiming } from './timing.ts';
import type { PeerId } from './transport.ts';

/** How bad one's own health can get; patience is multiplied by one more than this at most. */
const HEALTH_WORST = 8;

/** Probes under way at most, own ones and those for others; more are not started. */
const PENDING_LIMIT = 4096;

export type DetectorEffect =
  | { readonly type: 'ping'; readonly to: PeerId; readonly seq: number }
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
  /** Starts the next round: one of `candidates` is probed, each in its turn. */
  readonly round: (candidates: readonly PeerId[], nowMs: number) => readonly DetectorEffect[];
  /** Probes this peer now: its link was lost or somebody else doubts it. */
  readonly probe: (
    peer: PeerId,
    candidates: readonly PeerId[],
    nowMs: number,
  ) => readonly DetectorEffect[];
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
  /** This peer was wrongly suspected. */
  readonly doubted: () => void;
  /** 0 is healthy. */
  readonly health: () => number;
}

interface Probe {
  readonly seq: number;
  readonly target: PeerId;
  readonly deadlineMs: number;
  readonly helpers: readonly PeerId[];
  /** Helpers asked that have not said no. */
  readonly asked: Set<PeerId>;
  stage: 'direct' | 'indirect';
  dueMs: number;
}

interface Relay {
  readonly origin: PeerId;
  readonly originSeq: number;
  readonly target: PeerId;
  readonly dueMs: number;
}

export function createFailureDetector(timing: MeshTiming, random: Random): FailureDetector {
  const probes = new Map<number, Probe>();
  const relays = new Map<number, Relay>();
  let nextSeq = 1;
  let order: PeerId[] = [];
  let health = 0;

  const scaled = (ms: number): number => ms * (1 + health);
  const worsen = (): void => {
    health = Math.min(HEALTH_WORST, health + 1);
  };

  const start = (
    target: PeerId,
    candidates: readonly PeerId[],
    nowMs: number,
  ): readonly DetectorEffect[] => {
    if (probes.size >= PENDING_LIMIT) return [];
    for (const probe of probes.values()) if (probe.target === target) return [];
    const others = candidates.filter((peer) => peer !== target);
    const seq = nextSeq++;
    probes.set(seq, {
      seq,
      target,
      helpers: shuffled(random, others).slice(0, timing.indirectProbes),
      asked: new Set(),
      stage: 'direct',
      dueMs: nowMs + scaled(timing.probeTimeoutMs),
      deadlineMs: nowMs + scaled(timing.probeDeadlineMs),
    });
    return [{ type: 'ping', to: target, seq }];
  };

  const fail = (probe: Probe): readonly DetectorEffect[] => {
    probes.delete(probe.seq);
    return [{ type: 'failed', peer: probe.target }];
  };

  const askOthers = (probe: Probe): readonly DetectorEffect[] => {
    if (probe.helpers.length === 0) return fail(probe);
    probe.stage = 'indirect';
    probe.dueMs = probe.deadlineMs;
    for (const helper of probe.helpers) probe.asked.add(helper);
    return probe.helpers.map((to) => ({
      type: 'ping-request',
      to,
      target: probe.target,
      seq: probe.seq,
    }));
  };

  const wake = (nowMs: number): readonly DetectorEffect[] => {
    const effects: DetectorEffect[] = [];
    for (const [seq, relay] of relays) {
      if (relay.dueMs > nowMs) continue;
      relays.delete(seq);
      effects.push({ type: 'nack', to: relay.origin, seq: relay.originSeq });
    }
    for (const probe of probes.values()) {
      if (probe.dueMs > nowMs) continue;
      if (probe.stage === 'direct') {
        effects.push(...askOthers(probe));
        continue;
      }
      // Helpers that did not even say no mean that it is rather this peer that is cut off or slow.
      if (probe.asked.size === probe.helpers.length) worsen();
      effects.push(...fail(probe));
    }
    return effects;
  };

  return {
    round: (candidates, nowMs) => {
      const present = new Set(candidates);
      order = order.filter((peer) => present.delete(peer));
      // Newcomers enter at random places, so that observers do not walk in step.
      for (const peer of present) order.splice(random.integer(order.length + 1), 0, peer);
      const target = order.shift();
      if (target === undefined) return [];
      order.push(target);
      return start(target, candidates, nowMs);
    },
    probe: start,
    unreachable: (seq) => {
      const relay = relays.get(seq);
      if (relay !== undefined) {
        relays.delete(seq);
        return [{ type: 'nack', to: relay.origin, seq: relay.originSeq }];
      }
      const probe = probes.get(seq);
      return probe === undefined || probe.stage !== 'direct' ? [] : askOthers(probe);
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
      probes.delete(seq);
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
      // Half of the deadline, so that the "no" gets back before the asker's deadline.
      const dueMs = nowMs + timing.probeDeadlineMs / 2;
      relays.set(relaySeq, { origin, originSeq: seq, target, dueMs });
      return [{ type: 'ping', to: target, seq: relaySeq }];
    },
    wake,
    nextWakeMs: () => {
      let next: number | undefined;
      for (const { dueMs } of [...probes.values(), ...relays.values()]) {
        if (next === undefined || dueMs < next) next = dueMs;
      }
      return next;
    },
    stalled: () => {
      probes.clear();
      relays.clear();
      worsen();
    },
    doubted: worsen,
    health: () => health,
  };
}
