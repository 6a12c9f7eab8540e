// Decides what a join request may have: a pure function from the log's records to a transaction or a refusal.

import type { KeyValue, Operation, Transaction } from '../../consensus/index.ts';
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

/** Checks a proof against a token's public key; given, because cryptography is the outside world. */
export type ProofCheck = (publicKey: Uint8Array, request: JoinRequest) => boolean;

/** A DNS label, as names of Nodes are. */
const nameShape = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** X25519. */
const sealingKeyBytes = 32;

const remedy = 'ask a member for a new one: skein token create';

/**
 * Counts one use of the token and records the peer. A peer that was let in before keeps its place: by the same token
 * again without another use, since its answer may have been lost; after its membership ended by a token that was made
 * since, so that nobody comes back by what is left of an old one. Errors: unauthorized, forbidden, conflict, invalid.
 */
export function decideRedemption(
  request: JoinRequest,
  found: Found,
  checkProof: ProofCheck,
  nowMs: number,
): Result<Transaction> {
  const before = found.peer && parsePeer(found.peer.value);
  const isRepeated = before?.endedAtMs === undefined && before?.token === request.tokenId;
  const token = usableToken(request, found.token, isRepeated, checkProof, nowMs);
  if (!token.ok) return token;
  const refusal = refusalOf(request, found, token.value, before);
  if (refusal !== undefined) return failed(refusal);
  const record: PeerRecord = {
    peer: request.peer,
    name: request.name,
    zone: token.value.zone,
    addresses: request.addresses,
    sealingKey: base64(request.sealingKey),
    // Certificates begin here: behind the end of the membership before, by whatever clock that was written.
    admittedAtMs: Math.max(nowMs, (before?.endedAtMs ?? 0) + 1),
    token: request.tokenId,
    ...(before?.goneIncarnation !== undefined && { goneIncarnation: before.goneIncarnation }),
  };
  return ok({
    compare: [
      unchanged(tokenKey(request.tokenId), found.token),
      unchanged(peerKey(request.peer), found.peer),
      unchanged(nameKey(request.name), found.name),
    ],
    success: [
      ...(isRepeated ? [] : [used(request.tokenId, token.value)]),
      { type: 'put', key: peerKey(request.peer), value: JSON.stringify(record) },
      { type: 'put', key: nameKey(request.name), value: request.peer },
      ...freedName(before, request.name),
    ],
  });
}

/** A wrong proof hears nothing of what the token still holds. */
function usableToken(
  request: JoinRequest,
  found: KeyValue | undefined,
  isRepeated: boolean,
  checkProof: ProofCheck,
  nowMs: number,
): Result<TokenRecord> {
  const { tokenId: id } = request;
  const unauthorized = (sentence: string) => failed(new SkeinError('unauthorized', sentence));
  if (found === undefined) {
    return unauthorized(
      `the token ${id} is not known here: it was never made in this cluster, or expired long ago; ${remedy}`,
    );
  }
  const token = parseToken(found.value);
  if (!checkProof(Buffer.from(token.publicKey, 'base64'), request)) {
    return unauthorized(
      `the token ${id} was not proven: its secret is wrong, or the proof was made for another conversation; copy the whole token, or ${remedy}`,
    );
  }
  if (token.revokedAtMs !== undefined) {
    return unauthorized(`the token ${id} was revoked at ${at(token.revokedAtMs)}; ${remedy}`);
  }
  if (token.expiresAtMs <= nowMs) {
    return unauthorized(`the token ${id} expired at ${at(token.expiresAtMs)}; ${remedy}`);
  }
  if (token.usesLeft < 1 && !isRepeated) {
    const peers = token.uses === 1 ? '1 peer, which has' : `${token.uses} peers, which have`;
    return unauthorized(`the token ${id} is used up: it was for ${peers} joined; ${remedy}`);
  }
  return ok(token);
}

function refusalOf(
  request: JoinRequest,
  found: Found,
  token: TokenRecord,
  before: PeerRecord | undefined,
): SkeinError | undefined {
  if (request.zone !== '' && token.zone !== request.zone) {
    return new SkeinError(
      'forbidden',
      `the token admits to zone ${token.zone}, not ${request.zone}; leave out --zone or ask for a token of that zone`,
    );
  }
  // Name and key go into certificates, keys of the log and sealed boxes, whatever the joiner's program checked.
  if (!nameShape.test(request.name)) {
    return new SkeinError(
      'invalid',
      `${JSON.stringify(request.name)} is no name for a peer: lower-case letters, digits and "-" inside, at most 63; choose another with --name`,
    );
  }
  if (request.sealingKey.length !== sealingKeyBytes) {
    return new SkeinError('invalid', `a sealing key has ${sealingKeyBytes} bytes`);
  }
  if (before?.endedAtMs !== undefined && !isNewer(found.token, found.peer)) {
    return new SkeinError(
      'forbidden',
      `the membership of ${before.name} was ended at ${at(before.endedAtMs)}, after this token was made: only a new token lets it in again; ${remedy}`,
    );
  }
  if (found.name !== undefined && found.name.value !== request.peer) {
    return new SkeinError(
      'conflict',
      `the name ${request.name} belongs to another peer (${found.name.value}); choose another with --name, or remove that peer: skein peers remove ${request.name}`,
    );
  }
  return undefined;
}

/** By the log's own order, which no clock can bend: an ended record is written once. */
const isNewer = (token: KeyValue | undefined, ended: KeyValue | undefined): boolean =>
  (token?.createRevision ?? 0) > (ended?.modRevision ?? 0);

const used = (id: string, token: TokenRecord): Operation => ({
  type: 'put',
  key: tokenKey(id),
  value: JSON.stringify({ ...token, usesLeft: token.usesLeft - 1 } satisfies TokenRecord),
});

/** An ended membership has no name any more: it may be another peer's by now. */
const freedName = (before: PeerRecord | undefined, name: string): readonly Operation[] =>
  before === undefined || before.endedAtMs !== undefined || before.name === name
    ? []
    : [{ type: 'delete', key: nameKey(before.name) }];

const unchanged = (key: string, kv: KeyValue | undefined) =>
  ({ target: 'mod', key, is: '=', to: kv?.modRevision ?? 0 }) as const;

const at = (ms: number): string => new Date(ms).toISOString();
