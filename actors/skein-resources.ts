// Skein's own resources of the API: peers, this peer's status, tokens, leaving.

import type { Mesh, PeerId } from '../mesh/index.ts';
import type { ActorSystem, Clock, Result } from '../runtime/index.ts';
import type { Store } from '../consensus/index.ts';
import { parsePeer, peersEnd, peersPrefix } from './admission/records.ts';
import { diagnoses } from './doctor-resource.ts';
import { apiVersion, refuse, reply, timeText } from './extra-replies.ts';
import type { ExtraResource, ExtraResources } from './gateway/extra-resources.ts';
import { listPeers, peerNamed } from './peer-listing.ts';
import type { ListedPeer } from './peer-listing.ts';
import { bearerTokens, joinTokens } from './skein-tokens.ts';
import type { TokenPorts } from './skein-tokens.ts';
import type { ContainerUsage } from './containers/container-driver.ts';
import type { ObjectView } from './objects/objects.ts';
import type { Work } from './peer-work.ts';
import { toldFacts } from './told-facts.ts';

/** What the resources are made from. */
export interface ResourceParts {
  readonly system: Pick<ActorSystem, 'ask' | 'ref'>;
  readonly mesh: Pick<Mesh, 'self' | 'members' | 'memberNamed' | 'member'>;
  readonly store: Pick<Store, 'status' | 'view'>;
  /** Undefined at a witness. */
  readonly work: Pick<Work, 'fronts' | 'place' | 'driver'> | undefined;
  readonly view: Pick<ObjectView, 'getByUid'>;
}

export interface ResourcePorts extends TokenPorts {
  readonly clock: Clock;
  readonly name: string;
  readonly zone: string;
  readonly version: string;
  /** Ends the membership of the peer of this name. Errors: not-found, forbidden, unavailable. */
  readonly removePeer: (name: string) => Promise<Result<PeerId>>;
  /** Drains this peer and ends its membership; resolves when it has left. */
  readonly leave: () => Promise<Result<void>>;
}

