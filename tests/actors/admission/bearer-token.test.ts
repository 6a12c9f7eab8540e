import assert from 'node:assert/strict';
import { issueBearerToken, readBearerToken } from '../../../actors/admission/bearer-token.ts';
import { generateSigningKey, signEd25519, verifyEd25519 } from '../../../mesh/index.ts';

const key = generateSigningKey();
const claims = { user: 'ada', groups: ['system:masters'], expiresAtMs: 1_000 };
const token = issueBearerToken(claims, (bytes) => signEd25519(key.seed, bytes));
const read = (text: string, nowMs = 500, publicKey = key.publicKey) =>
  readBearerToken(text, (bytes, signature) => verifyEd25519(publicKey, bytes, signature), nowMs);

describe('a bearer token', () => {
  it('says who shows it, to whoever knows the authority’s public key', () => {
    const result = read(token);
    assert.deepEqual(result.ok && result.value, claims);
  });

  it('is refused once it has expired', () => {
    assert.ok(!read(token, 1_000).ok);
  });

  it('is refused when another authority signed it', () => {
    assert.ok(!read(token, 500, generateSigningKey().publicKey).ok);
  });

  it('is refused when anything of it was changed', () => {
    for (let at = 0; at < token.length; at += 7) {
      const other = token[at] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      if (changed === token) continue;
      const result = read(changed);
      // Bits after the last whole byte of base64 carry nothing.
      assert.ok(!result.ok || at === token.length - 1, `changed at ${at}`);
    }
    for (const text of ['', 'skein', 'skein..', `${token}.x`, token.slice(6), 'x'.repeat(5_000)]) {
      assert.ok(!read(text).ok, text.slice(0, 20));
    }
  });
});
