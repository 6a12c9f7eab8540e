// A gateway over the store in memory, and short ways to ask it.

import { issueAccountToken, readAccountToken } from '../../../actors/admission/account-token.ts';
import type { AccountTokens } from '../../../actors/objects/account-claims.ts';
import { createObjects } from '../../../actors/objects/object-store.ts';
import type { PodStreams } from '../../../actors/objects/pod-streams.ts';
import type { ExtraResources } from '../../../actors/gateway/extra-resources.ts';
import type { Gateway } from '../../../actors/gateway/gateway.ts';
import { createGateway } from '../../../actors/gateway/gateway.ts';
import type { GatewayOptions } from '../../../actors/gateway/options.ts';
import type {
  ApiEvent,
  ApiRequest,
  ApiResponse,
  EventSink,
} from '../../../actors/gateway/request/api-request.ts';
import { bodyOf } from '../../../actors/gateway/request/api-request.ts';
import type { JsonObject } from '../../../actors/gateway/request/body.ts';
import type { Store } from '../../../consensus/index.ts';
import type { Clock, Logger, Random } from '../../../runtime/index.ts';
import { generateSigningKey, signEd25519, verifyEd25519 } from '../../../mesh/index.ts';
import { failed, ok, SkeinError } from '../../../runtime/index.ts';
import { writeDefaultRoles } from '../replication/default-roles-fixture.ts';
import type { MemoryStore } from '../objects/memory-store.ts';
import { createMemoryStore } from '../objects/memory-store.ts';

