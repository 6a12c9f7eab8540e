// One probe of one container: when to look next, and what all looks so far mean. Pure.
//
//              successes in a row >= successThreshold
//   unknown ------------------------------------------> success
//      |   \                                            ^     |
//      |    `-- failures in a row >= failureThreshold --|--.  | failures >= failureThreshold
//      v                                                |  v  v
//   (first look after initialDelay)                     `- failure

import type { Probe } from 'kubernetes-types/core/v1.d.ts';

export type ProbeKind = 'startup' | 'readiness' | 'liveness';

export interface ProbeState {
  readonly verdict: 'unknown' | 'success' | 'failure';
  /** Looks with the same outcome in a row; at most one of the two is above 0. */
  readonly successes: number;
  readonly failures: number;
  /** On the pod actor's count of time. */
  readonly nextAtMs: number;
  /** A look is under way; there is never a second one. */
  readonly isLooking: boolean;
  /** What the last failing look said. */
  readonly message: string;
}

export function periodMs(probe: Probe): number {
  return Math.max(1, probe.periodSeconds ?? 10) * 1_000;
}

export function timeoutMs(probe: Probe): number {
  return Math.max(1, probe.timeoutSeconds ?? 1) * 1_000;
}

export function beginProbe(probe: Probe, startedAtMs: number): ProbeState {
  return {
    verdict: 'unknown',
    successes: 0,
    failures: 0,
    nextAtMs: startedAtMs + (probe.initialDelaySeconds ?? 0) * 1_000,
    isLooking: false,
    message: '',
  };
}

export function look(state: ProbeState): ProbeState {
  return { ...state, isLooking: true };
}

/** After a look that ended at `nowMs`. `message` says what failed. */
export function afterLook(
  state: ProbeState,
  probe: Probe,
  isSuccess: boolean,
  message: string,
  nowMs: number,
): ProbeState {
  const successes = isSuccess ? state.successes + 1 : 0;
  const failures = isSuccess ? 0 : state.failures + 1;
  const isUp = successes >= Math.max(1, probe.successThreshold ?? 1);
  const isDown = failures >= Math.max(1, probe.failureThreshold ?? 3);
  return {
    verdict: isUp ? 'success' : isDown ? 'failure' : state.verdict,
    successes,
    failures,
    nextAtMs: nowMs + periodMs(probe),
    isLooking: false,
    message: isSuccess ? '' : message,
  };
}
