// DeleteOptions, from the query and from the body.

import type { ApiRequest } from '../request/api-request.ts';
import type { JsonObject } from '../request/body.ts';
import { decodeObject, isObject } from '../request/body.ts';
import { isDryRun, wholeNumber } from '../request/parameters.ts';
import { badRequest } from '../status.ts';
import type { DeleteOptions, PropagationPolicy } from './deletion.ts';

const POLICIES: ReadonlySet<unknown> = new Set(['Background', 'Foreground', 'Orphan']);

function policyOf(query: URLSearchParams, body: JsonObject): PropagationPolicy | undefined {
  const given = body['propagationPolicy'] ?? query.get('propagationPolicy') ?? undefined;
  const orphans = body['orphanDependents'] ?? query.get('orphanDependents') ?? undefined;
  if (given === undefined || given === '') {
    if (orphans === undefined || orphans === '') return undefined;
    return orphans === true || orphans === 'true' ? 'Orphan' : 'Background';
  }
  if (!POLICIES.has(given)) {
    throw badRequest(
      `invalid propagationPolicy ${JSON.stringify(given)}: it must be Background, Foreground or Orphan`,
    );
  }
  return given as PropagationPolicy;
}

function graceOf(query: URLSearchParams, body: JsonObject): number | undefined {
  const given = body['gracePeriodSeconds'];
  if (given === undefined || given === null) return wholeNumber(query, 'gracePeriodSeconds');
  if (!Number.isSafeInteger(given)) {
    throw badRequest(
      `invalid gracePeriodSeconds ${JSON.stringify(given)}: a whole number is needed`,
    );
  }
  // Kubernetes reads a negative period as the shortest that is not "at once".
  return Number(given) < 0 ? 1 : Number(given);
}

function preconditionsOf(body: JsonObject): Pick<DeleteOptions, 'uid' | 'resourceVersion'> {
  const given = body['preconditions'];
  if (given === undefined || given === null) return {};
  if (!isObject(given)) throw badRequest('preconditions must be an object');
  const { uid, resourceVersion } = given;
  for (const value of [uid, resourceVersion]) {
    if (value !== undefined && value !== null && typeof value !== 'string') {
      throw badRequest('preconditions.uid and preconditions.resourceVersion must be strings');
    }
  }
  return {
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}

/** Reads options that were decoded already; the body goes before the query. Throws 400. */
export function deleteOptionsOf(query: URLSearchParams, body: JsonObject): DeleteOptions {
  const gracePeriodSeconds = graceOf(query, body);
  const propagationPolicy = policyOf(query, body);
  const given = body['dryRun'] ?? [];
  if (!Array.isArray(given)) throw badRequest('dryRun must be a list');
  return {
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...preconditionsOf(body),
    dryRun: isDryRun([
      ...query.getAll('dryRun'),
      ...given.map((value) => JSON.stringify(value).slice(1, -1)),
    ]),
  };
}

/** The options of a DELETE request; its body may be empty. */
export function parseDeleteOptions({ query, body, headers }: ApiRequest): DeleteOptions {
  return deleteOptionsOf(
    query,
    body.length === 0 ? {} : decodeObject(body, headers['content-type']),
  );
}
