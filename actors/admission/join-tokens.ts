// Makes join tokens: the log keeps the secret for checking proofs, the person gets the text.

import type { Store } from '../../consensus/index.ts';
import { formatToken, generateToken } from '../../mesh/index.ts';
import type { Clock, Result } from '../../runtime/index.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import { base64 } from './base64.ts';
import { tokenKey } from './records.ts';
import type { TokenRecord } from './records.ts';

export interface NewToken {
  readonly token: string;
  /** Unix epoch, milliseconds. */
  readonly expiresAtMs: number;
}

export async function createJoinToken(
  store: Store,
  clock: Clock,
  authorityHash: Uint8Array,
  wish: { readonly ttlMs: number; readonly uses: number; readonly zone: string },
): Promise<Result<NewToken>> {
  const token = generateToken(authorityHash);
  const expiresAtMs = clock.wallMs() + wish.ttlMs;
  const record: TokenRecord = {
    secret: base64(token.secret),
    expiresAtMs,
    usesLeft: wish.uses,
    zone: wish.zone,
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
