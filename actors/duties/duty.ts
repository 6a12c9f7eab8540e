// What a duty is, where its lock lives in the log, and the fence that every effect of its holder carries.

import type { Compare, KeyValue, StoreView } from '../../consensus/index.ts';
import { prefixEnd } from '../../consensus/index.ts';
import type { ActorRef, Context } from '../../runtime/index.ts';

/** All locks of duties are under this prefix. */
export const DUTY_PREFIX = '/skein/duties/';

export const dutyKey = (name: string): string => `${DUTY_PREFIX}${name}`;

/** Proof of holding a duty: valid while the lock still has the create revision it was taken with. */
export interface Fence {
  readonly key: string;
  readonly createRevision: number;
}

/** Add this to every transaction of a duty: the write of a deposed holder fails. */
export const fenceCompare = (fence: Fence): Compare => ({
  target: 'create',
  key: fence.key,
  is: '=',
  to: fence.createRevision,
});

/** A singleton of the zone. */
export interface DutyDefinition {
  /** Unique in the zone; a DNS label. */
  readonly name: string;
  /**
   * Starts the holder's work as a child; it is stopped before the lease can have ended.
   * Name the child by `workName`: an earlier one may still be ending.
   */
  readonly spawn: (spawn: Context<never>['spawn'], fence: Fence) => ActorRef<never>;
}

/** The name of a holder's child: a new one for each time the duty is taken. */
export const workName = (name: string, fence: Fence): string => `${name}-${fence.createRevision}`;

/** The value of a lock. */
export interface DutyHolder {
  /** The holder's peer id. */
  readonly peer: string;
  readonly leaseId: number;
}

/** Undefined when the lock's value is none of ours. */
export function parseHolder(value: string): DutyHolder | undefined {
  try {
    const holder = JSON.parse(value) as Partial<DutyHolder> | null;
    if (typeof holder?.peer !== 'string' || typeof holder.leaseId !== 'number') return undefined;
    return { peer: holder.peer, leaseId: holder.leaseId };
  } catch {
    return undefined;
  }
}

/** The locks that this peer holds; the leader deletes them with its NotReady transaction. */
export function dutiesHeldBy(view: StoreView, peer: string): readonly KeyValue[] {
  return view
    .range(DUTY_PREFIX, prefixEnd(DUTY_PREFIX))
    .kvs.filter((kv) => parseHolder(kv.value)?.peer === peer);
}
