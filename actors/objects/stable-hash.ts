// A short hash that is the same on every peer and in every version: for names, never for secrets.

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a of the UTF-8 bytes, 32 bits, as an unsigned integer. */
export function hash32(text: string, seed = OFFSET): number {
  let hash = seed;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}

/** 64 bits in 16 hexadecimal digits. */
export function hash64(text: string): string {
  const high = hash32(text);
  const low = hash32(text, Math.imul(high, PRIME) ^ OFFSET);
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}
