// One peer's API as clients use it: texts, and of each request what is known of its outcome.

import type { Client } from '../../cli/client.ts';
import { createClient } from '../../cli/client.ts';
import type { PeerStatus } from '../../cli/commands/status.ts';
import { STATUS_PATH } from '../../cli/commands/status.ts';
import { CommandFailure } from '../../cli/failure.ts';
import type { PeerAccess } from '../../cli/kubeconfig.ts';
import type { ApiList, ApiObject } from '../../cli/watch.ts';

/** A client that hears nothing for so long goes on without knowing. */
const patienceMs = 3_000;
/** A check after a round has more. */
const checkMs = 15_000;

/** A text as the zone holds it. */
export interface Stored {
  readonly name: string;
  readonly value: string;
  readonly version: string;
}

/**
 * done: it is durable. refused: it was certainly not done. conflict: not done, and another one had written. unknown: it
 * is, or will be, or never.
 */
export type Outcome =
  | { readonly type: 'done'; readonly stored: Stored }
  | { readonly type: 'refused' | 'conflict' | 'unknown'; readonly why: string };

export interface Door {
  readonly makeSpace: (space: string) => Promise<void>;
  readonly create: (space: string, name: string, value: string) => Promise<Outcome>;
  /** With `version`: only if nobody wrote since. */
  readonly write: (
    space: string,
    name: string,
    value: string,
    version?: string,
  ) => Promise<Outcome>;
  /** Linearizable; undefined when it fails or may be old. */
  readonly read: (space: string, name: string) => Promise<Stored | undefined>;
  /** All of a space, linearizable. Rejects when it fails or may be old. */
  readonly list: (space: string) => Promise<readonly Stored[]>;
  readonly status: () => Promise<PeerStatus['status']>;
  readonly createToken: (uses: number) => Promise<string>;
  readonly close: () => void;
}

export function createDoor(access: PeerAccess): Door {
  const client = createClient({ peers: [access], mayMoveOn: false, note: () => undefined });
  const write = (method: 'POST' | 'PUT', path: string, body: ApiObject): Promise<Outcome> =>
    outcomeOf(ask(client, { method, path, body }, patienceMs));
  return {
    makeSpace: async (name) => {
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      await client.json({ method: 'POST', path: '/api/v1/namespaces', body, timeoutMs: checkMs });
    },
    create: (space, name, value) => write('POST', pathOf(space), slice(name, value)),
    write: (space, name, value, version) =>
      write('PUT', `${pathOf(space)}/${name}`, slice(name, value, version)),
    read: async (space, name) => {
      try {
        const path = `${pathOf(space)}/${name}`;
        const { body, mayBeOld } = await ask<ApiObject>(client, { path }, patienceMs);
        return mayBeOld ? undefined : storedIn(body);
      } catch {
        // A read that fails has shown nothing.
        return undefined;
      }
    },
    list: async (space) => {
      const { body, mayBeOld } = await ask<ApiList>(client, { path: pathOf(space) }, checkMs);
      if (mayBeOld) throw new Error(`${access.name} says that its answer may be old`);
      return body.items.map(storedIn);
    },
    status: async () => {
      const { body } = await ask<PeerStatus>(client, { path: STATUS_PATH }, patienceMs);
      return body.status;
    },
    createToken: async (uses) => {
      const made = await client.json<{ readonly status: { readonly token: string } }>({
        method: 'POST',
        path: '/apis/skein.dev/v1/jointokens',
        body: {
          apiVersion: 'skein.dev/v1',
          kind: 'JoinToken',
          spec: { ttlSeconds: 600, uses },
        },
      });
      return made.status.token;
    },
    close: () => client.close(),
  };
}

/** Texts are annotations of EndpointSlices that belong to no Service: no controller writes to those. */
const pathOf = (space: string): string =>
  `/apis/discovery.k8s.io/v1/namespaces/${space}/endpointslices`;
const annotation = 'torture.skein.dev/text';

const slice = (name: string, value: string, version?: string): Slice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name,
    annotations: { [annotation]: value },
    ...(version === undefined ? {} : { resourceVersion: version }),
  },
  addressType: 'IPv4',
  endpoints: [],
});

interface Slice extends ApiObject {
  readonly addressType: 'IPv4';
  readonly endpoints: readonly never[];
}

const storedIn = ({ metadata }: ApiObject): Stored => ({
  name: metadata?.name ?? '',
  value: metadata?.annotations?.[annotation] ?? '',
  version: metadata?.resourceVersion ?? '',
});

interface Answer<T> {
  readonly body: T;
  readonly mayBeOld: boolean;
}

/** Bounded as a whole, the body too: a peer may be frozen in the middle of it. */
async function ask<T>(
  client: Client,
  request: { readonly method?: string; readonly path: string; readonly body?: ApiObject },
  limitMs: number,
): Promise<Answer<T>> {
  const response = await client.stream(request, AbortSignal.timeout(limitMs));
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as T;
  return { body, mayBeOld: response.headers['warning'] !== undefined };
}

async function outcomeOf(answer: Promise<Answer<ApiObject>>): Promise<Outcome> {
  try {
    return { type: 'done', stored: storedIn((await answer).body) };
  } catch (error) {
    const { message: why } = error as Error;
    return { type: error instanceof CommandFailure ? knownOf(error) : 'unknown', why };
  }
}

function knownOf({ status, message }: CommandFailure): 'refused' | 'conflict' | 'unknown' {
  switch (status?.code) {
    case 409:
      return 'conflict';
    case 429:
    case 503:
    case 507:
      return 'refused';
    case undefined:
      // Not even connected; whatever was lost later may have arrived.
      return message.startsWith('Cannot reach') ? 'refused' : 'unknown';
    default:
      return 'unknown';
  }
}
