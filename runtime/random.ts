// Chance as a port: the same seed gives the same run.

export interface Random {
  /** Uniform in [0, 1). */
  readonly float: () => number;
  /** Uniform integer in [0, limit). */
  readonly integer: (limit: number) => number;
  readonly bytes: (length: number) => Uint8Array;
}

/** Lower-case hexadecimal of `length` random bytes. */
export function randomHex(random: Random, length: number): string {
  return Buffer.from(random.bytes(length)).toString('hex');
}

/** A version 4 UUID (RFC 9562 section 5.4). */
export function randomUuid(random: Random): string {
  const bytes = Buffer.from(random.bytes(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

/** One of `items`, uniformly; undefined when there is none. */
export function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items.length === 0 ? undefined : items[random.integer(items.length)];
}

/** A shuffled copy (Fisher-Yates). */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
