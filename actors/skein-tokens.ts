// Tokens as resources of the API: join tokens, which the log keeps, and bearer tokens, which nobody does.

import type { Result } from '../runtime/index.ts';
import { failed } from '../runtime/index.ts';
import type { TokenNote } from './admission/join-tokens.ts';
import { apiVersion, refuse, reply, timeText } from './extra-replies.ts';
import type { ExtraRequest, ExtraResource } from './gateway/extra-resources.ts';

export interface TokenPorts {
  /** The zone of joiners, unless the wish names one. */
  readonly zone: string;
  readonly createToken: (wish: {
    readonly ttlMs: number;
    readonly uses: number;
    readonly zone: string;
    readonly createdBy: string;
  }) => Promise<Result<{ readonly token: string; readonly expiresAtMs: number }>>;
  readonly tokens: () => readonly TokenNote[];
  /** Errors: not-found. */
  readonly revokeToken: (id: string) => Promise<Result<TokenNote>>;
  /** A bearer token for the API, for this user and these groups. */
  readonly createBearer: (wish: {
    readonly user: string;
    readonly groups: readonly string[];
    readonly ttlMs: number;
  }) => Promise<Result<{ readonly token: string; readonly expiresAtMs: number }>>;
}

const defaultTtlSeconds = 24 * 3600;
const ttlSecondsMax = 30 * 24 * 3600;
const usesMax = 10_000;

export function joinTokens(ports: TokenPorts): ExtraResource {
  return {
    plural: 'jointokens',
    singular: 'jointoken',
    kind: 'JoinToken',
    verbs: ['create', 'get', 'list', 'delete'],
    columns: [
      { name: 'Id', type: 'string', cell: ({ metadata }) => (metadata as { name: string }).name },
      { name: 'State', type: 'string', cell: ({ status }) => (status as { state: string }).state },
    ],
    handler: (request) => {
      switch (request.verb) {
        case 'create':
          return createToken(ports, request);
        case 'delete':
          return revokeToken(ports, request.name);
        case 'get':
          return getToken(ports, request.name);
        default: {
          const items = ports.tokens().map(tokenObject);
          return reply({ kind: 'JoinTokenList', apiVersion, metadata: {}, items });
        }
      }
    },
  };
}

async function createToken(ports: TokenPorts, { body, user }: ExtraRequest) {
  const spec = (body['spec'] ?? {}) as Record<string, unknown>;
  const { ttlSeconds = defaultTtlSeconds, uses = usesMax, zone = ports.zone } = spec;
  if (!isCount(ttlSeconds, ttlSecondsMax)) return wrongTtl(ttlSeconds);
  if (!isCount(uses, usesMax)) {
    return refuse('invalid', `spec.uses must be 1 to ${usesMax}, not ${JSON.stringify(uses)}`);
  }
  if (typeof zone !== 'string' || zone === '') return refuse('invalid', 'spec.zone must be a name');
  const created = await ports.createToken({
    ttlMs: ttlSeconds * 1000,
    uses,
    zone,
    createdBy: user.name,
  });
  if (!created.ok) return created;
  const { token, expiresAtMs } = created.value;
  return reply({
    kind: 'JoinToken',
    apiVersion,
    metadata: { name: token.slice(0, token.indexOf('.')) },
    spec: { ttlSeconds, uses, zone },
    status: { token, expiresAt: new Date(expiresAtMs).toISOString() },
  });
}

async function revokeToken(ports: TokenPorts, id: string) {
  const revoked = await ports.revokeToken(id);
  return revoked.ok ? reply(tokenObject(revoked.value)) : failed(revoked.error);
}

function getToken(ports: TokenPorts, id: string) {
  const found = ports.tokens().find((token) => token.id === id);
  return found === undefined
    ? refuse('not-found', `no join token has the id ${id}`)
    : reply(tokenObject(found));
}

/** Everything but the text, which nobody has any more. */
const tokenObject = (token: TokenNote): unknown => ({
  kind: 'JoinToken',
  apiVersion,
  metadata: { name: token.id, creationTimestamp: timeText(token.createdAtMs) },
  spec: { uses: token.uses, zone: token.zone },
  status: {
    state: token.state,
    usesLeft: token.usesLeft,
    createdBy: token.createdBy,
    expiresAt: timeText(token.expiresAtMs),
    revokedAt: timeText(token.revokedAtMs),
  },
});

export function bearerTokens(ports: TokenPorts): ExtraResource {
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
