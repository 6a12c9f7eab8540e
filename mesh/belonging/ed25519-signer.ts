// Ed25519 keys and signatures, and hashes, from Node's OpenSSL. Keys cross as raw bytes.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** PKCS#8 wrapper of a raw Ed25519 key (RFC 8410 section 10). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Bytes of a seed, a public key. */
export const ED25519_KEY_BYTES = 32;

export interface SigningKey {
  /** The secret: 32 bytes. */
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A new key from the machine's own randomness. */
export function generateSigningKey(): SigningKey {
  return signingKeyFrom(randomBytes(ED25519_KEY_BYTES));
}

export function signingKeyFrom(seed: Uint8Array): SigningKey {
  const jwk = createPublicKey(privateKey(seed)).export({ format: 'jwk' });
  return { seed, publicKey: Buffer.from(jwk.x!, 'base64url') };
}

export function signEd25519(seed: Uint8Array, bytes: Uint8Array): Uint8Array {
  return signerOf(seed)(bytes);
}

/** Signs with one key many times: reading the key is done once. */
export function signerOf(seed: Uint8Array): (bytes: Uint8Array) => Uint8Array {
  const key = privateKey(seed);
  return (bytes) => sign(null, bytes, key);
}

/** False for a malformed key or signature as well. */
export function verifyEd25519(
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  return verifierOf(publicKey)?.(bytes, signature) ?? false;
}

/** Whether a signature of these bytes is by the verifier's key. False for a malformed one as well. */
export type Verifier = (bytes: Uint8Array, signature: Uint8Array) => boolean;

/** Checks signatures of one key many times: reading the key is done once. Undefined for what is no key. */
export function verifierOf(publicKey: Uint8Array): Verifier | undefined {
  if (publicKey.length !== ED25519_KEY_BYTES) return undefined;
  // OpenSSL 3 takes nine times as long to read the same key from DER.
  const x = viewOf(publicKey).toString('base64url');
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return (bytes, signature) => signature.length === 64 && checked(key, bytes, signature);
  } catch {
    // What OpenSSL does not take for a key verifies nothing.
    return undefined;
  }
}

function checked(key: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(null, bytes, key, signature);
  } catch {
    // OpenSSL throws for points that are not on the curve: such a key verifies nothing.
    return false;
  }
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}

/** In a time that does not depend on where they differ. */
export function sameSecret(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** Read once: reading costs OpenSSL 3 ten times what a signature does. */
const privateKeys = new WeakMap<Uint8Array, KeyObject>();

function privateKey(seed: Uint8Array): KeyObject {
  const known = privateKeys.get(seed);
  if (known !== undefined) return known;
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  privateKeys.set(seed, key);
  return key;
}

/** The same bytes as a Buffer, not copied. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
