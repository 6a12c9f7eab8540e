// What the wire does to a message: no object is shared between peers, and refs travel as addresses.

import type { ActorRef, ActorSystem } from '../../../runtime/index.ts';

/** Bytes of payload; field names and numbers weigh nothing. */
export function bytesIn(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, each) => sum + bytesIn(each), 0);
}

export function copyOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(copyOf);
  if (typeof value !== 'object' || value === null) return value;
  if (isRef(value)) return { $ref: value.address };
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copyOf(each)]));
}

/** A copy as the receiver sees it: its refs are refs of that peer's system, brought by peer `from`. */
export function withRefs(value: unknown, system: ActorSystem, from: string): unknown {
  if (Array.isArray(value)) return value.map((each) => withRefs(each, system, from));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if ('$ref' in value) return system.refFrom(from, value.$ref as never);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withRefs(each, system, from)]),
  );
}

/** Whether a message is Raft's own, which may also come twice; what actors tell each other otherwise comes at most once. */
export const isOfRaft = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'type' in message && message.type === 'raft';

const isRef = (value: object): value is ActorRef<unknown> => 'tell' in value && 'address' in value;
