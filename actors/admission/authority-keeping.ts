// Who holds the authority: voters, and learners until three peers do. Each holder seals it to whoever should have it and
// has not; the leader takes away the boxes of those who should not have it any more, once all others have theirs.
//
//   box in the log for this peer --opened--> held --box taken away--> forgotten
//
// What a peer once held it may have kept: taking the box away spares the honest the burden, and does not undo a theft.

import type { Store, StoreStatus } from '../../consensus/index.ts';
import { seal, unseal } from '../../mesh/index.ts';
import type { PeerId, SealingKey } from '../../mesh/index.ts';
import type { Clock, Logger, Timer } from '../../runtime/index.ts';
import { authorityPurpose, decodeAuthority, encodeAuthority } from './authority.ts';
import type { Authority } from './authority.ts';
import { base64 } from './base64.ts';
import { watchAlways } from './lasting-watch.ts';
import {
  authorityEnd,
  authorityPrefix,
  parsePeer,
  peerKey,
  peersEnd,
  peersPrefix,
  sealedAuthorityKey,
} from './records.ts';
import type { PeerRecord } from './records.ts';

/** A share that did not get into the log is tried again after this: the last holder may be the next to fail. */
const shareAgainMs = 1_000;
/** With fewer, the loss of one machine of two would be the loss of the authority. */
const holdersMin = 3;

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

/** Who should hold it: every voter, and the first learners in the order of ids where voters are few. */
export function holdersOf({
  voters,
  learners,
}: Pick<StoreStatus, 'voters' | 'learners'>): readonly PeerId[] {
  const more = Math.max(0, holdersMin - voters.length);
  return [...voters, ...[...learners].sort().slice(0, more)];
}

export function keepAuthority(options: AuthorityKeepingOptions): AuthorityKeeping {
  const { store, self, sealingKey, log, clock } = options;
  let held = options.founded;
  /** Whether this peer's box has been seen: a founder holds the authority before the log does. */
  let isBoxed = false;
  const underWay = new Set<string>();
  let again: Timer | undefined;
  let isStopped = false;

  const open = (): void => {
    const box = store.view.get(sealedAuthorityKey(self));
    if (box === undefined) {
      if (isBoxed) held = undefined;
      return;
    }
    isBoxed = true;
    if (held !== undefined) return;
    const opened = unseal(sealingKey, authorityPurpose, Buffer.from(box.value, 'base64'));
    const authority = opened.ok ? decodeAuthority(opened.value) : opened;
    if (authority.ok) held = authority.value;
    else log.error('the authority cannot be opened', { reason: authority.error.message });
  };

  const write = (peer: PeerId, transaction: Parameters<Store['transact']>[0]): void => {
    underWay.add(peer);
    void store.transact(transaction).then((written) => {
      underWay.delete(peer);
      if ((written.ok && written.value.succeeded) || isStopped) return;
      again?.cancel();
      again = clock.setTimer(shareAgainMs, look);
    });
  };

  const share = (): void => {
    if (held === undefined) return;
    for (const peer of holdersOf(store.status())) {
      const key = sealedAuthorityKey(peer);
      const record = store.view.get(peerKey(peer));
      if (record === undefined || underWay.has(peer) || store.view.get(key) !== undefined) continue;
      const parsed = parsePeer(record.value);
      const box = parsed.endedAtMs === undefined ? sealedTo(parsed, held) : undefined;
      if (box === undefined) continue;
      write(peer, {
        compare: [
          { target: 'create', key, is: '=', to: 0 },
          // Not to one that was removed in between.
          { target: 'mod', key: record.key, is: '=', to: record.modRevision },
        ],
        success: [{ type: 'put', key, value: base64(box) }],
      });
    }
  };

  /** Only while everybody who should have it has: until then nobody can spare a holder. */
  const takeAway = (): void => {
    const status = store.status();
    if (held === undefined || status.role !== 'leader') return;
    const holders = holdersOf(status);
    const boxes = store.view.range(authorityPrefix, authorityEnd).kvs;
    const boxed = boxes.map(({ key }) => key.slice(authorityPrefix.length));
    if (!holders.every((peer) => boxed.includes(peer))) return;
    for (const { key, modRevision } of boxes) {
      const peer = key.slice(authorityPrefix.length);
      if (holders.includes(peer) || underWay.has(peer)) continue;
      write(peer, {
        compare: [{ target: 'mod', key, is: '=', to: modRevision }],
        success: [{ type: 'delete', key }],
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
    takeAway();
  };
  const watcher = { events: look, skipped: look };
  const stops = [
    store.onStatus(look),
    watchAlways(store, peersPrefix, peersEnd, watcher),
    watchAlways(store, authorityPrefix, authorityEnd, watcher),
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
