// What a token proves, and that what the log keeps of it proves nothing.

import { equal, ok } from 'node:assert/strict';
import { isJoinProven, proveJoin, signEd25519, tokenKey } from '../../../mesh/index.ts';
import type { JoinRequest } from '../../../mesh/index.ts';
import { joinProofBytes } from '../../../mesh/belonging/join-transcript.ts';

const secret = new Uint8Array(16).fill(7);
const { publicKey } = tokenKey(secret);
const asked = {
  peer: 'peer-1',
  tokenId: 'abcdefgh',
  transcript: new Uint8Array([1, 2, 3]),
  name: 'ada',
  zone: 'here',
  addresses: ['192.0.2.1:7460'],
  servingRequest: 'a request',
  sealingKey: new Uint8Array(32).fill(1),
};
const proof = proveJoin(secret, asked.transcript, asked);

describe('the proof of a join request', () => {
  it('shows that the joiner knows the secret of its token', () => {
    ok(isJoinProven(publicKey, { ...asked, proof }));
    ok(!isJoinProven(tokenKey(new Uint8Array(16)).publicKey, { ...asked, proof }));
  });

  it('holds for nothing but what the joiner itself asked for, in this conversation', () => {
    const changes: readonly Partial<JoinRequest>[] = [
      { name: 'eve' },
      { zone: 'there' },
      { addresses: ['192.0.2.66:7460'] },
      { addresses: [] },
      { servingRequest: 'another request' },
      { sealingKey: new Uint8Array(32).fill(2) },
      { transcript: new Uint8Array([1, 2, 4]) },
    ];
    for (const change of changes) {
      ok(!isJoinProven(publicKey, { ...asked, proof, ...change }), Object.keys(change).join());
    }
  });

  it('cannot be made from what the log keeps of the token', () => {
    const bytes = joinProofBytes(asked.transcript, asked);
    const forged = signEd25519(publicKey, bytes);
    ok(!isJoinProven(publicKey, { ...asked, proof: forged }));
    equal(Buffer.from(publicKey).includes(Buffer.from(secret)), false);
  });
});
