// The query parameters that Kubernetes' verbs share.

import { badRequest } from '../status.ts';

/** Longest selector; each is parsed once for a request. */
const MAX_SELECTOR_LENGTH = 8_192;

/** A whole number, or undefined when absent or empty. */
export function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const given = query.get(name);
  if (given === null || given === '') return undefined;
  if (!/^\d{1,15}$/.test(given)) {
    throw badRequest(
      `invalid value ${JSON.stringify(given)} of ${name}: it must be a whole number`,
    );
  }
  return Number(given);
}

/** True for true and 1, false for false, 0 and absent. */
export function flag(query: URLSearchParams, name: string): boolean {
  const given = query.get(name);
  if (given === null || given === '' || given === 'false' || given === '0') return false;
  if (given === 'true' || given === '1') return true;
  throw badRequest(`invalid value ${JSON.stringify(given)} of ${name}: it must be true or false`);
}

/** Programs with which people look at answers themselves. */
const READ_BY_PEOPLE = /^(curl|Wget|Mozilla\/5\.0)/;

/** True when the answer shall be printed for people: asked for, or because of who asks. */
export function isPretty(query: URLSearchParams, userAgent: string | undefined): boolean {
  const given = query.get('pretty') ?? '';
  if (given !== '') return ['1', 't', 'true'].includes(given.toLowerCase());
  return READ_BY_PEOPLE.test(userAgent ?? '');
}

/** A selector as written; '' selects all. */
export function selectorText(query: URLSearchParams, name: string): string {
  const given = query.get(name) ?? '';
  if (given.length > MAX_SELECTOR_LENGTH) {
    throw badRequest(
      `${name} has ${given.length} characters; ${MAX_SELECTOR_LENGTH} are allowed: select less`,
    );
  }
  return given;
}

/** True when the write shall only be tried. */
export function isDryRun(values: readonly string[]): boolean {
  const other = values.find((value) => value !== 'All');
  if (other !== undefined) {
    throw badRequest(`invalid dryRun value ${JSON.stringify(other)}: the only one is "All"`);
  }
  return values.length > 0;
}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** What shall become of unknown fields; Kubernetes' default is Warn. */
export function fieldValidation(query: URLSearchParams): FieldValidation {
  const given = query.get('fieldValidation') ?? '';
  if (given === '') return 'Warn';
  if (given === 'Strict' || given === 'Warn' || given === 'Ignore') return given;
  throw badRequest(
    `invalid fieldValidation ${JSON.stringify(given)}: it must be Strict, Warn or Ignore`,
  );
}

/** How a read's resourceVersion binds the answer. */
export interface VersionBound {
  /** Undefined: the most recent. 0: whatever is here. N: at least N, or exactly N. */
  readonly revision: number | undefined;
  readonly exact: boolean;
}

/** resourceVersion and resourceVersionMatch of a get, list or watch. */
export function versionBound(query: URLSearchParams): VersionBound {
  const revision = wholeNumber(query, 'resourceVersion');
  const match = query.get('resourceVersionMatch') ?? '';
  if (match !== '' && match !== 'Exact' && match !== 'NotOlderThan') {
    throw badRequest(
      `invalid resourceVersionMatch ${JSON.stringify(match)}: it must be Exact or NotOlderThan`,
    );
  }
  const initial = flag(query, 'sendInitialEvents');
  if (match !== '' && revision === undefined && !initial) {
    throw badRequest('resourceVersionMatch is forbidden unless resourceVersion is provided');
  }
  if (match === 'Exact' && revision === 0) {
    throw badRequest('resourceVersionMatch "Exact" is forbidden for resourceVersion "0"');
  }
  return { revision, exact: match === 'Exact' };
}
