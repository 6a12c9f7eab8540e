// Makes join tokens from the machine's own randomness.

import { randomBytes } from 'node:crypto';
import { TOKEN_ID_LENGTH, TOKEN_SECRET_BYTES } from './token.ts';
import type { Token } from './token.ts';

const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz012345';

export function generateToken(authorityHash: Uint8Array): Token {
  // 32 letters: five bits of each byte, without a bias.
  const id = [...randomBytes(TOKEN_ID_LENGTH)].map((byte) => ID_LETTERS[byte & 31]).join('');
  return { id, secret: randomBytes(TOKEN_SECRET_BYTES), authorityHash };
}
