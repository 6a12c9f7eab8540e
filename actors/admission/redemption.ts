// Decides what a join request may have: a pure function from the log's records to a transaction or a refusal.

import type { KeyValue, Transaction } from '../../consensus/index.ts';
import type { JoinRequest } from '../../mesh/index.ts';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';
import { base64 } from './base64.ts';
import { nameKey, parsePeer, parseToken, peerKey, tokenKey } from './records.ts';
import type { PeerRecord, TokenRecord } from './records.ts';

/** What was read before deciding; the transaction holds only if nothing of it changed. */
export interface Found {
  readonly token: KeyValue | undefined;
  readonly peer: KeyValue | undefined;
  readonly name: KeyValue | undefined;
}

/** Checks a proof against a token's secret; given, because cryptography is the outside world. */
export type ProofCheck = (secret: Uint8Array, request: JoinRequest) => boolean;

/** A DNS label, as names of Nodes are. */
const nameShape = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** X25519. */
const sealingKeyBytes = 32;

/** Everything a refused joiner hears about its token: a wrong secret sounds like no token. */
const refusedToken = (id: string): SkeinError =>
  new SkeinError(
    'unauthorized',
    `the token ${id} is unknown, used up or expired, or its secret is wrong; ask a member for a new one: skein token create`,
  );

/**
 * Counts one use of the token and records the peer. A peer that was admitted before keeps its name and uses
 * the token again (its data directory may be new). Errors: unauthorized, forbidden, conflict, invalid.
 */
export function decideRedemption(
  request: JoinRequest,
  found: Found,
  checkProof: ProofCheck,
  nowMs: number,
): Result<Transaction> {
  const token = found.token && parseToken(found.token.value);
  const isUsable = token !== undefined && token.usesLeft > 0 && token.expiresAtMs > nowMs;
  if (!isUsable || !checkProof(Buffer.from(token.secret, 'base64'), request)) {
    return failed(refusedToken(request.tokenId));
  }
  const zone = request.zone === '' ? token.zone : request.zone;
  if (token.zone !== zone) {
    return refuse(
      'forbidden',
      `the token admits to zone ${token.zone}, not ${zone}; leave out --zone or ask for a token of that zone`,
    );
  }
  // Name and key go into certificates, keys of the log and sealed boxes, whatever the joiner's program checked.
  if (!nameShape.test(request.name)) {
    return refuse(
      'invalid',
      `${JSON.stringify(request.name)} is no name for a peer: lower-case letters, digits and "-" inside, at most 63; choose another with --name`,
    );
  }
  if (request.sealingKey.length !== sealingKeyBytes) {
    return refuse('invalid', `a sealing key has ${sealingKeyBytes} bytes`);
  }
  const before = found.peer && parsePeer(found.peer.value);
  if (before?.endedAtMs !== undefined) {
    return refuse(
      'forbidden',
      `the membership of peer ${request.peer} was ended; start it with a new data directory`,
    );
  }
  if (found.name !== undefined && found.name.value !== request.peer) {
    return refuse(
      'conflict',
      `the name ${request.name} belongs to another peer (${found.name.value}); choose another with --name`,
    );
  }
  const record: PeerRecord = {
    peer: request.peer,
    name: request.name,
    zone,
    addresses: request.addresses,
    sealingKey: base64(request.sealingKey),
    admittedAtMs: nowMs,
  };
  const renamed = before !== undefined && before.name !== request.name ? before.name : undefined;
  return ok({
    compare: [
      unchanged(tokenKey(request.tokenId), found.token),
      unchanged(peerKey(request.peer), found.peer),
      unchanged(nameKey(request.name), found.name),
    ],
    success: [
      {
        type: 'put',
        key: tokenKey(request.tokenId),
        value: JSON.stringify({ ...token, usesLeft: token.usesLeft - 1 } satisfies TokenRecord),
      },
      { type: 'put', key: peerKey(request.peer), value: JSON.stringify(record) },
      { type: 'put', key: nameKey(request.name), value: request.peer },
      ...(renamed === undefined ? [] : [{ type: 'delete', key: nameKey(renamed) } as const]),
    ],
  });
}

const unchanged = (key: string, kv: KeyValue | undefined) =>
  ({ target: 'mod', key, is: '=', to: kv?.modRevision ?? 0 }) as const;

const refuse = (code: 'forbidden' | 'conflict' | 'invalid', sentence: string): Result<never> =>
  failed(new SkeinError(code, sentence));
