// What every scenario is judged by, once it is over.

import { FULL_MESH_LIMIT, RINGS } from '../../../mesh/links/overlay.ts';
import type { MeshRow } from './run.ts';
import type { MeshScenario } from './scenarios/index.ts';
import type { Stage } from './stage.ts';
import type { World } from './world.ts';

/** After the trouble, all believe in all again within this time. */
const WHOLE_MS = 30_000;

/** Facts of a cluster in which nothing changes, per peer and second. */
const QUIET_BYTES = 1_024;

/** A peer has as many neighbours as observers and subjects, once links on demand have ended. */
const QUIET_LINKS_MEAN = 2 * RINGS + 4;

export async function judgeScenario(
  stage: Stage,
  scenario: MeshScenario,
  row: MeshRow,
): Promise<void> {
  const { world } = stage;
  const { judge, beliefs } = world;
  const where = `${scenario.name} among ${row.peers}`;
  if (row.falseDeaths > 0 && scenario.mayWrong !== true) {
    judge.say(
      'false death',
      `${row.falseDeaths} peers that were well were held for dead: ${where}`,
    );
  }
  const goalMs = scenario.goalMs?.[row.isWan ? 'wan' : 'lan'];
  if (goalMs !== undefined && (row.to99Ms === undefined || row.to99Ms > goalMs)) {
    judge.say('detection', `known to 99 % after ${row.to99Ms} ms, goal ${goalMs}: ${where}`);
  }
  const { to100Ms } = await stage.reach(beliefs.agreement, WHOLE_MS);
  if (to100Ms === undefined) {
    judge.say('convergence', `${disagreement(world)}: ${WHOLE_MS} ms after ${where}`);
  }
  const apart = unreached(world);
  if (apart > 0)
    judge.say('overlay', `${apart} peers have no way of links to the others: ${where}`);
  if (
    scenario.name === 'idle' &&
    row.peers > FULL_MESH_LIMIT &&
    row.links.mean > QUIET_LINKS_MEAN
  ) {
    judge.say('links', `${row.links.mean} links a peer after two quiet minutes: ${where}`);
  }
  if (scenario.name === 'idle' && row.traffic.kinds.facts.bytes > QUIET_BYTES) {
    judge.say(
      'quiet',
      `${row.traffic.kinds.facts.bytes} bytes of facts a second and peer: ${where}`,
    );
  }
}

/** One belief that is wrong. */
function disagreement({ beliefs, peers }: World): string {
  for (let observer = 0; observer < peers.length; observer++) {
    if (beliefs.truth(observer) !== 'up') continue;
    for (let subject = 0; subject < peers.length; subject++) {
      const truth = beliefs.truth(subject);
      const believed = beliefs.believes(observer, subject) ?? 'nothing';
      const isRight =
        truth === 'unjudged' ||
        (truth === 'up' ? believed === 'alive' : !['alive', 'suspect'].includes(believed));
      if (!isRight) return `p${observer} believes ${believed} of p${subject}, which is ${truth}`;
    }
  }
  return 'all agree by now';
}

/** Running peers that cannot be reached from the first one along links. */
function unreached({ network, beliefs, peers }: World): number {
  const up = peers.filter((_, index) => beliefs.truth(index) === 'up');
  const reached = new Set(up.slice(0, 1));
  for (const peer of reached) {
    for (const next of network.linked(peer)) reached.add(next);
  }
  return up.filter((peer) => !reached.has(peer)).length;
}
