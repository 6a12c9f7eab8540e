// Ids and addresses of simulated peers: as long as real ones, since their bytes are counted.

import type { PeerId } from '../../../mesh/index.ts';
import type { SeededRandom } from '../../../runtime/index.ts';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** Every Ed25519 key's id begins like this, and has 52 characters. */
const PREFIX = '12D3KooW';
const RANDOM_LENGTH = 44;

export function peerIdsOf(random: SeededRandom, count: number): readonly PeerId[] {
  return Array.from({ length: count }, () => {
    const letters = [...random.bytes(RANDOM_LENGTH)].map(
      (byte) => ALPHABET[byte % ALPHABET.length],
    );
    return PREFIX + letters.join('');
  });
}

export const addressOf = (index: number): string => `10.0.${index >> 8}.${index & 255}:7460`;
