// Tells all peers at once which pods here do not serve, until the log says the same: hints that only take away.

import { UNREADY_LIMIT } from '../../mesh/index.ts';
import type { Mesh } from '../../mesh/index.ts';
import type { Actor } from '../../runtime/index.ts';
import type { ObjectView, Stored } from '../objects/objects.ts';

/** Pods that do not serve and are remembered; the oldest are forgotten first, and the log alone tells of them. */
const pausedMost = 1_024;

export interface EndpointHealthOptions {
  readonly view: Pick<ObjectView, 'list' | 'watch'>;
  readonly mesh: Pick<Mesh, 'setFacts'>;
}

export type EndpointHealthMessage =
  /** A pod of this peer serves, or does not. */
  | { readonly type: 'serves'; readonly uid: string; readonly isServing: boolean }
  | { readonly type: 'slices-changed' };

interface EndpointHealthState extends EndpointHealthOptions {
  /** Pods of this peer that do not serve, the newest last. */
  readonly paused: Set<string>;
  readonly stop: () => void;
}

export const endpointHealthActor: Actor<
  EndpointHealthMessage,
  EndpointHealthState,
  EndpointHealthOptions
> = {
  start: (options, ctx) => {
    const changed = (): void => ctx.self.tell({ type: 'slices-changed' });
    const stop = options.view.watch(['EndpointSlice'], changed);
    return { ...options, paused: new Set(), stop };
  },
  receive: (state, message) => {
    const { paused } = state;
    if (message.type === 'serves') {
      if (message.isServing === !paused.has(message.uid)) return state;
      paused.delete(message.uid);
      if (!message.isServing) paused.add(message.uid);
      for (const oldest of paused) {
        if (paused.size <= pausedMost) break;
        paused.delete(oldest);
      }
    } else if (paused.size === 0) {
      return state;
    }
    const unready = contradicted(paused, state.view.list('EndpointSlice'));
    state.mesh.setFacts({ unready: unready.length === 0 ? undefined : unready });
    return state;
  },
  stopped: ({ stop }) => stop(),
};

/** Those of `paused` that the log still sends connections to, in a steady order. */
export function contradicted(
  paused: ReadonlySet<string>,
  slices: readonly Stored<'EndpointSlice'>[],
): readonly string[] {
  if (paused.size === 0) return [];
  const found = new Set<string>();
  for (const { endpoints } of slices) {
    for (const { conditions, targetRef } of endpoints) {
      const uid = targetRef?.uid;
      const isServing = conditions?.ready !== false && conditions?.serving !== false;
      if (isServing && uid !== undefined && paused.has(uid)) found.add(uid);
    }
  }
  return [...found].sort().slice(0, UNREADY_LIMIT);
}
