// Skein's own resources of the API: peers, this peer's status, tokens, leaving.

import type { Mesh } from '../mesh/index.ts';
import type { Result } from '../runtime/index.ts';
import { failed, ok, SkeinError } from '../runtime/index.ts';
import type { Member } from '../mesh/index.ts';
import type { Store } from '../consensus/index.ts';
import type {
  ExtraReply,
  ExtraRequest,
  ExtraResource,
  ExtraResources,
} from './gateway/extra-resources.ts';
import type { ContainerUsage } from './containers/container-driver.ts';
import type { ObjectView } from './objects/objects.ts';
import type { Work } from './peer-work.ts';
import { toldFacts } from './told-facts.ts';

const apiVersion = 'skein.dev/v1';

/** What the resources are made from. */
export interface ResourceParts {
  readonly mesh: Pick<Mesh, 'self' | 'members' | 'memberNamed' | 'member'>;
  readonly store: Pick<Store, 'status'>;
  /** Undefined at a witness. */
  readonly work: Pick<Work, 'fronts' | 'place' | 'driver'> | undefined;
  readonly view: Pick<ObjectView, 'getByUid'>;
}

export interface TokenWish {
  readonly ttlMs?: number;
  readonly uses?: number;
  readonly zone?: string;
}

export interface ResourcePorts {
  readonly name: string;
  readonly zone: string;
  readonly version: string;
  readonly createToken: (
    wish: TokenWish,
  ) => Promise<Result<{ readonly token: string; readonly expiresAtMs: number }>>;
  /** A bearer token for the API, for this user and these groups. */
  readonly createBearer: (wish: {
    readonly user: string;
    readonly groups: readonly string[];
    readonly ttlMs: number;
  }) => Promise<Result<{ readonly token: string; readonly expiresAtMs: number }>>;
  /** Drains this peer and ends its membership; resolves when it has left. */
  readonly leave: () => Promise<Result<void>>;
}

export function skeinResources(parts: ResourceParts, ports: ResourcePorts): ExtraResources {
  return [
    peers(parts),
    peerStatuses(parts, ports),
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

function peers({ mesh, store }: ResourceParts): ExtraResource {
  const all = (): readonly unknown[] => {
    const { leader, voters, learners, witnesses } = store.status();
    const roleOf = (peer: string): string => {
      if (peer === leader) return 'leader';
      if (voters.includes(peer)) return 'voter';
      return learners.includes(peer) ? 'learner' : 'none';
    };
    return mesh
      .members()
      .map((member) => peerObject(member, roleOf(member.peer), witnesses.includes(member.peer)));
  };
  return {
    plural: 'peers',
    singular: 'peer',
    kind: 'Peer',
    verbs: ['get', 'list'],
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
      if (verb === 'list')
        return reply({ kind: 'PeerList', apiVersion, metadata: {}, items: all() });
      const found = all().find(
        (peer) => (peer as { metadata: { name: string } }).metadata.name === name,
      );
      return found === undefined ? refuse('not-found', `no peer is named "${name}"`) : reply(found);
    },
  };
}

function peerObject(
  { peer, status, addresses, facts, factsMs }: Member,
  role: string,
  isWitness: boolean,
): unknown {
  return {
    kind: 'Peer',
    apiVersion,
    metadata: { name: facts.name ?? peer },
    spec: {
      peerId: peer,
      zone: facts.zone,
      addresses,
      labels: facts.labels ?? {},
      ...(isWitness && { witness: true }),
    },
    status: {
      state: status,
      role,
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

const defaultTtlSeconds = 24 * 3600;
const ttlSecondsMax = 30 * 24 * 3600;
const usesMax = 10_000;

function joinTokens(ports: ResourcePorts): ExtraResource {
  return {
    plural: 'jointokens',
    singular: 'jointoken',
    kind: 'JoinToken',
    verbs: ['create'],
    handler: async ({ body }: ExtraRequest) => {
      const spec = (body['spec'] ?? {}) as Record<string, unknown>;
      const { ttlSeconds = defaultTtlSeconds, uses = usesMax, zone = ports.zone } = spec;
      if (!isCount(ttlSeconds, ttlSecondsMax)) return wrongTtl(ttlSeconds);
      if (!isCount(uses, usesMax)) {
        return refuse('invalid', `spec.uses must be 1 to ${usesMax}, not ${JSON.stringify(uses)}`);
      }
      if (typeof zone !== 'string' || zone === '')
        return refuse('invalid', 'spec.zone must be a name');
      const created = await ports.createToken({ ttlMs: ttlSeconds * 1000, uses, zone });
      if (!created.ok) return created;
      const { token, expiresAtMs } = created.value;
      return reply({
        kind: 'JoinToken',
        apiVersion,
        metadata: { name: token.slice(0, token.indexOf('.')) },
        spec: { ttlSeconds, uses, zone },
        status: { token, expiresAt: new Date(expiresAtMs).toISOString() },
      });
    },
  };
}

function bearerTokens(ports: ResourcePorts): ExtraResource {
  return {
    plural: 'bearertokens',
    singular: 'bearertoken',
    kind: 'BearerToken',
    verbs: ['create'],
    handler: async ({ body, user }: ExtraRequest) => {
      const spec = (body['spec'] ?? {}) as Record<string, unknown>;
      const { ttlSeconds = defaultTtlSeconds } = spec;
      if (!isCount(ttlSeconds, ttlSecondsMax)) return wrongTtl(ttlSeconds);
      // Whoever asks gets a token for what it is itself, and no more.
      const { name, groups } = user;
      const created = await ports.createBearer({ user: name, groups, ttlMs: ttlSeconds * 1000 });
      if (!created.ok) return created;
      const { token, expiresAtMs } = created.value;
      return reply({
        kind: 'BearerToken',
        apiVersion,
        metadata: { name },
        spec: { ttlSeconds },
        status: { token, user: name, groups, expiresAt: new Date(expiresAtMs).toISOString() },
      });
    },
  };
}

const wrongTtl = (ttlSeconds: unknown): Promise<Result<never>> =>
  refuse(
    'invalid',
    `spec.ttlSeconds must be 1 to ${ttlSecondsMax}, not ${JSON.stringify(ttlSeconds)}`,
  );

const isCount = (value: unknown, max: number): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= max;

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

const reply = (body: unknown): Promise<Result<ExtraReply>> => Promise.resolve(ok({ body }));

const refuse = (code: 'not-found' | 'invalid', sentence: string): Promise<Result<never>> =>
  Promise.resolve(failed(new SkeinError(code, sentence)));
