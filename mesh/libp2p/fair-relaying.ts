// Carries the bytes of others both ways, in portions: between two of them, what this peer itself has to say gets its turn.

import { setImmediate } from 'node:timers/promises';
import type { Uint8ArrayList } from 'uint8arraylist';
import { asSkeinError } from '../../runtime/index.ts';
import type { Bytes, GreetedStream } from './greeted-stream.ts';

/** Bytes carried in one go, each way of each connection. */
const PORTION_BYTES = 128 * 1024;

/** Resolves when both directions have ended. Rejects when either breaks; then both are broken. */
export async function carryBytes(one: GreetedStream, other: GreetedStream): Promise<void> {
  try {
    await Promise.all([one.sink(inPortions(other.source())), other.sink(inPortions(one.source()))]);
  } catch (error) {
    one.abort(asSkeinError(error));
    other.abort(asSkeinError(error));
    throw error;
  }
}

async function* inPortions(bytes: Bytes): AsyncGenerator<Uint8Array | Uint8ArrayList> {
  let taken = 0;
  for await (const chunk of bytes) {
    yield chunk;
    taken += chunk.byteLength;
    if (taken < PORTION_BYTES) continue;
    taken = 0;
    await setImmediate();
  }
}
