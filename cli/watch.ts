// Follows objects as they change: a list, then its events, begun again when the stream ends.
//
//   list --> stream --(ended, broken)--> stream from the last version
//     ^         └--(410: the version is no longer kept)--┐
//     └---------------------------------------------------┘

import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { abortWithin } from '../runtime/index.ts';
import type { Client } from './client.ts';
import { asFailure, CommandFailure, EXIT, refused } from './failure.ts';
import type { Resource } from './resources.ts';
import { pathOf } from './resources.ts';

/** What is read of any object. */
export interface ApiObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly {
      readonly kind: string;
      readonly name: string;
      readonly uid: string;
      readonly controller?: boolean;
    }[];
  };
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly status?: Readonly<Record<string, unknown>>;
}

export interface ApiList<T = ApiObject> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items: readonly T[];
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: ApiObject & { readonly code?: number; readonly message?: string };
}

/** Between two tries to open a stream. */
const RETRY_MS = 300;

/** The path with the query; empty values are left out. */
export function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const texts = pairs.map(([key, value]): [string, string] => [key, String(value)]);
  const text = new URLSearchParams(texts).toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Lines that are not empty; a stream that breaks off ends them. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') yield line;
    }
  } catch (error) {
    // The reader goes on from the last version it saw, whatever ended the stream.
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/** The events of one stream; ends when the server ends it. Throws what opening throws, and the server's ERROR. */
export async function* watchOnce(
  client: Client,
  path: string,
  accept: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const response = await client.stream({ path, accept }, signal);
  for await (const line of linesOf(response)) {
    const event = JSON.parse(line) as WatchEvent;
    if (event.type === 'ERROR') {
      const { message = 'the watch failed', code = 0 } = event.object;
      throw refused(message, { code, reason: code === 410 ? 'Expired' : '' });
    }
    yield event;
  }
}

const isExpired = (error: unknown): boolean =>
  error instanceof CommandFailure && error.status?.code === 410;
const isUnreachable = (error: unknown): boolean =>
  error instanceof CommandFailure && error.exitCode === EXIT.unreachable;

export interface UntilOptions {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  readonly timeoutMs: number;
  readonly interrupted: AbortSignal;
}

/**
 * Waits until `isDone` says so of the object, or of its absence (undefined). Bridges ended streams and
 * changes of peer. Refuses when the time is up; `what` completes "timed out after 30 s waiting for …".
 */
export async function waitUntil(
  client: Client,
  { resource, namespace, name, timeoutMs, interrupted }: UntilOptions,
  isDone: (object: ApiObject | undefined) => boolean,
  what: string,
): Promise<void> {
  const signal = abortWithin(interrupted, timeoutMs);
  const fieldSelector = `metadata.name=${name}`;
  const collection = pathOf(resource, namespace);
  while (!signal.aborted) {
    try {
      const list = await client.json<ApiList>({ path: withQuery(collection, { fieldSelector }) });
      if (isDone(list.items[0])) return;
      const resourceVersion = list.metadata?.resourceVersion;
      const path = withQuery(collection, { fieldSelector, resourceVersion, watch: true });
      for await (const { type, object } of watchOnce(client, path, 'application/json', signal)) {
        if (type !== 'BOOKMARK' && isDone(type === 'DELETED' ? undefined : object)) return;
      }
    } catch (error) {
      if (!signal.aborted && !isExpired(error) && !isUnreachable(error)) throw asFailure(error);
    }
    await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
  if (interrupted.aborted) throw refused('Interrupted.');
  throw refused(`Timed out after ${timeoutMs / 1_000} s waiting for ${what}.`);
}

/** Yields events of `collection` after `resourceVersion` until interrupted, resuming ended streams. */
export async function* watchFrom(
  client: Client,
  pathAt: (resourceVersion: string) => string,
  accept: string,
  resourceVersion: string,
  interrupted: AbortSignal,
): AsyncGenerator<WatchEvent> {
  let version = resourceVersion;
  while (!interrupted.aborted) {
    try {
      for await (const event of watchOnce(client, pathAt(version), accept, interrupted)) {
        version = versionOf(event.object) ?? version;
        if (event.type !== 'BOOKMARK') yield event;
      }
    } catch (error) {
      if (interrupted.aborted) return;
      if (!isUnreachable(error) && !isExpired(error)) throw error;
      if (isExpired(error)) version = '';
    }
    await delay(RETRY_MS, undefined, { signal: interrupted }).catch(() => undefined);
  }
}

/** An event's own version; a Table carries it in its metadata or in its row. */
function versionOf(object: ApiObject): string | undefined {
  const { rows } = object as { readonly rows?: readonly { readonly object?: ApiObject }[] };
  return rows?.at(-1)?.object?.metadata?.resourceVersion ?? object.metadata?.resourceVersion;
}
