// Where a chunked list goes on: the revision that all its pages show, and the last key that was sent.

import { badRequest } from '../status.ts';

export interface Continuation {
  readonly revision: number;
  /** The store key of the last object of the page before. */
  readonly after: string;
}

/** Longest token; it holds one key. */
const MAX_TOKEN_LENGTH = 2_048;

/** The token for `metadata.continue`. */
export const printContinuation = ({ revision, after }: Continuation): string =>
  Buffer.from(JSON.stringify({ v: 1, revision, after })).toString('base64url');

const broken = (): Error =>
  badRequest('the continue token is not one of this API: start the list again without it');

/** Reads a token back. `prefix` is where the list looks, so that no token can reach beyond it. */
export function parseContinuation(token: string, prefix: string): Continuation {
  if (token.length > MAX_TOKEN_LENGTH) throw broken();
  let read: { v?: unknown; revision?: unknown; after?: unknown } | null;
  try {
    read = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as typeof read;
  } catch {
    throw broken();
  }
  const { v, revision, after } = read ?? {};
  const isWhole = typeof revision === 'number' && Number.isSafeInteger(revision) && revision > 0;
  if (v !== 1 || !isWhole || typeof after !== 'string' || !after.startsWith(prefix)) throw broken();
  return { revision, after };
}
