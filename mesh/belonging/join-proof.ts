// What a join token proves: its secret makes a key pair. The bearer signs; the log keeps the public half, which lets nobody in.

import { sha256, signEd25519, signingKeyFrom, verifyEd25519 } from './ed25519-signer.ts';
import type { SigningKey } from './ed25519-signer.ts';
import { joinProofBytes } from './join-transcript.ts';
import type { JoinWish } from './join-transcript.ts';
import type { JoinRequest } from './membership-authority.ts';

/** Told apart from any other key that is ever made from a secret. */
const DOMAIN = Buffer.from('skein join token 1\0', 'utf8');

/** The key pair of a token's secret, which is as hard to guess as the secret: 16 random bytes. */
export const tokenKey = (secret: Uint8Array): SigningKey =>
  signingKeyFrom(sha256(Buffer.concat([DOMAIN, secret])));

/** An Ed25519 signature over `joinProofBytes`. */
export const proveJoin = (secret: Uint8Array, transcript: Uint8Array, wish: JoinWish): Uint8Array =>
  signEd25519(tokenKey(secret).seed, joinProofBytes(transcript, wish));

/** Whether whoever asks holds the token of this public key, and asked for just this, here and now. */
export const isJoinProven = (publicKey: Uint8Array, request: JoinRequest): boolean =>
  verifyEd25519(publicKey, joinProofBytes(request.transcript, request), request.proof);
