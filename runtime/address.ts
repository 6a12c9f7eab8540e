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
  const match = /^skein:\/\/([^/#]+)\/([^#]+)(?:#(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, peer, path, incarnation] = match;
  return {
    peer: peer!,
    path: path!,
    incarnation: incarnation === undefined ? undefined : Number(incarnation),
  };
}
