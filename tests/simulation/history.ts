// The one history of the zone, pieced together from what every replica tells its watchers, and what is true at each revision of it.

import { allocationKey, readAllocation } from '../../actors/objects/allocation.ts';
import { nodeAllocatable } from '../../actors/objects/node-status.ts';
import type { Stored } from '../../actors/objects/objects.ts';
import { podRequests } from '../../actors/objects/pod-requests.ts';
import type { KeyValue, Revision, Store, WatchEvent } from '../../consensus/index.ts';

/** Every key of the store lies between these. */
const firstKey = '\0';
const lastKey = '\uffff';
/** The revision of an empty store. */
const beforeAll = 1;
const podPrefix = '/registry/pods/';
const nodePrefix = '/registry/nodes/';

export interface History {
  /** Follows one replica from its first revision on; strictly in order, without a gap. */
  readonly follow: (peer: string, store: Store) => void;
  readonly newest: () => Revision;
  /** How many revisions brought `marker` into an object that did not have it. */
  readonly introduced: (marker: string) => number;
}

interface Recorded {
  readonly content: string;
  readonly by: string;
}

/** The annotation by which clients of the workload sign what they write. */
export const markerAnnotation = 'simulation.skein.dev/op';
/** Kinds that clients write; controllers copy annotations to what they make of them. */
const markedKey = /^\/registry\/(services|deployments)\//;

/** `wrong` is told of everything that must never be. */
export function createHistory(wrong: (what: string) => void): History {
  const revisions = new Map<Revision, Recorded>();
  const state = new Map<string, KeyValue>();
  const introductions = new Map<string, number>();
  let newest: Revision = 0;

  const extend = (revision: Revision, events: readonly WatchEvent[], by: string): void => {
    if (newest !== 0 && revision !== newest + 1) {
      wrong(
        `${by} tells of revision ${revision} when ${newest} is the newest that anybody told of`,
      );
    }
    newest = revision;
    for (const event of events) {
      const marker = markerOf(event.kv);
      if (marker !== undefined && marker !== markerOf(state.get(event.kv.key))) {
        introductions.set(marker, (introductions.get(marker) ?? 0) + 1);
      }
      checkBinding(event, wrong);
      if (event.type === 'put') state.set(event.kv.key, event.kv);
      else state.delete(event.kv.key);
    }
    for (const problem of allocationProblems(state, events))
      wrong(`revision ${revision}: ${problem}`);
  };

  const take = (revision: Revision, events: readonly WatchEvent[], by: string): void => {
    const content = JSON.stringify(events.map(({ type, kv }) => [type, kv]));
    const known = revisions.get(revision);
    if (known === undefined) {
      revisions.set(revision, { content, by });
      extend(revision, events, by);
    } else if (known.content !== content) {
      wrong(`revision ${revision} differs: ${known.by} has ${known.content}, ${by} has ${content}`);
    }
  };

  return {
    follow: (peer, store) => {
      let last = 0;
      store.watch(firstKey, lastKey, beforeAll, {
        events: (revision, events) => {
          if (last !== 0 && revision !== last + 1) {
            wrong(`the watch of ${peer} goes from revision ${last} to ${revision}`);
          }
          last = revision;
          take(revision, events, peer);
        },
        ended: (reason) => {
          if (reason === 'compacted') wrong(`the watch of ${peer} ended: compacted at ${last}`);
        },
      });
    },
    newest: () => newest,
    introduced: (marker) => introductions.get(marker) ?? 0,
  };
}

function markerOf(kv: KeyValue | undefined): string | undefined {
  if (kv === undefined || kv.value === '' || !markedKey.test(kv.key)) return undefined;
  const { metadata } = JSON.parse(kv.value) as Stored<'Service'>;
  return metadata?.annotations?.[markerAnnotation];
}

/** A pod is bound once and stays where it is. */
function checkBinding({ kv, previous }: WatchEvent, wrong: (what: string) => void): void {
  if (!kv.key.startsWith(podPrefix) || kv.value === '' || previous === undefined) return;
  const [now, before] = [asPod(kv), asPod(previous)];
  const was = before.spec?.nodeName ?? '';
  if (now.metadata?.uid !== before.metadata?.uid || was === '') return;
  const is = now.spec?.nodeName ?? '';
  if (is !== was) wrong(`${kv.key} moved from ${was} to ${is} at revision ${kv.modRevision}`);
}

const asPod = (kv: KeyValue): Stored<'Pod'> => JSON.parse(kv.value) as Stored<'Pod'>;

const isOver = ({ status }: Stored<'Pod'>): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** No node promises more than it has, and every bound pod has its promise: for the nodes of these events. */
function allocationProblems(
  state: ReadonlyMap<string, KeyValue>,
  events: readonly WatchEvent[],
): readonly string[] {
  const problems: string[] = [];
  for (const { type, kv } of events) {
    if (type === 'put' && kv.key.startsWith(podPrefix)) {
      const pod = asPod(kv);
      const node = pod.spec?.nodeName ?? '';
      if (node === '' || isOver(pod)) continue;
      const held = readAllocation(state.get(allocationKey(node)))[pod.metadata?.uid ?? ''];
      const wanted = podRequests(pod);
      if (held === undefined || held.cpuMillis !== wanted.cpuMillis) {
        problems.push(`${kv.key} is bound to ${node} without a promise in its record`);
      }
    }
    if (type === 'put' && kv.key.startsWith(allocationKey(''))) {
      const name = kv.key.slice(allocationKey('').length);
      const node = state.get(`${nodePrefix}${name}`);
      if (node === undefined) continue;
      const room = nodeAllocatable(JSON.parse(node.value) as Stored<'Node'>);
      const held = Object.values(readAllocation(kv));
      const cpu = held.reduce((sum, { cpuMillis }) => sum + cpuMillis, 0);
      if (cpu > room.cpuMillis || held.length > room.pods) {
        problems.push(`node ${name} promises ${cpu}m and ${held.length} pods: more than it has`);
      }
    }
  }
  return problems;
}
