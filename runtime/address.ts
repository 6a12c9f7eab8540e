// Where an actor lives: `skein://PEER/PATH`, with `#INCARNATION` for one that was spawned under a reusable name.

/**
 * The name of an actor in the whole cluster. PATH is the names from the root down, joined by "/".
 * An address without an incarnation means "whoever lives there now" (well-known actors).
 */
export type Address = string & { readonly __address: unique symbol };

const SCHEME = 'skein://';

export interface AddressParts {
  readonly peer: string;
  readonly path: string;
  readonly incarnation?: number | undefined;
}

export function formatAddress(parts: AddressParts): Address {
  const suffix = parts.incarnation === undefined ? '' : `#${parts.incarnation}`;
  return `${SCHEME}${parts.peer}/${parts.path}${suffix}` as Address;
}

/** The peer that an address leads to, without taking the rest apart. */
export function peerOf(address: Address): string {
  return address.slice(SCHEME.length, address.indexOf('/', SCHEME.length));
}

/** Undefined when `text` is no address. */
export function parseAddress(text: string): AddressParts | undefined {
  // By hand, and not by a pattern: this runs for each message of another peer.
  if (!text.startsWith(SCHEME)) return undefined;
  const slash = text.indexOf('/', SCHEME.length);
  const hash = text.indexOf('#', SCHEME.length);
  const end = hash < 0 ? text.length : hash;
  if (slash <= SCHEME.length || slash + 1 >= end) return undefined;
  const peer = text.slice(SCHEME.length, slash);
  const path = text.slice(slash + 1, end);
  if (hash < 0) return { peer, path, incarnation: undefined };
  const incarnation = text.slice(hash + 1);
  return /^\d+$/.test(incarnation) ? { peer, path, incarnation: Number(incarnation) } : undefined;
}
