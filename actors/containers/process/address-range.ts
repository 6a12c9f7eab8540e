// Loopback addresses of a node's pods: which of a range is free. Pure.

import { SkeinError } from '../../../runtime/index.ts';

/** IPv4 addresses of a node: the first is the node's own, the others are for pods. */
export interface AddressRange {
  readonly text: string;
  readonly first: number;
  /** Exclusive. */
  readonly end: number;
}

/** `127.70.3.0/24` and the like; throws `invalid` for what is no such range in 127.0.0.0/8 of at least 4 addresses. */
export function parseAddressRange(text: string): AddressRange {
  const match = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  const parts = match?.slice(1, 4).map(Number) ?? [];
  const bits = Number(match?.[4]);
  if (match === null || parts.some((part) => part > 255) || bits < 9 || bits > 30) {
    throw new SkeinError(
      'invalid',
      `address range "${text}" must lie in 127.0.0.0/8 with a prefix of 9 to 30 bits, such as 127.70.3.0/24`,
      { range: text },
    );
  }
  const size = 2 ** (32 - bits);
  const address = 127 * 2 ** 24 + parts[0]! * 2 ** 16 + parts[1]! * 2 ** 8 + parts[2]!;
  const first = Math.floor(address / size) * size;
  return { text, first, end: first + size };
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** The node's own address: the first host of its range. */
export function nodeAddressOf(range: AddressRange): string {
  return formatAddress(range.first + 1);
}

/**
 * The free address that follows `after`, round and round: one that was given back rests as long as
 * possible. Undefined when all are taken. The last address (broadcast by custom) is left alone.
 */
export function nextFreeAddress(
  range: AddressRange,
  taken: ReadonlySet<string>,
  after: number,
): number | undefined {
  const first = range.first + 2;
  const count = range.end - 1 - first;
  const start = after >= first && after < range.end - 1 ? after + 1 - first : 0;
  for (let i = 0; i < count; i++) {
    const address = first + ((start + i) % count);
    if (!taken.has(formatAddress(address))) return address;
  }
  return undefined;
}
