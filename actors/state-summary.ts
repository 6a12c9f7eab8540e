// What the state of a stopped peer holds, in words and numbers for people.

import type { StoreView } from '../consensus/index.ts';
import { prefixEnd } from '../consensus/index.ts';
import { parsePeer, peersEnd, peersPrefix, sealedAuthorityKey } from './admission/records.ts';
import { parseStoreKey } from './objects/object-keys.ts';

export interface StateSummary {
  /** Of all kinds. */
  readonly objects: number;
  /** Objects and everything else. */
  readonly keys: number;
  /** Names by peer id. */
  readonly names: ReadonlyMap<string, string>;
  /** Whether that peer can let others in and issue certificates; only voters ever can. */
  readonly holdsAuthority: (peer: string) => boolean;
}

const everything = '/';

export function summarizeState(view: StoreView): StateSummary {
  const { kvs } = view.range(everything, prefixEnd(everything));
  const peers = view.range(peersPrefix, peersEnd).kvs.map(({ value }) => parsePeer(value));
  return {
    objects: kvs.filter(({ key }) => parseStoreKey(key) !== undefined).length,
    keys: kvs.length,
    names: new Map(peers.map(({ peer, name }) => [peer, name])),
    holdsAuthority: (peer) => view.get(sealedAuthorityKey(peer)) !== undefined,
  };
}
