// A mistake made on purpose, and from which seed on the search for a run that shows it begins.

import type { Flaw } from '../scenario.ts';

export interface PlantedBug {
  /** What the broken replica does. */
  readonly name: string;
  readonly flaw: Flaw;
  readonly firstSeed: number;
}
