// Keys that are kept agree with keys that are read: noise at one end may be another's.

import { deepEqual, equal, notDeepEqual } from 'node:assert/strict';
import { defaultCrypto } from '@chainsafe/libp2p-noise/crypto';
import { Uint8ArrayList } from 'uint8arraylist';
import { noiseCrypto } from '../../../mesh/libp2p/noise-keys.ts';

const bytes = (key: Uint8Array | Uint8ArrayList): Buffer => Buffer.from(key.subarray());

describe('the keys of noise', () => {
  it('agree with each other and with those that noise makes itself', () => {
    const kept = noiseCrypto.generateX25519KeyPair();
    const other = noiseCrypto.generateX25519KeyPair();
    const theirs = defaultCrypto.generateX25519KeyPair();
    notDeepEqual(kept.privateKey, other.privateKey);
    for (const far of [other, theirs]) {
      const near = bytes(noiseCrypto.generateX25519SharedKey(kept.privateKey, far.publicKey));
      equal(near.length, 32);
      deepEqual(bytes(defaultCrypto.generateX25519SharedKey(far.privateKey, kept.publicKey)), near);
      const inParts = new Uint8ArrayList(
        bytes(far.publicKey).subarray(0, 7),
        bytes(far.publicKey).subarray(7),
      );
      deepEqual(bytes(noiseCrypto.generateX25519SharedKey(kept.privateKey, inParts)), near);
    }
  });

  it('that come as bytes alone still agree', () => {
    const kept = noiseCrypto.generateX25519KeyPair();
    const far = noiseCrypto.generateX25519KeyPair();
    const copy = Uint8Array.from(bytes(kept.privateKey));
    deepEqual(
      bytes(noiseCrypto.generateX25519SharedKey(copy, far.publicKey)),
      bytes(noiseCrypto.generateX25519SharedKey(kept.privateKey, far.publicKey)),
    );
  });
});
