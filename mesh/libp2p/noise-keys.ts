// X25519 for noise. Its own way writes keys as DER and reads them back for each agreement, and OpenSSL 3 is slow to read
// that: 0.6 ms a private and 0.1 ms a public key, with three agreements a handshake at each end. Here keys are kept as made.

import { createPublicKey, diffieHellman, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { ICryptoInterface } from '@chainsafe/libp2p-noise';
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto';

/** By the bytes that noise holds, for as long as it holds them. */
const privateKeys = new WeakMap<object, KeyObject>();

const raw = (part: string | undefined): Uint8Array => Buffer.from(part!, 'base64url');

/** What noise computes with: all as it comes but for the keys. */
export const noiseCrypto: ICryptoInterface = {
  ...defaultCrypto,
  generateX25519KeyPair: () => {
    const made = generateKeyPairSync('x25519');
    const { x, d } = made.privateKey.export({ format: 'jwk' });
    const privateKey = raw(d);
    privateKeys.set(privateKey, made.privateKey);
    return { publicKey: raw(x), privateKey };
  },
  generateX25519SharedKey: (privateKey, publicKey) => {
    const known = privateKeys.get(privateKey);
    if (known === undefined) return defaultCrypto.generateX25519SharedKey(privateKey, publicKey);
    const x = Buffer.from(publicKey.subarray()).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
    return diffieHellman({ privateKey: known, publicKey: key });
  },
};
