// Tells the mesh how loaded this machine is: rounded, and only when it changed, so that an idle cluster is quiet.

import type { Mesh } from '../../mesh/index.ts';
import type { Actor } from '../../runtime/index.ts';

const measureEveryMs = 5_000;
/** Load is told in steps of this size, and told anew only when it moved by more than one step. */
const step = 0.05;

export interface Load {
  /** Fractions of capacity, 0 to 1. */
  readonly cpu: number;
  readonly memory: number;
}

export interface LoadOptions {
  readonly measure: () => Load;
  readonly mesh: Pick<Mesh, 'setFacts'>;
}

type LoadMessage = { readonly type: 'measure' };
interface LoadState extends LoadOptions {
  readonly told: Load | undefined;
}

const rounded = (fraction: number): number =>
  Math.round(Math.round(fraction / step) * step * 100) / 100;

const hasMoved = (told: Load, now: Load): boolean =>
  Math.abs(told.cpu - now.cpu) > step || Math.abs(told.memory - now.memory) > step;

export const loadActor: Actor<LoadMessage, LoadState, LoadOptions> = {
  start: (options, ctx) => {
    ctx.after('measure', 0, { type: 'measure' });
    return { ...options, told: undefined };
  },
  receive: (state, _message, ctx) => {
    ctx.after('measure', measureEveryMs, { type: 'measure' });
    const now = state.measure();
    if (state.told !== undefined && !hasMoved(state.told, now)) return state;
    state.mesh.setFacts({ load: { cpu: rounded(now.cpu), memory: rounded(now.memory) } });
    return { ...state, told: now };
  },
};
