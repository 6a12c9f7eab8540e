// Ports of loopback for whoever listens at a known place, stops, and must find that place free again.

import { freePorts } from '../cli/flight/ports.ts';

/** Below what kernels hand out for outgoing connections (Linux: 32,768 on), or one of those may sit there meanwhile. */
const RANGE = { first: 20_000, last: 32_000 } as const;

// Two runs at once must not look for the same ports.
let next = RANGE.first + 3 * (process.pid % 3_000);

/** In a row, free now, and given to nobody else in this process before the range has gone round. */
export async function somePorts(count: number): Promise<readonly number[]> {
  if (next + count > RANGE.last) next = RANGE.first;
  const first = next;
  next += count;
  const ports = await freePorts(first, count);
  next = Math.max(next, ports.at(-1)! + 1);
  return ports;
}
