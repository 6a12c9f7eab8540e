// A short hash that is the same on every peer and in every version: for names, never for secrets.

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a of the bytes (of text: in UTF-8), 32 bits, as an unsigned integer. */
export function hash32(content: string | Uint8Array, seed = OFFSET): number {
  let hash = seed;
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, PRIME);
  return hash >>> 0;
}

/** 64 bits in 16 hexadecimal digits. */
export function hash64(content: string | Uint8Array): string {
  const high = hash32(content);
  const low = hash32(content, Math.imul(high, PRIME) ^ OFFSET);
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}
