// A change of the configuration as data, and as the bytes of a `config` entry.

import { SkeinError } from '../../../runtime/index.ts';
import type { ReplicaId } from '../types.ts';

/**
 * One step of a change. Adding what is there already moves it: a learner becomes a voter, a voter a
 * learner.
 */
export interface ConfStep {
  readonly type: 'add-voter' | 'add-learner' | 'remove';
  readonly id: ReplicaId;
}

/**
 * auto: one step is done at once, more go through a joint configuration that is left by itself.
 * implicit: joint, left by itself. explicit: joint until a change without steps is proposed.
 */
export type Transition = 'auto' | 'implicit' | 'explicit';

/** No steps at all: leave the joint configuration. */
export interface ConfChange {
  readonly transition: Transition;
  readonly steps: readonly ConfStep[];
  /** Carried along for the shell (the address of a new replica, say); Raft does not read it. */
  readonly context?: string | undefined;
}

/** Leaves a joint configuration. */
export const leaveJoint: ConfChange = { transition: 'auto', steps: [] };

/** How many steps one change may have. */
export const maxConfSteps = 64;

/**
 * How a change is carried out: in one step, by entering a joint configuration, or by leaving it.
 */
export function kindOf(change: ConfChange): 'simple' | 'enter-joint' | 'leave-joint' {
  if (change.steps.length === 0) return 'leave-joint';
  return change.transition === 'auto' && change.steps.length === 1 ? 'simple' : 'enter-joint';
}

/** The data of a config entry. To leave is no bytes, so that a size limit can never refuse it. */
export function encodeConfChange(change: ConfChange): Uint8Array {
  if (change.steps.length === 0 && change.context === undefined) return new Uint8Array(0);
  return Buffer.from(
    JSON.stringify({
      transition: change.transition,
      steps: change.steps.map(({ type, id }) => ({ type, id })),
      context: change.context,
    }),
  );
}

/** Reads the data of a config entry. Throws `corrupt` when it is none. */
export function decodeConfChange(data: Uint8Array): ConfChange {
  if (data.length === 0) return leaveJoint;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(data).toString('utf8'));
  } catch (error) {
    throw new SkeinError('corrupt', 'the data of a config entry is not JSON', {}, error);
  }
  if (!isConfChange(value)) {
    throw new SkeinError('corrupt', 'the data of a config entry is no configuration change', {
      data: JSON.stringify(value).slice(0, 200),
    });
  }
  return value;
}

/** Throws `invalid` unless the change could be encoded and read back by every replica. */
export function checkConfChange(change: ConfChange): void {
  if (isConfChange(change)) return;
  throw new SkeinError(
    'invalid',
    `a configuration change needs a transition and at most ${maxConfSteps} steps with replica ids`,
    { change: JSON.stringify(change).slice(0, 200) },
  );
}

function isConfChange(value: unknown): value is ConfChange {
  if (typeof value !== 'object' || value === null) return false;
  const change = value as Partial<ConfChange>;
  return (
    (change.transition === 'auto' ||
      change.transition === 'implicit' ||
      change.transition === 'explicit') &&
    (change.context === undefined || typeof change.context === 'string') &&
    Array.isArray(change.steps) &&
    change.steps.length <= maxConfSteps &&
    change.steps.every(isConfStep)
  );
}

function isConfStep(value: unknown): value is ConfStep {
  if (typeof value !== 'object' || value === null) return false;
  const step = value as Partial<ConfStep>;
  return (
    (step.type === 'add-voter' || step.type === 'add-learner' || step.type === 'remove') &&
    Number.isSafeInteger(step.id) &&
    step.id! > 0
  );
}
