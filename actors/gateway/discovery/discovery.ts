// Answers to paths that name no resource: health, version, and what there is to ask for.

import type { ApiRequest, ApiResponse } from '../request/api-request.ts';
import { json, text } from '../request/api-request.ts';
import { acceptsJson, parseAccept, requireJson } from '../request/accept.ts';
import { methodNotAllowed, noSuchPath } from '../status.ts';
import { answerIssuer } from '../accounts/issuer-discovery.ts';
import type { IssuerDiscovery } from '../accounts/issuer-discovery.ts';
import type { GroupVersion } from './catalog.ts';
import {
  aggregatedDocument,
  apiVersionsDocument,
  groupDocument,
  groupListDocument,
  namedGroups,
  resourceListDocument,
  versionDocument,
} from './documents.ts';

export interface DiscoveryOptions extends IssuerDiscovery {
  readonly catalog: readonly GroupVersion[];
  /** Of this program, without a leading v. */
  readonly version: string;
  /** As in linux/amd64. */
  readonly platform: string;
  /** Why this peer should get no new requests; undefined when it should. */
  readonly unready: () => string | undefined;
}

/** The version of aggregated discovery that the client prefers to the classic form; undefined for none. */
function aggregatedVersion(accept: string | undefined): string | undefined {
  for (const range of parseAccept(accept)) {
    if (!acceptsJson(range)) continue;
    const { g, v, as } = range.parameters;
    if (as === undefined) return undefined;
    const isOurs = g === 'apidiscovery.k8s.io' && as === 'APIGroupDiscoveryList';
    if (isOurs && (v === 'v2' || v === 'v2beta1')) return v;
  }
  return undefined;
}

function roots(options: DiscoveryOptions, request: ApiRequest, core: boolean): ApiResponse {
  const version = aggregatedVersion(request.headers['accept']);
  if (version !== undefined) {
    const parameters = `g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
    return json(aggregatedDocument(options.catalog, core, version), 200, {
      'content-type': `application/json;${parameters}`,
      vary: 'Accept',
    });
  }
  requireJson(request.headers['accept']);
  const document = core
    ? apiVersionsDocument(options.serverAddress)
    : groupListDocument(options.catalog);
  return json(document, 200, { vary: 'Accept' });
}

function health(options: DiscoveryOptions, path: string): ApiResponse | undefined {
  switch (path) {
    case '/healthz':
    case '/livez':
    case '/healthz/ping':
    case '/livez/ping':
    case '/readyz/ping':
      return text('ok');
    case '/readyz': {
      const why = options.unready();
      return why === undefined ? text('ok') : text(`not ready: ${why}\n`, 503);
    }
    default:
      return undefined;
  }
}

/** Answers, or throws 404 and 405. */
export function answerPath(
  options: DiscoveryOptions,
  request: ApiRequest,
  path: string,
): ApiResponse {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed();
  const healthy = health(options, path);
  if (healthy !== undefined) return healthy;
  const issuer = answerIssuer(options, path);
  if (issuer !== undefined) return issuer;
  if (path === '/version') return json(versionDocument(options.version, options.platform));
  if (path === '/api') return roots(options, request, true);
  if (path === '/apis') return roots(options, request, false);
  const [root, group = '', version] = path.split('/').slice(1);
  if (root === 'api' && version === undefined) return resources(options, '', group);
  if (root !== 'apis') throw noSuchPath();
  const versions = namedGroups(options.catalog).get(group);
  if (versions === undefined) throw noSuchPath();
  if (version !== undefined) return resources(options, group, version);
  return json({ kind: 'APIGroup', apiVersion: 'v1', ...groupDocument(group, versions) });
}

function resources(options: DiscoveryOptions, group: string, version: string): ApiResponse {
  const found = options.catalog.find((entry) => entry.group === group && entry.version === version);
  if (found === undefined) throw noSuchPath();
  return json(resourceListDocument(found));
}