export function skeinResources(parts: ResourceParts, ports: ResourcePorts): ExtraResources {
  return [
    peers(parts, ports),
    peerStatuses(parts, ports),
    diagnoses({ ...parts, clock: ports.clock }),
    podUsages(parts),
    joinTokens(ports),
    bearerTokens(ports),
    leaves(ports),
  ];
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The cell of a table: a field below `spec` or `status`. */
const field =
  (part: 'spec' | 'status', key: string) =>
  (object: Readonly<Record<string, unknown>>): string =>
    text((object[part] as Record<string, unknown> | undefined)?.[key]);

/** A witness is one besides what it does in the log. */
const roleCell = (object: Readonly<Record<string, unknown>>): string => {
  const isWitness = (object['spec'] as { witness?: unknown } | undefined)?.witness === true;
  return `${field('status', 'role')(object)}${isWitness ? ',witness' : ''}`;
};

function peers({ mesh, store }: ResourceParts, ports: ResourcePorts): ExtraResource {
  const listed = (): readonly ListedPeer[] => {
    const records = store.view.range(peersPrefix, peersEnd).kvs;
    return listPeers(
      mesh.members(),
      records.map(({ value }) => parsePeer(value)),
    );
  };
  const objectOf = (peer: ListedPeer): unknown => {
    const { leader, voters, learners, witnesses } = store.status();
    const roleOf = (id: string): string => {
      if (id === leader) return 'leader';
      if (voters.includes(id)) return 'voter';
      return learners.includes(id) ? 'learner' : 'none';
    };
    return peerObject(peer, roleOf(peer.peer), witnesses.includes(peer.peer));
  };
  const get = (name: string) => {
    const found = peerNamed(listed(), name);
    return found === undefined
      ? refuse('not-found', `no peer is named "${name}"`)
      : reply(objectOf(found));
  };
  /** Answers what it was, as any deletion does. */
  const remove = async (name: string) => {
    const found = peerNamed(listed(), name);
    const removed = await ports.removePeer(name);
    if (!removed.ok) return removed;
    return found === undefined ? get(name) : reply(objectOf({ ...found, state: 'removed' }));
  };
  return {
    plural: 'peers',
    singular: 'peer',
    kind: 'Peer',
    verbs: ['get', 'list', 'delete'],
    columns: [
      {
        name: 'Name',
        type: 'string',
        cell: (o) => text((o['metadata'] as { name?: unknown }).name),
      },
      { name: 'State', type: 'string', cell: field('status', 'state') },
      { name: 'Role', type: 'string', cell: roleCell },
      { name: 'Zone', type: 'string', cell: field('spec', 'zone') },
      { name: 'API', type: 'string', cell: field('status', 'api') },
    ],
    handler: ({ verb, name }) => {
      if (verb === 'delete') return remove(name);
      if (verb === 'get') return get(name);
      return reply({ kind: 'PeerList', apiVersion, metadata: {}, items: listed().map(objectOf) });
    },
  };
}

function peerObject(
  { peer, name, state, addresses, facts, factsMs, admittedAtMs, endedAtMs }: ListedPeer,
  role: string,
  isWitness: boolean,
): unknown {
  return {
    kind: 'Peer',
    apiVersion,
    metadata: { name, creationTimestamp: timeText(admittedAtMs) },
    spec: {
      peerId: peer,
      zone: facts.zone,
      addresses,
      labels: facts.labels ?? {},
      ...(isWitness && { witness: true }),
    },
    status: {
      state,
      role,
      endedAt: timeText(endedAtMs),
      ...toldFacts(facts, factsMs),
    },
  };
}

function peerStatuses(parts: ResourceParts, ports: ResourcePorts): ExtraResource {
  const { mesh, store, work } = parts;
  return {
    plural: 'peerstatuses',
    singular: 'peerstatus',
    kind: 'PeerStatus',
    verbs: ['get'],
    handler: ({ name }) => {
      if (name !== 'self')
        return refuse('not-found', 'a peer knows only "self": ask the other peer');
      const { leader, voters, learners, witnesses, fullDisks, ...status } = store.status();
      const nameOf = (peer: string): string => mesh.member(peer)?.facts.name ?? peer;
      return reply({
        kind: 'PeerStatus',
        apiVersion,
        metadata: { name: 'self' },
        status: {
          peer: mesh.self,
          name: ports.name,
          zone: ports.zone,
          version: ports.version,
          ...status,
          ...(leader === undefined ? {} : { leader: nameOf(leader) }),
          voters: voters.map(nameOf),
          learners: learners.map(nameOf),
          witnesses: witnesses.map(nameOf),
          ...(fullDisks === undefined ? {} : { fullDisks: fullDisks.map(nameOf) }),
          nodeAddress: work?.place.nodeAddress,
          fronts: work?.fronts.fronts ?? [],
        },
      });
    },
  };
}

/** What the pods of this peer use, from the machine: the zone's sum of it comes with metrics.k8s.io. */
function podUsages({ work, view }: ResourceParts): ExtraResource {
  return {
    plural: 'podusages',
    singular: 'podusage',
    kind: 'PodUsage',
    verbs: ['list'],
    handler: async () => {
      const byPod = new Map<string, ContainerUsage[]>();
      for (const usage of (await work?.driver.usage()) ?? []) {
        byPod.set(usage.podUid, [...(byPod.get(usage.podUid) ?? []), usage]);
      }
      const items = [...byPod].flatMap(([uid, containers]) => {
        const { name, namespace } = view.getByUid('Pod', uid)?.metadata ?? {};
        if (name === undefined) return [];
        const used = containers.map(({ name: container, cpuMs, memoryBytes }) => ({
          name: container,
          cpuMs,
          memoryBytes,
        }));
        const metadata = { name, namespace, uid };
        return [{ kind: 'PodUsage', apiVersion, metadata, status: { containers: used } }];
      });
      return reply({ kind: 'PodUsageList', apiVersion, metadata: {}, items });
    },
  };
}

function leaves(ports: ResourcePorts): ExtraResource {
  return {
    plural: 'leaves',
    singular: 'leave',
    kind: 'Leave',
    verbs: ['create'],
    handler: async () => {
      const left = await ports.leave();
      if (!left.ok) return left;
      return reply({
        kind: 'Leave',
        apiVersion,
        metadata: { name: ports.name },
        status: { phase: 'Left' },
      });
    },
  };
}
