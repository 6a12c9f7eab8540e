// How voters come by the authority: each that has it seals it to every voter that has none yet.

import type { Store } from '../../consensus/index.ts';
import { seal, unseal } from '../../mesh/index.ts';
import type { SealingKey } from '../../mesh/index.ts';
import type { Clock, Logger, Timer } from '../../runtime/index.ts';
import { authorityPurpose, decodeAuthority, encodeAuthority } from './authority.ts';
import type { Authority } from './authority.ts';
import { base64 } from './base64.ts';
import type { PeerRecord } from './records.ts';
import { parsePeer, peerKey, peersEnd, peersPrefix, sealedAuthorityKey } from './records.ts';

/** A share that did not get into the log is tried again after this: the last holder may be the next to fail. */
const shareAgainMs = 1_000;

export interface AuthorityKeeping {
  /** The authority, if this peer holds it. */
  readonly current: () => Authority | undefined;
  readonly stop: () => void;
}

export interface AuthorityKeepingOptions {
  readonly store: Store;
  readonly self: string;
  readonly sealingKey: SealingKey;
  readonly log: Logger;
  readonly clock: Clock;
  /** What a founder starts with. */
  readonly founded?: Authority | undefined;
}

export function keepAuthority(options: AuthorityKeepingOptions): AuthorityKeeping {
  const { store, self, sealingKey, log, clock } = options;
  let held = options.founded;
  const underWay = new Set<string>();
  let again: Timer | undefined;
  let isStopped = false;

  const open = (): void => {
    const box = store.view.get(sealedAuthorityKey(self));
    if (held !== undefined || box === undefined) return;
    const opened = unseal(sealingKey, authorityPurpose, Buffer.from(box.value, 'base64'));
    const authority = opened.ok ? decodeAuthority(opened.value) : opened;
    if (authority.ok) held = authority.value;
    else log.error('the authority cannot be opened', { reason: authority.error.message });
  };

  const share = (): void => {
    if (held === undefined) return;
    for (const peer of store.status().voters) {
      const key = sealedAuthorityKey(peer);
      const record = store.view.get(peerKey(peer));
      if (record === undefined || underWay.has(peer) || store.view.get(key) !== undefined) continue;
      const box = sealedTo(parsePeer(record.value), held);
      if (box === undefined) continue;
      underWay.add(peer);
      void store
        .transact({
          compare: [{ target: 'create', key, is: '=', to: 0 }],
          success: [{ type: 'put', key, value: base64(box) }],
        })
        .then((shared) => {
          underWay.delete(peer);
          if (shared.ok || isStopped) return;
          again?.cancel();
          again = clock.setTimer(shareAgainMs, look);
        });
    }
  };

  /** Undefined for a key that a peer chose badly: this runs inside the log's own turn and must not throw. */
  const sealedTo = ({ peer, sealingKey: key }: PeerRecord, authority: Authority) => {
    try {
      return seal(Buffer.from(key, 'base64'), authorityPurpose, encodeAuthority(authority));
    } catch (error) {
      log.error('the authority cannot be sealed to a voter', { peer, reason: String(error) });
      return undefined;
    }
  };

  const look = (): void => {
    open();
    share();
  };
  const stops = [
    store.onStatus(look),
    watchAlways(store, peersPrefix, peersEnd, look),
    watchAlways(store, sealedAuthorityKey(self), `${sealedAuthorityKey(self)}\0`, look),
  ];
  look();
  return {
    current: () => held,
    stop: () => {
      isStopped = true;
      again?.cancel();
      stops.forEach((stop) => stop());
    },
  };
}

/** Goes on behind a snapshot: a voter that was fed by one must still hear of the authority sealed to it. */
function watchAlways(store: Store, from: string, end: string, changed: () => void): () => void {
  let stop = (): void => undefined;
  let isStopped = false;
  const begin = (): void => {
    stop = store.watch(from, end, store.view.revision(), {
      events: changed,
      ended: (reason) => {
        if (reason !== 'compacted' || isStopped) return;
        begin();
        changed();
      },
    });
  };
  begin();
  return () => {
    isStopped = true;
    stop();
  };
}
