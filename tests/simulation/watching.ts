// Clients that list and watch through the API of some peer, and move to another when theirs is gone.

import type { ApiEvent, ApiResponse } from '../../actors/gateway/request/api-request.ts';
import { pick } from '../../runtime/index.ts';
import type { SeededRandom } from '../../runtime/index.ts';
import { admin, call } from './api-client.ts';
import type { Cluster, Life, UpMember } from './cluster.ts';

export interface ApiWatcher {
  /** What it saw, by name and revision; undefined while it is between two peers. */
  readonly seen: () => ReadonlyMap<string, number> | undefined;
  readonly path: string;
}

/** After losing its peer a watcher looks for another one this much later, ms. */
const moveMs = 500;
/** How often a watcher looks whether its peer is still there, ms. */
const lookMs = 1_000;

interface Shown {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
}

/** `wrong` is told when events go back, repeat, or change what is not there. */
export function startWatcher(
  cluster: Cluster,
  random: SeededRandom,
  path: string,
  wrong: (what: string) => void,
): ApiWatcher {
  let seen: Map<string, number> | undefined;
  const { simulation } = cluster;

  const move = (): void => {
    seen = undefined;
    simulation.schedule(moveMs, () => {
      const member = pick(random, cluster.up());
      if (member === undefined) move();
      else void begin(member).then((began) => (began ? undefined : move()));
    });
  };
  const begin = async (member: UpMember): Promise<boolean> => {
    const { life } = member;
    const list = await call(cluster, member, { method: 'GET', path });
    if (list.status !== 200) return false;
    const items = list.body.items as readonly Shown[];
    const model = new Map(items.map((item) => [item.metadata.name, revisionOf(item)]));
    const after = String(list.body.metadata.resourceVersion);
    let newest = Number(after);
    const take = ({ type, object }: ApiEvent): boolean => {
      if (seen !== model) return false;
      if (type === 'BOOKMARK') return true;
      if (type === 'ERROR') {
        move();
        return false;
      }
      const { name } = (object as Shown).metadata;
      const revision = revisionOf(object as Shown);
      const say = (what: string): void =>
        wrong(`a watch of ${path} at ${member.name}: ${type} ${name} at ${revision} ${what}`);
      if (revision < newest) say(`comes after ${newest}`);
      newest = revision;
      if (type === 'ADDED' && model.has(name)) say('is there already');
      if (type !== 'ADDED' && !model.has(name)) say('was never added');
      if (type === 'DELETED') model.delete(name);
      else model.set(name, revision);
      return true;
    };
    const opened = await open(life, path, after);
    if (opened?.type !== 'watch') return false;
    seen = model;
    const moved = (): void => {
      if (seen === model) move();
    };
    life.host.schedule(0, () =>
      opened.start({ event: take, ready: () => Promise.resolve(), end: moved }),
    );
    leaveWith(life, moved);
    return true;
  };
  /** Nobody tells a watcher that its peer was killed: its connection breaks. */
  const leaveWith = (life: Life, moved: () => void): void => {
    if (life.host.status() === 'crashed') moved();
    else simulation.schedule(lookMs, () => leaveWith(life, moved));
  };
  move();
  return { seen: () => seen, path };
}

const revisionOf = ({ metadata }: Shown): number => Number(metadata.resourceVersion);

function open(
  life: UpMember['life'],
  path: string,
  resourceVersion: string,
): Promise<ApiResponse | undefined> {
  if (life.host.status() !== 'running') return Promise.resolve(undefined);
  return life.peer.gateway.handle({
    method: 'GET',
    path,
    query: new URLSearchParams({ watch: 'true', resourceVersion }),
    headers: {},
    body: Buffer.alloc(0),
    certificateUser: admin,
  });
}

/** A watcher that has been with one peer through the quiet at the end has seen exactly what is there. */
export function judgeWatcher(
  cluster: Cluster,
  watcher: ApiWatcher,
  wrong: (what: string) => void,
): void {
  const seen = watcher.seen();
  const { view } = cluster.up()[0]!.life.peer.objects;
  if (seen === undefined) return wrong(`the watcher of ${watcher.path} found no peer`);
  const there = new Map(
    view
      .list('Pod', 'default')
      .map(({ metadata }) => [metadata?.name ?? '', Number(metadata?.resourceVersion)]),
  );
  const text = (map: ReadonlyMap<string, number>): string =>
    [...map]
      .map(([name, revision]) => `${name} ${revision}`)
      .sort()
      .join(', ');
  if (text(seen) !== text(there)) {
    wrong(`a watch of ${watcher.path} ended with ${text(seen)}, there is ${text(there)}`);
  }
}
