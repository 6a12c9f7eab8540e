// The keys of both ends of a link, for tests of what is sealed with them.

import { SECRET_BYTES, deriveLinkKeys } from '../../../mesh/datagram/datagram-cipher.ts';
import type { LinkKeys } from '../../../mesh/datagram/datagram-cipher.ts';
import { createSeededRandom } from '../../../runtime/index.ts';

/** Of peers `a` and `b`, as each of them has them. */
export function linkKeys(seed: string): { readonly a: LinkKeys; readonly b: LinkKeys } {
  const random = createSeededRandom(seed);
  const a = { peer: 'a', secret: random.bytes(SECRET_BYTES) };
  const b = { peer: 'b', secret: random.bytes(SECRET_BYTES) };
  return { a: deriveLinkKeys(a, b), b: deriveLinkKeys(b, a) };
}
