import assert from 'node:assert/strict';
import { checkProof } from '../../../actors/admission/proof.ts';
import { hmacSha256, joinProofBytes } from '../../../mesh/index.ts';
import type { JoinRequest } from '../../../mesh/index.ts';

const secret = new Uint8Array(16).fill(7);
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
const proof = hmacSha256(secret, joinProofBytes(asked.transcript, asked));

describe('the proof of a join request', () => {
  it('shows that the joiner knows the secret of its token', () => {
    assert.ok(checkProof(secret, { ...asked, proof }));
    assert.ok(!checkProof(new Uint8Array(16), { ...asked, proof }));
  });

  it('holds for nothing but what the joiner itself asked for', () => {
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
      assert.ok(!checkProof(secret, { ...asked, proof, ...change }), Object.keys(change).join());
    }
  });
});