/** A clock that only moves when it is told to. */
export interface TestClock extends Clock {
  readonly advance: (ms: number) => Promise<void>;
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export function createTestClock(): TestClock {
  let now = Date.parse('2026-11-22T12:00:00Z');
  const start = now;
  const timers = new Set<{ at: number; fire: () => void }>();
  return {
    monotonicMs: () => now - start,
    wallMs: () => now,
    setTimer: (delayMs, fire) => {
      const timer = { at: now + delayMs, fire };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance: async (ms) => {
      const end = now + ms;
      for (;;) {
        await settle();
        const [next] = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        timers.delete(next);
        now = next.at;
        next.fire();
      }
      now = end;
    },
  };
}

/** Pseudo-random numbers from a seed (mulberry32). */
export function createTestRandom(seed = 1): Random {
  let state = seed;
  const float = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (limit: number): number => Math.floor(float() * limit);
  return {
    float,
    integer,
    bytes: (length) => Uint8Array.from({ length }, () => integer(256)),
  };
}

/** A log whose lines can be looked at. */
export interface TestLog extends Logger {
  readonly errors: string[];
  readonly infos: Readonly<Record<string, unknown>>[];
}

export function createTestLog(): TestLog {
  const errors: string[] = [];
  const infos: Readonly<Record<string, unknown>>[] = [];
  const log: TestLog = {
    errors,
    infos,
    debug: () => undefined,
    info: (_, fields) => void infos.push(fields ?? {}),
    warn: () => undefined,
    error: (message, fields) => errors.push(`${message} ${JSON.stringify(fields)}`),
    child: () => log,
  };
  return log;
}

const noStreams = (): Promise<ReturnType<typeof failed>> =>
  Promise.resolve(failed(new SkeinError('unavailable', 'no streams in this test')));

export const ADMIN_TOKEN = 'admin-token';
export const READER_TOKEN = 'reader-token';

const key = generateSigningKey();

/** Tokens of accounts, signed with a key of the test's own. */
const testTokens = (nowMs: () => number): AccountTokens => ({
  sign: (claims) =>
    Promise.resolve(ok(issueAccountToken(claims, (bytes) => signEd25519(key.seed, bytes)))),
  read: (token) =>
    readAccountToken(
      token,
      (bytes, signature) => verifyEd25519(key.publicKey, bytes, signature),
      nowMs(),
    ),
  publicKey: () => key.publicKey,
});

/** Users by their tokens. */
const TEST_USERS = new Map(
  [
    { name: 'bob', groups: ['developers'] },
    { name: 'carol', groups: [] },
    { name: 'system:node:n1', groups: ['system:nodes'] },
    {
      name: 'system:serviceaccount:default:robot',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:default'],
    },
  ].map((user) => [user.name, user]),
);

/** The header that proves to be one of the test's users. */
export const as = (name: string): Record<string, string> => ({ authorization: `Bearer ${name}` });

export interface Fixture {
  readonly gateway: Gateway;
  readonly store: MemoryStore;
  readonly clock: TestClock;
  readonly log: TestLog;
  readonly options: GatewayOptions;
  /** As an administrator. */
  readonly ask: (
    method: string,
    target: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<ApiResponse>;
  /** The JSON answer, whatever its status. */
  readonly json: (
    method: string,
    target: string,
    body?: unknown,
    headers?: Record<string, string>,
  ) => Promise<JsonObject>;
  /** Starts a watch. */
  readonly watch: (target: string, headers?: Record<string, string>) => Promise<Watching>;
}

export interface Watching {
  readonly events: ApiEvent[];
  readonly ended: () => boolean;
  readonly stop: () => void;
}

/** A request as the gateway takes it. */
export function request(
  method: string,
  target: string,
  body?: unknown,
  headers: Record<string, string> = {},
): ApiRequest {
  const [path = '', query = ''] = target.split('?', 2);
  const bytes =
    body === undefined
      ? new Uint8Array()
      : body instanceof Uint8Array
        ? body
        : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  return { method, path, query: new URLSearchParams(query), headers, body: bytes };
}

/** Collects the events of a watch. */
export function collect(response: ApiResponse): Watching {
  if (response.type !== 'watch') throw new Error(`not a watch: ${JSON.stringify(response)}`);
  const events: ApiEvent[] = [];
  let ended = false;
  const sink: EventSink = {
    event: (event) => {
      events.push(event);
      return true;
    },
    ready: () => Promise.resolve(),
    end: () => (ended = true),
  };
  return { events, ended: () => ended, stop: response.start(sink) };
}

/** As seen from a minority. */
function withoutQuorum(store: Store): Store {
  const lost = (): Promise<ReturnType<typeof failed>> =>
    Promise.resolve(failed(new SkeinError('unavailable', 'no leader is known')));
  return { ...store, barrier: lost, transact: lost };
}

export interface FixtureOptions {
  readonly streams?: Partial<PodStreams>;
  readonly extras?: ExtraResources;
  readonly unready?: () => string | undefined;
  /** Another gateway over the same store. */
  readonly store?: MemoryStore;
  /** With the default roles and bindings, as the zone's controller writes them. */
  readonly roles?: boolean;
  /** Neither barriers nor writes find a quorum. */
  readonly noQuorum?: boolean;
}

/** With the namespace `default`. */
export async function createFixture(given: FixtureOptions = {}): Promise<Fixture> {
  const store = given.store ?? createMemoryStore();
  const clock = createTestClock();
  const log = createTestLog();
  const reached: Store = given.noQuorum === true ? withoutQuorum(store) : store;
  const options: GatewayOptions = {
    store: reached,
    objects: createObjects(reached),
    streams: {
      logs: noStreams,
      exec: noStreams,
      attach: noStreams,
      connect: noStreams,
      ...given.streams,
    },
    reviewToken: async (token) => {
      if (token === ADMIN_TOKEN) return { name: 'admin', groups: ['system:masters'] };
      if (token === READER_TOKEN) return { name: 'reader', groups: [] };
      return TEST_USERS.get(token);
    },
    accountTokens: testTokens(() => clock.wallMs()),
    extras: given.extras ?? [],
    clock,
    random: createTestRandom(),
    log,
    version: '0.1.0',
    platform: 'linux/amd64',
    serverAddress: '127.0.0.1:6443',
    unready: given.unready ?? (() => undefined),
  };
  const gateway = createGateway(options);
  const ask: Fixture['ask'] = (method, target, body, headers = {}) =>
    gateway.handle(
      request(method, target, body, { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers }),
    );
  const json: Fixture['json'] = async (...of) => {
    const response = await ask(...of);
    const said = bodyOf(response);
    if (said === undefined) throw new Error(`not JSON: ${response.type}`);
    return said as JsonObject;
  };
  const watch: Fixture['watch'] = async (target, headers) =>
    collect(await ask('GET', target, undefined, headers));
  const fixture = { gateway, store, clock, log, options, ask, json, watch };
  if (given.roles === true) await writeDefaultRoles(options.objects, clock.wallMs());
  if (given.store !== undefined) return fixture;
  const made = await json('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  if (made['kind'] === 'Status') throw new Error(JSON.stringify(made));
  return fixture;
}

/** Lets everything that is ready to run do so. */
export { settle };

export const pod = (name: string, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name } },
  spec: { containers: [{ name: 'main', image: 'none', command: ['sleep', '1'] }] },
  ...more,
});

export const deployment = (name: string, replicas = 1): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'none', command: ['sleep', '1'] }] },
    },
  },
});
