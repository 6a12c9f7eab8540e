// Judges a run: what may never be seen while it goes on, and what must be true at its end.

import type { Cluster, Member } from './cluster.ts';
import { call } from './api-client.ts';
import type { Workload } from './workload.ts';
import type { History } from './history.ts';
import { markerAnnotation } from './history.ts';

/** More are not told: the first ones matter. */
const wrongsLimit = 20;

/**
 * Failures that the world itself made: a peer whose disk fails must end, and one that was let go and died before it heard
 * of that starts again. A full disk is no failure: the peer waits for room.
 */
const isWorldsFault = (text: string): boolean =>
  text.includes('simulated failure') || text.includes('the zone goes on without this replica');

export interface Judge {
  readonly wrong: (what: string) => void;
  readonly wrongs: readonly string[];
}

export function createJudge(cluster: () => Cluster): Judge {
  const wrongs: string[] = [];
  return {
    wrongs,
    wrong: (what) => {
      if (wrongs.length >= wrongsLimit) return;
      const { simulation, log } = cluster();
      const line = `at ${(simulation.nowMs() / 1_000).toFixed(3)} s: ${what}`;
      log.error('the judge: wrong', { what });
      wrongs.push(line);
    },
  };
}

/** Lines that tell of a bug: an actor that failed, an error nobody caused. */
export function watchLines(cluster: Cluster, wrong: Judge['wrong']): void {
  cluster.onLine((member, level, message, fields) => {
    const isFailure = level === 'error' || message.startsWith('actor failed');
    const text = `${message} ${JSON.stringify(fields)}`;
    if (isFailure && !isWorldsFault(text)) wrong(`${member.name} says: ${text}`);
  });
}

/** A majority of the voters as every peer of the group sees them is missing. */
function isMinority(cluster: Cluster, group: readonly string[]): boolean {
  return cluster
    .members()
    .filter(({ name }) => group.includes(name))
    .every(({ life }) => {
      const voters = life?.peer?.store.status().voters ?? [];
      return voters.filter((voter) => group.includes(voter)).length * 2 <= voters.length;
    });
}

/** After this long a minority knows that it is one, ms. */
const cutOffMs = 4_000;
/** The longest that a minority may think about a read or a write, ms. */
const answerMs = 7_000;
const serviceBody = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'from-a-minority' },
  spec: { ports: [{ port: 80 }] },
};

/** Asks a peer of the minority of a partition, if there is one and it lasts: reads are answered, writes are not done. */
export function judgePartition(
  cluster: Cluster,
  groups: readonly (readonly string[])[],
  lastsMs: number,
  isInPlace: () => boolean,
  wrong: Judge['wrong'],
): void {
  const minority = groups.find((group) => isMinority(cluster, group));
  if (minority === undefined || lastsMs < cutOffMs + answerMs) return;
  cluster.simulation.schedule(cutOffMs, () => {
    const member = cluster.up().find(({ name }) => minority.includes(name));
    if (member === undefined || !isInPlace() || !isMinority(cluster, minority)) return;
    const { life } = member;
    const isStillUp = (): boolean =>
      isInPlace() && (member as Member).life === life && life.host.status() === 'running';
    const listPath = '/api/v1/namespaces/default/services';
    void call(cluster, member, { method: 'GET', path: listPath }).then(({ status, warnings }) => {
      if (!isStillUp()) return;
      if (status !== 200) wrong(`${member.name}, cut off, answers a read with ${status}`);
      else if (warnings.length === 0) wrong(`${member.name}, cut off, reads without a warning`);
    });
    const write = { method: 'POST', path: listPath, body: serviceBody } as const;
    void call(cluster, member, write).then(({ status }) => {
      if (isStillUp() && status < 300 && status > 0) {
        wrong(`${member.name}, cut off, acknowledges a write`);
      }
    });
  });
}

/** What clients were told is what happened, once. */
export function judgeWrites(history: History, workload: Workload, wrong: Judge['wrong']): void {
  for (const { mark, fate, answer } of workload.written()) {
    const times = history.introduced(mark);
    const allowed = fate === 'acknowledged' ? [1] : fate === 'refused' ? [0] : [0, 1];
    if (!allowed.includes(times)) wrong(`${mark}, ${fate} (${answer}), was done ${times} times`);
  }
}

/** Acknowledged writes are there at every peer, and every peer has the same state. */
export function judgeStates(cluster: Cluster, workload: Workload, wrong: Judge['wrong']): void {
  const states = cluster.up().map(({ name, life }) => {
    const { view } = life.peer.store;
    return { name, text: JSON.stringify(view.range('\0', '\uffff').kvs), at: view.revision() };
  });
  for (const { name, text, at } of states) {
    const first = states[0]!;
    if (at === first.at && text !== first.text) {
      wrong(`${name} and ${first.name} differ at revision ${at}`);
    }
  }
  for (const { name, life } of cluster.up()) {
    for (const { kind, name: object, possible } of workload.expectations) {
      const found = life.peer.objects.view.get(kind, 'default', object);
      const mark = found?.metadata?.annotations?.[markerAnnotation];
      if (!possible.has(mark)) {
        wrong(`${kind} ${object} is ${mark} at ${name}, possible: ${[...possible].join(', ')}`);
      }
    }
  }
}

/** No instance of a container was ever started twice. */
export function judgeStarts(cluster: Cluster, wrong: Judge['wrong']): void {
  for (const { name, machine } of cluster.members()) {
    for (const [id, times] of machine.containers.starts()) {
      if (times > 1) wrong(`${id} was started ${times} times on ${name}`);
    }
  }
}
