// What the two sides of a partition believe of each other.

import type { World } from '../world.ts';

export interface MeshStatusCounts {
  /** Beliefs of the few about the many: how many hold for dead, of how many. */
  readonly buriedByFew: number;
  readonly manyPairs: number;
}

export function countsOf({ beliefs, peers }: World, few: ReadonlySet<number>): MeshStatusCounts {
  let buriedByFew = 0;
  let manyPairs = 0;
  for (const observer of few) {
    for (let subject = 0; subject < peers.length; subject++) {
      if (few.has(subject) || beliefs.truth(subject) !== 'up') continue;
      manyPairs++;
      if (beliefs.believes(observer, subject) === 'dead') buriedByFew++;
    }
  }
  return { buriedByFew, manyPairs };
}
