// Scenes of leaders that lose their followers, and of followers that lose their leader.

import { completeWrite, stabilize } from './cluster.ts';
import { act, command, deliverOnly, elect, ledBy, replica, tick } from './scene-steps.ts';
import { showAll } from './transcript.ts';
import type { Scene } from './transcript.ts';

function checkQuorumScene(): Scene {
  const scene = ledBy(1, [1, 2, 3]);
  const { cluster } = scene;
  scene.say('1 takes a command, and nobody hears of it');
  cluster.isCut = (from, to) => from === 1 || to === 1;
  act(scene, 1, (raft) => raft.propose(command('a')));
  act(scene, 1, (raft) => raft.readIndex(7));
  deliverOnly(cluster);
  scene.say(
    'it has heard no quorum for an election timeout: it leads no more, and its read must be asked again',
  );
  tick(scene, [1], 11);
  deliverOnly(cluster);
  showAll(scene);
  scene.say('the others have a leader; back among them 1 gives up what it took');
  tick(scene, [2, 3], 10);
  elect(scene, 2);
  cluster.isCut = () => false;
  tick(scene, [2]);
  stabilize(cluster);
  showAll(scene);
  return scene;
}

function preVoteScene(): Scene {
  const scene = ledBy(1, [1, 2, 3]);
  const { cluster } = scene;
  scene.say(
    '3 is cut off and asks in vain whether it would be elected, again and again, in the term it has',
  );
  cluster.isCut = (from, to) => from === 3 || to === 3;
  tick(scene, [3], 45);
  deliverOnly(cluster);
  showAll(scene);
  scene.say(
    'it is back, behind by an entry, and disturbs nobody: who hears a leader does not answer',
  );
  act(scene, 1, (raft) => raft.propose(command('a')));
  stabilize(cluster);
  cluster.isCut = () => false;
  act(scene, 3, (raft) => raft.campaign());
  stabilize(cluster);
  tick(scene, [1]);
  stabilize(cluster);
  showAll(scene);
  return scene;
}

function readIndexScene(): Scene {
  const scene = ledBy(1, [1, 2, 3]);
  const { cluster } = scene;
  scene.say('3 asks the leader up to where to read; before a quorum has confirmed it, 2 leads');
  act(scene, 3, (raft) => raft.readIndex(7));
  deliverOnly(cluster, 1);
  deliverOnly(cluster);
  tick(scene, [2, 3], 10);
  act(scene, 2, (raft) => raft.campaign());
  for (let i = 0; i < 3; i++) {
    deliverOnly(cluster, 2, 3);
    for (const id of [2, 3]) completeWrite(cluster, replica(cluster, id));
  }
  scene.say('2 has committed nothing in its term yet: it refuses to read');
  deliverOnly(cluster, 2);
  act(scene, 2, (raft) => {
    scene.lines.push(`2 takes read 9: ${raft.readIndex(9).accepted}`);
  });
  scene.say('once it has, the next question is answered; what 1 was asked must be asked again');
  stabilize(cluster);
  act(scene, 3, (raft) => raft.readIndex(10));
  stabilize(cluster);
  showAll(scene);
  return scene;
}

function removedLeaderScene(): Scene {
  const scene = ledBy(1, [1, 2, 3]);
  const { cluster } = scene;
  scene.say(
    '1 leads its own removal: it counts without itself, and steps down when that is applied',
  );
  act(scene, 1, (raft) =>
    raft.proposeConfChange({ transition: 'auto', steps: [{ type: 'remove', id: 1 }] }),
  );
  stabilize(cluster);
  showAll(scene);
  scene.say('2 and 3 go on; 1 has no vote to ask for');
  act(scene, 1, (raft) => raft.campaign());
  tick(scene, [2, 3], 10);
  elect(scene, 2);
  showAll(scene);
  return scene;
}

export const leadershipScenes: Record<string, () => Scene> = {
  'leader-without-a-quorum': checkQuorumScene,
  'pre-vote-of-a-replica-that-was-cut-off': preVoteScene,
  'read-across-a-change-of-leader': readIndexScene,
  'leader-removed': removedLeaderScene,
};
