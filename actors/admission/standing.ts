// Who is a member, as this peer's replica of the log has it. Pure but for the store it reads.

import type { Store } from '../../consensus/index.ts';
import type { PeerId, Standing } from '../../mesh/index.ts';
import { clusterKey, parsePeer, peerKey } from './records.ts';

/**
 * A replica keeps up while it hears of a leader: whoever led it within the last two election timeouts has all that was
 * acknowledged, and feeds it. It may still be a moment behind, which costs a new member one more dial. Without a leader
 * it says `unknown`: then the certificate must do, or a zone that starts whole could never meet.
 */
export function standingOf(
  store: Pick<Store, 'view' | 'status'>,
  peer: PeerId,
  certifiedAtMs: number,
): Standing {
  const { view } = store;
  const keepsUp = store.status().leader !== undefined && view.get(clusterKey) !== undefined;
  const kv = view.get(peerKey(peer));
  if (kv === undefined) return keepsUp ? 'stranger' : 'unknown';
  const { endedAtMs } = parsePeer(kv.value);
  if (endedAtMs === undefined) return 'member';
  // Let in again meanwhile, perhaps: its certificate says so, and this list may be older than that.
  return !keepsUp && certifiedAtMs > endedAtMs ? 'unknown' : 'ended';
}
