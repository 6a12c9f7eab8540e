// What a scenario of a mesh world is.

import type { Stage, Times } from '../stage.ts';

export interface MeshScenario {
  readonly name: string;
  /** What happens, in a few words. */
  readonly what: string;
  /** Measured and judged from here on; the world is formed, and is whole again afterwards. */
  readonly play: (stage: Stage) => Promise<Times>;
  /** Its goal for 99 of 100, on a LAN and over a WAN. */
  readonly goalMs?: { readonly lan: number; readonly wan: number };
  /** Peers that are well may be held for dead: the goal says nothing against it. */
  readonly mayWrong?: true;
  /** Hours and storms: left out of what is quick, and of large worlds. */
  readonly isLong?: true;
}
