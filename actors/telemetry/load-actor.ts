// Tells the mesh how loaded this machine is: rounded, seldom, and only when it changed, so that an idle cluster is quiet.

import type { Mesh } from '../../mesh/index.ts';
import type { Actor } from '../../runtime/index.ts';
import { tellIntervalMs } from './tell-interval.ts';

const measureEveryMs = 5_000;
/** Load is told in steps of this size, and told anew only when it moved by more than one step. */
const step = 0.05;

export interface Load {
  /** Fractions of capacity, 0 to 1. */
  readonly cpu: number;
  readonly memory: number;
}

/** What the pods bound to this node hold together. */
interface Held {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly pods: number;
}

export interface LoadOptions {
  readonly measure: () => Load;
  /** Undefined where no pods run. */
  readonly allocated: () => Held | undefined;
  readonly mesh: Pick<Mesh, 'setFacts' | 'members'>;
}

interface Told {
  readonly load: Load;
  readonly held: Held | undefined;
  readonly atMs: number;
}

type LoadMessage = { readonly type: 'measure' };
interface LoadState extends LoadOptions {
  readonly told: Told | undefined;
}

const rounded = (fraction: number): number =>
  Math.round(Math.round(fraction / step) * step * 100) / 100;

const hasMoved = (told: Load, now: Load): boolean =>
  Math.abs(told.cpu - now.cpu) > step || Math.abs(told.memory - now.memory) > step;

const isSameHeld = (one: Held | undefined, other: Held | undefined): boolean =>
  one?.cpuMillis === other?.cpuMillis &&
  one?.memoryBytes === other?.memoryBytes &&
  one?.pods === other?.pods;

export const loadActor: Actor<LoadMessage, LoadState, LoadOptions> = {
  start: (options, ctx) => {
    ctx.after('measure', 0, { type: 'measure' });
    return { ...options, told: undefined };
  },
  receive: (state, _message, ctx) => {
    ctx.after('measure', measureEveryMs, { type: 'measure' });
    const { told, mesh } = state;
    const atMs = ctx.clock.monotonicMs();
    const load = state.measure();
    const held = state.allocated();
    const isNew = told === undefined || hasMoved(told.load, load) || !isSameHeld(told.held, held);
    const restMs =
      told === undefined ? 0 : told.atMs + tellIntervalMs(mesh.members().length) - atMs;
    if (!isNew || restMs > 0) return state;
    mesh.setFacts({
      load: { cpu: rounded(load.cpu), memory: rounded(load.memory) },
      ...(held !== undefined && { allocated: held }),
    });
    return { ...state, told: { load, held, atMs } };
  },
};
