// Join tokens: the log keeps a public key and what is left of each, the person gets the text.

import type { KeyValue, Store, StoreView } from '../../consensus/index.ts';
import { formatToken, generateToken, tokenKey as keyOfSecret } from '../../mesh/index.ts';
import type { Clock, Result } from '../../runtime/index.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import { base64 } from './base64.ts';
import { parseToken, tokenKey, tokensEnd, tokensPrefix } from './records.ts';
import type { TokenRecord } from './records.ts';

/** Tokens in the log at once, those that expired within the last week among them. */
const tokensMax = 1_000;
/** Decisions taken again after a use was counted in between. */
const attemptsMax = 8;

export interface NewToken {
  readonly token: string;
  /** Unix epoch, milliseconds. */
  readonly expiresAtMs: number;
}

export interface TokenWish {
  readonly ttlMs: number;
  readonly uses: number;
  readonly zone: string;
  /** The user who asks. */
  readonly createdBy: string;
}

export type TokenState = 'usable' | 'used-up' | 'expired' | 'revoked';

/** What may be told of a token: everything but its text, which nobody has any more. */
export interface TokenNote extends Omit<TokenRecord, 'publicKey'> {
  readonly id: string;
  readonly state: TokenState;
}

/** Errors: overloaded (too many tokens), conflict, and those of `transact`. */
export async function createJoinToken(
  store: Store,
  clock: Clock,
  authorityHash: Uint8Array,
  wish: TokenWish,
): Promise<Result<NewToken>> {
  if (store.view.count(tokensPrefix, tokensEnd) >= tokensMax) {
    const sentence = `the log holds ${tokensMax} join tokens, and no more: use one that is there (skein token list), or wait until some are collected, a week after they expire`;
    return failed(new SkeinError('overloaded', sentence));
  }
  const token = generateToken(authorityHash);
  const createdAtMs = clock.wallMs();
  const expiresAtMs = createdAtMs + wish.ttlMs;
  const { uses, zone, createdBy } = wish;
  const record: TokenRecord = {
    publicKey: base64(keyOfSecret(token.secret).publicKey),
    zone,
    uses,
    usesLeft: uses,
    createdBy,
    createdAtMs,
    expiresAtMs,
  };
  const key = tokenKey(token.id);
  const written = await store.transact({
    compare: [{ target: 'create', key, is: '=', to: 0 }],
    success: [{ type: 'put', key, value: JSON.stringify(record) }],
  });
  if (!written.ok) return written;
  if (written.value.succeeded) return ok({ token: formatToken(token), expiresAtMs });
  return failed(new SkeinError('conflict', 'a token of this id exists already: ask again'));
}

/** All that the log still has, by id. */
export const listJoinTokens = (view: StoreView, nowMs: number): readonly TokenNote[] =>
  view.range(tokensPrefix, tokensEnd).kvs.map((kv) => noteOf(kv, nowMs));

/** Takes a token back, for every peer at once. Errors: not-found, conflict, and those of `transact`. */
export async function revokeJoinToken(
  store: Store,
  clock: Clock,
  id: string,
): Promise<Result<TokenNote>> {
  const key = tokenKey(id);
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const kv = store.view.get(key);
    if (kv === undefined) {
      return failed(new SkeinError('not-found', `no join token has the id ${id}`));
    }
    const record = parseToken(kv.value);
    if (record.revokedAtMs !== undefined) return ok(noteOf(kv, clock.wallMs()));
    const value = JSON.stringify({ ...record, revokedAtMs: clock.wallMs() } satisfies TokenRecord);
    const written = await store.transact({
      compare: [{ target: 'mod', key, is: '=', to: kv.modRevision }],
      success: [{ type: 'put', key, value }],
    });
    if (!written.ok) return written;
    if (written.value.succeeded) return ok(noteOf({ key, value }, clock.wallMs()));
  }
  return failed(new SkeinError('conflict', `many peers join with the token ${id}: ask again`));
}

function noteOf({ key, value }: Pick<KeyValue, 'key' | 'value'>, nowMs: number): TokenNote {
  const { publicKey: _, ...record } = parseToken(value);
  return { ...record, id: key.slice(tokensPrefix.length), state: stateOf(record, nowMs) };
}

function stateOf(
  { revokedAtMs, expiresAtMs, usesLeft }: Omit<TokenRecord, 'publicKey'>,
  nowMs: number,
): TokenState {
  if (revokedAtMs !== undefined) return 'revoked';
  if (expiresAtMs <= nowMs) return 'expired';
  return usesLeft < 1 ? 'used-up' : 'usable';
}
