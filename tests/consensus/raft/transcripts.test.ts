// Scenarios, told in full: SKEIN_REGENERATE=1 writes the transcripts anew.

import { strict as assert } from 'node:assert';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  addReplica,
  applyAll,
  compact,
  completeWrite,
  crash,
  stabilize,
  start,
  turn,
} from './cluster.ts';
import { followerScenes } from './follower-scenes.ts';
import { leadershipScenes } from './leadership-scenes.ts';
import { command, deliverOnly, elect, replica } from './scene-steps.ts';
import { createScene, showAll } from './transcript.ts';
import type { Scene } from './transcript.ts';

const folder = 'tests/consensus/raft/transcripts';

function campaignScene(): Scene {
  const scene = createScene([1, 2, 3]);
  scene.say('1 campaigns: pre-vote, vote, no-op, commit');
  elect(scene, 1);
  showAll(scene);
  return scene;
}

function loneVoterScene(): Scene {
  const scene = createScene([1]);
  const { cluster } = scene;
  scene.say('a lone voter wins only when its vote is on disk');
  turn(cluster, replica(cluster, 1), (raft) => raft.campaign());
  showAll(scene);
  completeWrite(cluster, replica(cluster, 1));
  showAll(scene);
  scene.say('and commits only what is on disk');
  turn(cluster, replica(cluster, 1), (raft) => raft.propose(command('a')));
  showAll(scene);
  stabilize(cluster);
  showAll(scene);
  scene.say('a read needs nobody else');
  turn(cluster, replica(cluster, 1), (raft) => raft.readIndex(7));
  return scene;
}

function laggingFollowerScene(): Scene {
  const scene = createScene([1, 2, 3]);
  const { cluster } = scene;
  elect(scene, 1);
  scene.lines.length = 0;
  scene.say('3 is down while the others go on and compact');
  crash(cluster, replica(cluster, 3));
  for (const text of ['a', 'b', 'c']) {
    turn(cluster, replica(cluster, 1), (raft) => raft.propose(command(text)));
    stabilize(cluster);
  }
  compact(cluster, replica(cluster, 1), 0);
  scene.say('3 comes back: the leader finds that it needs a snapshot');
  start(cluster, replica(cluster, 3));
  for (let i = 0; i < 3; i++) {
    turn(cluster, replica(cluster, 1), (raft) => raft.tick());
    stabilize(cluster);
  }
  showAll(scene);
  return scene;
}

function interruptedJointScene(): Scene {
  const scene = createScene([1, 2, 3]);
  const { cluster } = scene;
  elect(scene, 1);
  scene.lines.length = 0;
  addReplica(cluster, 4);
  scene.say('1 swaps 3 for 4; it is cut off once all are in the joint configuration');
  turn(cluster, replica(cluster, 1), (raft) =>
    raft.proposeConfChange({
      transition: 'implicit',
      steps: [
        { type: 'remove', id: 3 },
        { type: 'add-voter', id: 4 },
      ],
    }),
  );
  for (let i = 0; i < 3; i++) {
    deliverOnly(cluster, 1, 2, 3);
    for (const id of [1, 2, 3]) completeWrite(cluster, replica(cluster, id));
  }
  scene.say('the leader crashes before it applied the change');
  crash(cluster, replica(cluster, 1));
  stabilize(cluster);
  showAll(scene);
  scene.say('2 takes over in the joint configuration and finishes it by itself');
  for (let i = 0; i < 10; i++) {
    for (const id of [2, 3]) turn(cluster, replica(cluster, id), (raft) => raft.tick());
  }
  elect(scene, 2);
  for (let i = 0; i < 2; i++) {
    turn(cluster, replica(cluster, 2), (raft) => raft.tick());
    stabilize(cluster);
  }
  start(cluster, replica(cluster, 1));
  turn(cluster, replica(cluster, 2), (raft) => raft.tick());
  stabilize(cluster);
  showAll(scene);
  return scene;
}

function appendRaceScene(): Scene {
  const scene = createScene([1, 2, 3, 4, 5]);
  const { cluster } = scene;
  const [one, two] = [replica(cluster, 1), replica(cluster, 2)];
  elect(scene, 1);
  scene.lines.length = 0;
  const stable = (): void => {
    const status = two.raft!.status();
    scene.lines.push(`2 = last ${status.lastIndex} stable ${status.stable}`);
  };
  scene.say('an append of term 2 reaches only 2, whose disk is slow');
  turn(cluster, one, (raft) => raft.propose(command('a')));
  deliverOnly(cluster, 2);
  stable();
  const term2 = one.raft!.status().term;
  const entry = { index: 3, term: term2, type: 'normal' as const, data: Buffer.from('a') };
  const header = { to: 2, prevIndex: 2, prevTerm: term2, commit: 2, type: 'append' as const };
  scene.say('a leader of the next term overwrites it while it is being written');
  const other = { ...entry, term: term2 + 1, data: Buffer.from('b') };
  turn(cluster, two, (raft) =>
    raft.step({ ...header, from: 3, term: term2 + 1, entries: [other] }),
  );
  stable();
  scene.say('and the first leader, back in a third term, overwrites that');
  turn(cluster, two, (raft) =>
    raft.step({ ...header, from: 1, term: term2 + 2, entries: [entry] }),
  );
  stable();
  scene.say(
    'the first write completes: the same index and term, but two writes will still go over it',
  );
  completeWrite(cluster, two);
  stable();
  scene.say('the second');
  completeWrite(cluster, two);
  stable();
  scene.say('the third: now it is on disk, and is acknowledged');
  completeWrite(cluster, two);
  stable();
  return scene;
}

function handOverScene(): Scene {
  const scene = createScene([1, 2, 3]);
  const { cluster } = scene;
  elect(scene, 1);
  scene.lines.length = 0;
  scene.say('1 hands over to 3');
  turn(cluster, replica(cluster, 1), (raft) => raft.transferLeader(3));
  stabilize(cluster);
  for (const id of [1, 2, 3]) applyAll(cluster, replica(cluster, id));
  showAll(scene);
  return scene;
}

const scenes: Record<string, () => Scene> = {
  campaign: campaignScene,
  'lone-voter': loneVoterScene,
  'lagging-follower-after-compaction': laggingFollowerScene,
  'interrupted-joint-change': interruptedJointScene,
  'append-while-an-older-one-is-in-flight': appendRaceScene,
  'hand-over': handOverScene,
  ...leadershipScenes,
  ...followerScenes,
};

describe('transcripts', () => {
  for (const [name, play] of Object.entries(scenes)) {
    it(`${name} goes as written`, () => {
      const actual = `${play().lines.join('\n').trim()}\n`;
      const file = join(folder, `${name}.txt`);
      if (process.env['SKEIN_REGENERATE'] === '1') {
        mkdirSync(folder, { recursive: true });
        writeFileSync(file, actual);
      }
      assert.ok(existsSync(file), `${file} is missing: run with SKEIN_REGENERATE=1`);
      assert.equal(actual, readFileSync(file, 'utf8'));
    });
  }
});
