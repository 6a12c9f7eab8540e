// A request to the API and its answer, apart from any socket.

import type { Readable } from 'node:stream';
import type { Status } from '../status.ts';
import type { ProxyTarget } from '../streams/proxy-target.ts';

/** Who asks, as proven by a certificate or a token. */
export interface User {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

export interface ApiRequest {
  readonly method: string;
  /** As sent: percent-encoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** Reads the body once the request is admitted, so that nobody in particular fills no memory. Instead of `body`. */
  readonly readBody?: () => Promise<Uint8Array>;
  /** Whom the client certificate names, once checked against the authority. */
  readonly certificateUser?: User | undefined;
}

export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** One line of a watch. */
export interface ApiEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

/** Takes the events of a watch. */
export interface EventSink {
  /** False when the client is too slow to be served on: the watch ends. */
  readonly event: (event: ApiEvent) => boolean;
  /** Resolves when the client has taken what was sent; rejects when it is gone. */
  readonly ready: () => Promise<void>;
  readonly end: () => void;
}

export interface JsonResponse {
  readonly type: 'json';
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
  /** In lines with indents, for people; default no. */
  readonly pretty?: boolean;
}

export type ApiResponse =
  | JsonResponse
  /** A list, its items one after the other: they may be many, and are put into words only when they are sent. */
  | {
      readonly type: 'list';
      readonly status: 200;
      readonly headers: Headers;
      /** All but the items. */
      readonly head: Readonly<Record<string, unknown>>;
      /** Under which name the items stand. */
      readonly field: string;
      /** JSON of the items. */
      readonly texts: Iterable<string>;
      /** As for `json`. */
      readonly pretty?: boolean;
    }
  | {
      readonly type: 'text';
      readonly status: number;
      readonly headers: Headers;
      readonly text: string;
    }
  | {
      readonly type: 'bytes';
      readonly status: number;
      readonly headers: Headers;
      readonly bytes: Uint8Array;
    }
  /** `start` begins the watch and returns how to stop it; events may come before it returns. */
  | {
      readonly type: 'watch';
      readonly status: 200;
      readonly headers: Headers;
      readonly start: (sink: EventSink) => () => void;
    }
  /** The request is to be passed on, with its body, and what comes back is the answer. */
  | {
      readonly type: 'proxy';
      readonly status: 200;
      readonly headers: Headers;
      readonly target: ProxyTarget;
    }
  | {
      readonly type: 'stream';
      readonly status: 200;
      readonly headers: Headers;
      readonly stream: Readable;
    };

/** A JSON answer. */
export const json = (body: unknown, status = 200, headers: Headers = {}): JsonResponse => ({
  type: 'json',
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body,
});

type ListResponse = Extract<ApiResponse, { type: 'list' }>;

/** The pieces of a list's JSON. */
export const listPieces = (list: ListResponse): Generator<string> =>
  list.pretty === true ? prettyPieces(list) : plainPieces(list);

function* plainPieces({ head, field, texts }: ListResponse): Generator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"${field}":[`;
  let comma = '';
  for (const text of texts) {
    yield comma + text;
    comma = ',';
  }
  yield ']}';
}

/** In lines with indents, item by item. */
function* prettyPieces({ head, field, texts }: ListResponse): Generator<string> {
  yield `${JSON.stringify(head, null, 2).slice(0, -'\n}'.length)},\n  "${field}": [`;
  let comma = '\n    ';
  let end = ']\n}';
  for (const text of texts) {
    yield comma + JSON.stringify(JSON.parse(text), null, 2).replaceAll('\n', '\n    ');
    comma = ',\n    ';
    end = '\n  ]\n}';
  }
  yield end;
}

/** What an answer says in JSON; undefined for one that is none. For those who ask in this process. */
export function bodyOf(response: ApiResponse): unknown {
  if (response.type === 'json') return response.body;
  if (response.type === 'list') return JSON.parse([...listPieces(response)].join(''));
  return undefined;
}

/** A plain text answer. */
export const text = (words: string, status = 200): ApiResponse => ({
  type: 'text',
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  text: words,
});

/** The answer to a refused request. */
export function refusal(status: Status, headers: Headers = {}): JsonResponse {
  const retry = status.details?.retryAfterSeconds;
  return json(status, status.code, {
    ...(retry === undefined ? {} : { 'retry-after': String(retry) }),
    ...(status.code === 401 ? { 'www-authenticate': 'Bearer realm="skein"' } : {}),
    ...headers,
  });
}
