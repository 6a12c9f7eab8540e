// Scenes of followers that are slow, and of learners that become voters.

import { addReplica, completeWrite, stabilize } from './cluster.ts';
import { act, command, deliverOnly, ledBy, replica, tick } from './scene-steps.ts';
import { showAll } from './transcript.ts';
import type { Scene } from './transcript.ts';

function slowFollowerScene(): Scene {
  const scene = ledBy(1, [1, 2, 3], [], { maxInflightMessages: 2, maxAppendBytes: 1 });
  const { cluster } = scene;
  const window = (): void => {
    const status = replica(cluster, 1).raft!.followers().get(3)!;
    const { state, match, next, inflight, isPaused } = status;
    scene.lines.push(
      `1 sees 3 = ${state} match ${match} next ${next} inflight ${inflight}${isPaused ? ' paused' : ''}`,
    );
  };
  scene.say(
    'an entry an append, two appends on their way: 3 answers nothing, and the third command waits',
  );
  cluster.isCut = (from) => from === 3;
  for (const text of ['a', 'b', 'c']) act(scene, 1, (raft) => raft.propose(command(text)));
  window();
  scene.say('2 is enough to commit them all');
  stabilize(cluster);
  window();
  scene.say('a heartbeat that 3 answers opens the window again, and what got lost is found out');
  cluster.isCut = () => false;
  for (let i = 0; i < 2; i++) {
    tick(scene, [1]);
    stabilize(cluster);
  }
  window();
  showAll(scene);
  return scene;
}

function promotedLearnerScene(): Scene {
  const scene = ledBy(1, [1]);
  const { cluster } = scene;
  addReplica(cluster, 2);
  scene.say('2 comes as a learner: it is fed a snapshot, and its disk is not waited for');
  act(scene, 1, (raft) =>
    raft.proposeConfChange({ transition: 'auto', steps: [{ type: 'add-learner', id: 2 }] }),
  );
  stabilize(cluster);
  tick(scene, [1]);
  stabilize(cluster);
  act(scene, 1, (raft) => raft.propose(command('a')));
  completeWrite(cluster, replica(cluster, 1));
  showAll(scene);
  scene.say('it has caught up and is promoted: from here on nothing is committed without it');
  stabilize(cluster);
  act(scene, 1, (raft) =>
    raft.proposeConfChange({ transition: 'auto', steps: [{ type: 'add-voter', id: 2 }] }),
  );
  stabilize(cluster);
  act(scene, 1, (raft) => raft.propose(command('b')));
  completeWrite(cluster, replica(cluster, 1));
  showAll(scene);
  deliverOnly(cluster, 2);
  stabilize(cluster);
  showAll(scene);
  return scene;
}

export const followerScenes: Record<string, () => Scene> = {
  'slow-follower-with-a-full-window': slowFollowerScene,
  'learner-promoted': promotedLearnerScene,
};
