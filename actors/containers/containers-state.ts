// What the containers actor hears and holds.

import type { Store, StoreView } from '../../consensus/index.ts';
import type { ActorRef, Context, Result } from '../../runtime/index.ts';
import type { ObjectChange, Objects, Stored } from '../objects/objects.ts';
import type { ContainerDriver, ContainerStatus, WildcardListener } from './container-driver.ts';
import type { PodMessage, PodNews, PodReport } from './pod-actor.ts';
import type { FoundPod, PodLife } from './pod-life.ts';
import type { Prober } from './prober.ts';

export type ContainersMessage =
  | PodReport
  | { readonly type: 'opened'; readonly outcome: Result<ReadonlyMap<string, FoundPod>> }
  | { readonly type: 'open' }
  | { readonly type: 'pod-changed'; readonly change: ObjectChange }
  | { readonly type: 'container-changed'; readonly status: ContainerStatus }
  | { readonly type: 'flush' }
  | {
      readonly type: 'written';
      readonly uids: readonly string[];
      readonly outcome: Result<unknown>;
    }
  | { readonly type: 'events-written'; readonly outcome: Result<unknown> }
  | { readonly type: 'leave'; readonly uid: string }
  | { readonly type: 'left'; readonly uid: string; readonly outcome: Result<unknown> }
  | { readonly type: 'seek-orphans' }
  | { readonly type: 'caught-up'; readonly outcome: Result<unknown> }
  | { readonly type: 'orphan-ended'; readonly uid: string; readonly outcome: Result<unknown> }
  | { readonly type: 'inspect' }
  | { readonly type: 'inspected'; readonly outcome: Result<readonly WildcardListener[]> };

export interface ContainersArgs {
  readonly nodeName: string;
  readonly hostIP: string;
  readonly driver: ContainerDriver;
  readonly prober: Prober;
  readonly objects: Objects;
  /** For the node's allocation record, and to know when the view has all there is: nothing is taken for gone before. */
  readonly store: Pick<Store, 'barrier'> & { readonly view: Pick<StoreView, 'get'> };
  /** Told of every pod here whether connections may go to it, as soon as it is known; often the same again. */
  readonly tellServing: (uid: string, isServing: boolean) => void;
}

export interface PodEntry {
  readonly ref: ActorRef<PodMessage>;
  life: PodLife;
  /** The store has it no more, or bound elsewhere. */
  isGone: boolean;
  /** Its last steps are under way. */
  isLeaving: boolean;
}

export interface ContainersState extends ContainersArgs {
  isOpen: boolean;
  found: Map<string, FoundPod>;
  readonly pods: Map<string, PodEntry>;
  /** Pods whose status may differ from the store's. */
  readonly dirty: Set<string>;
  isWriting: boolean;
  batchLimit: number;
  failures: number;
  readonly news: { readonly uid: string; readonly news: PodNews }[];
  isWritingEvents: boolean;
  wildcards: ReadonlyMap<string, readonly number[]>;
  readonly stopWatching: readonly (() => void)[];
}

export type Doing = Context<ContainersMessage>;

const RETRY_FIRST_MS = 100;
export const RETRY_MOST_MS = 5_000;

/** Changes that come together are written together. */
const FLUSH_MS = 20;

/** Whether a pod, as the store has it, is this one and bound here. */
export function isHere(
  { nodeName }: ContainersState,
  pod: Stored<'Pod'> | undefined,
  uid: string,
): boolean {
  return pod?.metadata?.uid === uid && pod.spec?.nodeName === nodeName;
}

/** Whether it was asked to end and nothing of it runs any more. */
export const hasEnded = ({ life }: PodEntry): boolean =>
  life.ending !== undefined && life.sandbox.type === 'stopped';

export function flushSoon(ctx: Doing): void {
  ctx.after('flush', FLUSH_MS, { type: 'flush' });
}

/** How long to wait after one more failure in a row of the store. */
export function retryMs(state: ContainersState): number {
  state.failures++;
  return Math.min(RETRY_FIRST_MS * 2 ** Math.min(state.failures - 1, 10), RETRY_MOST_MS);
}
