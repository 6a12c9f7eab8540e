// Where peers were last seen: what a cluster that was off finds itself again from.

import type { AddressBookEntry } from './known-addresses.ts';

export type { AddressBookEntry };

/** Peers kept at most; the longest unseen go first. */
export const ADDRESS_BOOK_LIMIT = 16_384;

/** The book as a port. Both reject with a SkeinError when the disk does not do its part. */
export interface AddressBook {
  readonly load: () => Promise<readonly AddressBookEntry[]>;
  /** Replaces all entries, durably. */
  readonly save: (entries: readonly AddressBookEntry[]) => Promise<void>;
}

/** A book that lives as long as the value: for simulations and tests. */
export function createMemoryAddressBook(initial: readonly AddressBookEntry[] = []): AddressBook {
  let kept = initial;
  return {
    load: () => Promise.resolve(kept),
    save: (entries) => {
      kept = entries;
      return Promise.resolve();
    },
  };
}
