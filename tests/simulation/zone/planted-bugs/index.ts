// All planted bugs: each must be found by the checkers within a thousand seeds.

import { diskBugs } from './disk-bugs.ts';
import type { PlantedBug } from './planted-bug.ts';
import { raftBugs } from './raft-bugs.ts';
import { stateBugs } from './state-bugs.ts';
import { storeBugs } from './store-bugs.ts';

export const plantedBugs: readonly PlantedBug[] = [
  ...raftBugs,
  ...diskBugs,
  ...stateBugs,
  ...storeBugs,
];
