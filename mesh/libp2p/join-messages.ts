// The words of the join protocol, checked at both doors.
//
//   joiner                                   acceptor
//     | ---- nonce ---------------------------> |
//     | <--- nonce, authority keys, own cert -- |   joiner: the keys' hash is the token's, the cert is theirs
//     | ---- token id, proof, name, ... ------> |   the proof is a signature over join-transcript.ts, by the token's key
//     | <--- grant, or why not ---------------- |

import { z } from 'zod';
import { JOIN_NONCE_BYTES } from '../belonging/join-transcript.ts';

const bytes = (maxLength: number) =>
  z.instanceof(Uint8Array).refine((value) => value.length <= maxLength, `over ${maxLength} bytes`);

const nonce = z
  .instanceof(Uint8Array)
  .refine((value) => value.length === JOIN_NONCE_BYTES, `not ${JOIN_NONCE_BYTES} bytes`);

const refused = z.object({ code: z.string().max(64), message: z.string().max(1024) });

export const joinHello = z.object({ v: z.literal(1), nonce });

export const joinChallenge = z.union([
  z.object({
    v: z.literal(1),
    nonce,
    authority: z.object({ membershipKey: bytes(64), apiKey: bytes(2048) }),
    certificate: bytes(4096),
  }),
  z.object({ refused }),
]);

export const joinProof = z.object({
  tokenId: z.string().max(64),
  proof: bytes(64),
  name: z.string().max(253),
  zone: z.string().max(63),
  addresses: z.array(z.string().max(256)).max(16),
  servingRequest: z.string().max(16_384),
  sealingKey: bytes(32),
});

export const joinVerdict = z.union([
  z.object({
    granted: z.object({
      cluster: z.string(),
      zone: z.string(),
      membership: z.instanceof(Uint8Array),
      servingCertificate: z.string(),
      apiAuthority: z.string(),
      peers: z.array(z.object({ peer: z.string(), addresses: z.array(z.string()) })),
    }),
  }),
  z.object({ refused }),
]);
