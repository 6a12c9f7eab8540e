// Writes down what replicas do, one line a fact, so that a scenario can be read and compared.

import type { RaftConfig } from '../../../consensus/raft/config.ts';
import type { Message } from '../../../consensus/raft/messages.ts';
import type { Ready } from '../../../consensus/raft/ready.ts';
import type { ConfState, Entry } from '../../../consensus/raft/types.ts';
import { createCluster } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { seededRandom } from './seeded-random.ts';

export interface Scene {
  readonly cluster: Cluster;
  readonly lines: string[];
  /** A heading: what happens next. */
  readonly say: (what: string) => void;
}

export function createScene(
  voters: readonly number[],
  learners: readonly number[] = [],
  limits: Partial<RaftConfig> = {},
): Scene {
  const lines: string[] = [];
  const cluster = createCluster(
    {
      random: seededRandom(1),
      config: { electionTicks: 10, heartbeatTicks: 1, ...limits },
      onReady: (replica, ready) => lines.push(...readyLines(replica.id, ready)),
    },
    voters,
    learners,
  );
  return { cluster, lines, say: (what) => lines.push('', `# ${what}`) };
}

function readyLines(id: number, ready: Ready): string[] {
  const lines: string[] = [];
  const { persist, softState } = ready;
  if (softState !== undefined) lines.push(`is ${softState.role}, leader ${softState.leader}`);
  if (persist !== undefined) {
    const { hardState, snapshot } = persist;
    let line = `writes #${persist.token}${persist.mustSync ? '' : ' without sync'}:`;
    if (snapshot !== undefined) line += ` snapshot ${snapshot.index}@${snapshot.term}`;
    if (hardState !== undefined) {
      line += ` term ${hardState.term} vote ${hardState.vote} commit ${hardState.commit}`;
    }
    if (persist.entries.length > 0) line += ` entries ${entriesText(persist.entries)}`;
    lines.push(line);
  }
  for (const message of ready.messages) lines.push(messageText(message));
  if (ready.committed.length > 0) lines.push(`applies ${entriesText(ready.committed)}`);
  for (const read of ready.reads) lines.push(`may read ${read.context} at ${read.index}`);
  for (const context of ready.refusedReads) lines.push(`must ask again for read ${context}`);
  return lines.map((line) => `${id} ${line}`);
}

function entriesText(entries: readonly Entry[]): string {
  return entries.map((e) => `${e.index}@${e.term}${e.type === 'config' ? 'c' : ''}`).join(' ');
}

function messageText(message: Message): string {
  const head = `-> ${message.to} ${message.type} (term ${message.term})`;
  const fields = Object.entries(message).filter(
    ([key]) => !['type', 'from', 'to', 'term', 'entries', 'meta'].includes(key),
  );
  let line = [head, ...fields.map(([key, value]) => `${key} ${String(value)}`)].join(' ');
  if (message.type === 'append' && message.entries.length > 0) {
    line += ` entries ${entriesText(message.entries)}`;
  }
  if (message.type === 'install-snapshot') line += ` ${message.meta.index}@${message.meta.term}`;
  return line;
}

/** `(1 2)&&(1 2 3) learners (4)` */
export function confText(conf: ConfState): string {
  let text = `(${conf.voters.join(' ')})`;
  if (conf.votersOutgoing.length > 0) text += `&&(${conf.votersOutgoing.join(' ')})`;
  if (conf.learners.length > 0) text += ` learners (${conf.learners.join(' ')})`;
  if (conf.learnersNext.length > 0) text += ` learners next (${conf.learnersNext.join(' ')})`;
  return conf.autoLeave ? `${text} auto-leave` : text;
}

/** One line on each replica. */
export function showAll(scene: Scene): void {
  for (const { id, raft, conf, machine } of scene.cluster.replicas.values()) {
    const status = raft?.status();
    const state =
      status === undefined
        ? 'down'
        : `${status.role} term ${status.term} commit ${status.commit} last ${status.lastIndex}`;
    scene.lines.push(`${id} = ${state} applied ${machine.index} conf ${confText(conf)}`);
  }
}
