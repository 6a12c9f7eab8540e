import assert from 'node:assert/strict';
import { decideRedemption } from '../../../actors/admission/redemption.ts';
import type { Found } from '../../../actors/admission/redemption.ts';
import type { PeerRecord, TokenRecord } from '../../../actors/admission/records.ts';
import type { KeyValue } from '../../../consensus/index.ts';
import type { JoinRequest } from '../../../mesh/index.ts';

const request: JoinRequest = {
  peer: 'peer-1',
  tokenId: 'abc',
  proof: new Uint8Array([1]),
  transcript: new Uint8Array([2]),
  name: 'ada',
  zone: 'here',
  addresses: ['127.0.0.1:7460'],
  servingRequest: '',
  sealingKey: new Uint8Array(32),
};
const kv = (value: string, modRevision = 7): KeyValue => ({
  key: '',
  value,
  createRevision: 1,
  modRevision,
  version: 1,
  lease: 0,
});
const token = (over: Partial<TokenRecord> = {}): KeyValue =>
  kv(JSON.stringify({ secret: 'AAAA', expiresAtMs: 1000, usesLeft: 2, zone: 'here', ...over }));
const peer = (over: Partial<PeerRecord>): KeyValue =>
  kv(JSON.stringify({ peer: 'peer-1', name: 'ada', zone: 'here', addresses: [], ...over }));
const nothing: Found = { token: undefined, peer: undefined, name: undefined };

const decide = (found: Partial<Found>, proof = true) =>
  decideRedemption(request, { ...nothing, token: token(), ...found }, () => proof, 500);
const code = (result: ReturnType<typeof decide>) => (result.ok ? 'admitted' : result.error.code);

describe('redeeming a join token', () => {
  it('counts one use and records the peer under conditions', () => {
    const decided = decide({});
    assert.ok(decided.ok);
    assert.deepEqual(
      decided.value.compare.map((compare) => [compare.key, compare.to]),
      [
        ['/skein/tokens/abc', 7],
        ['/skein/peers/peer-1', 0],
        ['/skein/peer-names/ada', 0],
      ],
    );
    const [put] = decided.value.success;
    assert.ok(put?.type === 'put');
    assert.equal((JSON.parse(put.value) as TokenRecord).usesLeft, 1);
  });

  it('refuses names and keys that no program of ours would send', () => {
    const asked = (over: Partial<JoinRequest>) =>
      code(
        decideRedemption({ ...request, ...over }, { ...nothing, token: token() }, () => true, 500),
      );
    for (const name of ['', 'a/b', 'Ada', 'a\n, O=system:masters', 'x'.repeat(64)]) {
      assert.equal(asked({ name }), 'invalid', name);
    }
    assert.equal(asked({ sealingKey: new Uint8Array(0) }), 'invalid');
    assert.equal(asked({ name: 'peer-1' }), 'admitted');
  });

  it('says the same of an unknown, a used-up, an expired and an unproven token', () => {
    const sentences = [
      decide({ token: undefined }),
      decide({ token: token({ usesLeft: 0 }) }),
      decide({ token: token({ expiresAtMs: 500 }) }),
      decide({}, false),
    ].map((decided) => (decided.ok ? 'admitted' : decided.error.message));
    assert.equal(new Set(sentences).size, 1);
    assert.match(sentences[0]!, /abc is unknown/);
  });

  it('refuses a name that another peer has', () => {
    assert.equal(code(decide({ name: kv('peer-2') })), 'conflict');
    assert.equal(code(decide({ name: kv('peer-1') })), 'admitted');
  });

  it('refuses a peer whose membership was ended', () => {
    assert.equal(code(decide({ peer: peer({ endedAtMs: 3 }) })), 'forbidden');
  });

  it('refuses a zone that the token is not for', () => {
    assert.equal(code(decide({ token: token({ zone: 'there' }) })), 'forbidden');
  });

  it('frees the old name of a peer that comes back under another', () => {
    const decided = decide({ peer: peer({ name: 'old' }) });
    assert.ok(decided.ok);
    const freed = decided.value.success.filter((operation) => operation.type === 'delete');
    assert.deepEqual(freed, [{ type: 'delete', key: '/skein/peer-names/old' }]);
  });
});
