// GET /openapi/v2 and /openapi/v3/…: documents that are built when first asked for, a little at a time, and kept.

import type { Clock } from '../../../runtime/index.ts';
import type { GroupVersion } from '../discovery/catalog.ts';
import { groupVersionName } from '../discovery/catalog.ts';
import { acceptsJson, parseAccept } from '../request/accept.ts';
import type { ApiRequest, ApiResponse, Headers } from '../request/api-request.ts';
import { json } from '../request/api-request.ts';
import { methodNotAllowed, noSuchPath, notAcceptable } from '../status.ts';
import type { Document } from './assembly.ts';
import type { Build } from './builders.ts';
import { buildV2, buildV2Protobuf, buildV3 } from './builders.ts';
import { createPace } from '../pace.ts';

export interface PublicationOptions {
  readonly catalog: readonly GroupVersion[];
  /** Of this program. */
  readonly version: string;
  readonly clock: Clock;
}

export interface Publication {
  /** Answers a path that begins with /openapi. Throws 404, 405 and 406. */
  readonly answer: (request: ApiRequest, path: string) => Promise<ApiResponse>;
}

/**
 * Clients ask for `…spec.v2@v1.0+protobuf`; answered with that, those in Go cannot read the type: `@` may not
 * stand in one.
 */
const PROTOBUF_ASKED = /^application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf$/;
const PROTOBUF_ANSWERED = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** A document under its hash never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable';

const nameOf = ({ group, version }: GroupVersion): string =>
  `${group === '' ? 'api' : 'apis'}/${groupVersionName(group, version)}`;

function wantsProtobuf(accept: string | undefined): boolean {
  for (const range of parseAccept(accept)) {
    if (PROTOBUF_ASKED.test(range.mediaType)) return true;
    if (acceptsJson(range)) return false;
  }
  throw notAcceptable(`application/json, ${PROTOBUF_ANSWERED}`);
}

/** The document, or 304 when the client has it. */
function answerDocument(
  request: ApiRequest,
  { bytes, hash }: Document,
  headers: Record<string, string>,
): ApiResponse {
  const etag = `"${hash}"`;
  const all: Headers = { etag, vary: 'Accept', ...headers };
  const known = (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim());
  const isKnown = known.some((tag) => tag === etag || tag === `W/${etag}` || tag === '*');
  return isKnown
    ? { type: 'bytes', status: 304, headers: all, bytes: new Uint8Array() }
    : { type: 'bytes', status: 200, headers: all, bytes };
}

/** The documents of what is served. */
export function createPublication(options: PublicationOptions): Publication {
  const { catalog, version, clock } = options;
  const built = new Map<string, Promise<Document>>();
  const pace = createPace(clock);

  /** Who asks while it is built waits for the same document. */
  const once = (key: string, build: Build, entries: readonly GroupVersion[]): Promise<Document> => {
    const known = built.get(key);
    if (known !== undefined) return known;
    const building = build(entries, version, pace);
    built.set(key, building);
    building.catch(() => built.delete(key));
    return building;
  };
  const documentV3 = (entry: GroupVersion): Promise<Document> =>
    once(nameOf(entry), buildV3, [entry]);

  const index = async (): Promise<ApiResponse> => {
    const paths: Record<string, unknown> = {};
    for (const entry of catalog) {
      const name = nameOf(entry);
      const { hash } = await documentV3(entry);
      paths[name] = { serverRelativeURL: `/openapi/v3/${name}?hash=${hash}` };
    }
    return json({ paths });
  };

  const answerV3 = async (request: ApiRequest, name: string): Promise<ApiResponse> => {
    const entry = catalog.find((candidate) => nameOf(candidate) === name);
    if (entry === undefined) throw noSuchPath();
    if (!parseAccept(request.headers['accept']).some(acceptsJson)) {
      throw notAcceptable('application/json');
    }
    const document = await documentV3(entry);
    const asked = request.query.get('hash') ?? '';
    if (asked !== '' && asked !== document.hash) {
      const location = `/openapi/v3/${name}?hash=${document.hash}`;
      return { type: 'bytes', status: 301, headers: { location }, bytes: new Uint8Array() };
    }
    const caching: Record<string, string> = asked === '' ? {} : { 'cache-control': FOR_EVER };
    return answerDocument(request, document, { 'content-type': 'application/json', ...caching });
  };

  const answerV2 = async (request: ApiRequest): Promise<ApiResponse> => {
    if (!wantsProtobuf(request.headers['accept'])) {
      const document = await once('v2', buildV2, catalog);
      return answerDocument(request, document, { 'content-type': 'application/json' });
    }
    const document = await once('v2+protobuf', buildV2Protobuf, catalog);
    return answerDocument(request, document, { 'content-type': PROTOBUF_ANSWERED });
  };

  return {
    answer: async (request, path) => {
      if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
      if (path === '/openapi/v2') return answerV2(request);
      if (path === '/openapi/v3') return index();
      const prefix = '/openapi/v3/';
      if (path.startsWith(prefix)) return answerV3(request, path.slice(prefix.length));
      throw noSuchPath();
    },
  };
}
