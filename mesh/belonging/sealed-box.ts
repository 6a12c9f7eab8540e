// Seals bytes to a peer's X25519 key, so that only that peer reads them: ephemeral ECDH, HKDF, AES-256-GCM.
//
//   version (1) | ephemeral public key (32) | ciphertext | tag (16)
//
// The key is used for this one box, so the nonce is fixed.

import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hkdfSync,
  randomBytes,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { Result } from '../../runtime/index.ts';

/** PKCS#8 and SPKI wrappers of a raw X25519 key (RFC 8410 section 10). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');

const VERSION = 1;
const KEY_BYTES = 32;
const TAG_BYTES = 16;
const NONCE = Buffer.alloc(12);

export interface SealingKey {
  /** The secret: 32 bytes. */
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A new key from the machine's own randomness. */
export function generateSealingKey(): SealingKey {
  return sealingKeyFrom(randomBytes(KEY_BYTES));
}

export function sealingKeyFrom(privateKey: Uint8Array): SealingKey {
  const jwk = createPublicKey(privateKeyObject(privateKey)).export({ format: 'jwk' });
  return { privateKey, publicKey: Buffer.from(jwk.x!, 'base64url') };
}

/** Only the owner of `toPublicKey` can open it, and only for the same `purpose`. Throws invalid for a bad key. */
export function seal(toPublicKey: Uint8Array, purpose: string, plain: Uint8Array): Uint8Array {
  const ephemeral = generateSealingKey();
  const key = agree(ephemeral.privateKey, toPublicKey, ephemeral.publicKey, toPublicKey, purpose);
  const cipher = createCipheriv('aes-256-gcm', key, NONCE);
  return Buffer.concat([
    Buffer.of(VERSION),
    ephemeral.publicKey,
    cipher.update(plain),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
}

/** Errors: unsupported (version), corrupt (not for this key or purpose, or changed on the way). */
export function unseal(own: SealingKey, purpose: string, box: Uint8Array): Result<Uint8Array> {
  if (box[0] !== VERSION) {
    return failed(
      new SkeinError('unsupported', `sealed box of version ${box[0]} is not known here`),
    );
  }
  const bytes = Buffer.from(box);
  const from = bytes.subarray(1, 1 + KEY_BYTES);
  const sealed = bytes.subarray(1 + KEY_BYTES, bytes.length - TAG_BYTES);
  try {
    const key = agree(own.privateKey, from, from, own.publicKey, purpose);
    const decipher = createDecipheriv('aes-256-gcm', key, NONCE);
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    return ok(Buffer.concat([decipher.update(sealed), decipher.final()]));
  } catch (error) {
    return failed(
      new SkeinError(
        'corrupt',
        `a sealed ${purpose} does not open with this peer's key`,
        {},
        error,
      ),
    );
  }
}

function agree(
  ownPrivate: Uint8Array,
  otherPublic: Uint8Array,
  ephemeralPublic: Uint8Array,
  recipientPublic: Uint8Array,
  purpose: string,
): Buffer {
  if (otherPublic.length !== KEY_BYTES) {
    throw new SkeinError('invalid', `a sealing key has 32 bytes, not ${otherPublic.length}`);
  }
  const shared = diffieHellman({
    privateKey: privateKeyObject(ownPrivate),
    publicKey: createPublicKey({
      key: Buffer.concat([SPKI_PREFIX, otherPublic]),
      format: 'der',
      type: 'spki',
    }),
  });
  const salt = Buffer.concat([ephemeralPublic, recipientPublic]);
  return Buffer.from(hkdfSync('sha256', shared, salt, `skein-sealed-box/1 ${purpose}`, 32));
}

function privateKeyObject(raw: Uint8Array): KeyObject {
  const der = Buffer.concat([PKCS8_PREFIX, raw]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}
