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
  kv(
    JSON.stringify({
      publicKey: 'AAAA',
      expiresAtMs: 1000,
      uses: 2,
      usesLeft: 2,
      zone: 'here',
      ...over,
    }),
  );
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

  it('says of an unknown, unproven, used-up, expired and revoked token what it is', () => {
    const sentenceOf = (found: Partial<Found>, proof = true): string => {
      const decided = decide(found, proof);
      assert.ok(!decided.ok);
      assert.equal(decided.error.code, 'unauthorized');
      assert.match(decided.error.message, /skein token create/);
      return decided.error.message;
    };
    assert.match(sentenceOf({ token: undefined }), /abc is not known here/);
    assert.match(
      sentenceOf({}, false),
      /not proven: its secret is wrong, or .* another conversation/,
    );
    assert.match(
      sentenceOf({ token: token({ usesLeft: 0, uses: 1 }) }),
      /used up: it was for 1 peer,/,
    );
    assert.match(
      sentenceOf({ token: token({ expiresAtMs: 500 }) }),
      /expired at 1970-01-01T00:00:00.5/,
    );
    assert.match(
      sentenceOf({ token: token({ revokedAtMs: 400 }) }),
      /revoked at 1970-01-01T00:00:00.4/,
    );
  });

  it('tells nothing of what is left of a token to one that cannot prove it', () => {
    const decided = decide({ token: token({ revokedAtMs: 400 }) }, false);
    assert.ok(!decided.ok && /was not proven/.test(decided.error.message));
  });

  it('counts no second use when a peer asks again, because its answer was lost', () => {
    const decided = decide({ token: token({ usesLeft: 0 }), peer: peer({ token: 'abc' }) });
    assert.ok(decided.ok);
    const keys = decided.value.success.map((operation) => 'key' in operation && operation.key);
    assert.deepEqual(keys, ['/skein/peers/peer-1', '/skein/peer-names/ada']);
    assert.equal(
      code(decide({ token: token({ usesLeft: 0 }), peer: peer({ token: 'xyz' }) })),
      'unauthorized',
    );
  });

  it('refuses a name that another peer has', () => {
    assert.equal(code(decide({ name: kv('peer-2') })), 'conflict');
    assert.equal(code(decide({ name: kv('peer-1') })), 'admitted');
  });

  it('lets a peer whose membership was ended back in by a token that was made since, and by no other', () => {
    const ended = peer({ endedAtMs: 700, goneIncarnation: 42, token: 'abc' });
    const record = { ...ended, modRevision: 9 };
    assert.equal(
      code(decide({ peer: record, token: { ...token(), createRevision: 8 } })),
      'forbidden',
    );
    const decided = decide({ peer: record, token: { ...token(), createRevision: 10 } });
    assert.ok(decided.ok);
    const [use, put] = decided.value.success;
    assert.equal(use?.type === 'put' && (JSON.parse(use.value) as TokenRecord).usesLeft, 1);
    assert.ok(put?.type === 'put');
    const readmitted = JSON.parse(put.value) as PeerRecord;
    assert.equal(readmitted.endedAtMs, undefined);
    assert.equal(readmitted.goneIncarnation, 42);
    assert.equal(
      readmitted.admittedAtMs,
      701,
      'its certificate begins behind the end, by any clock',
    );
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
