// Hands what another replica says to Raft.

import { SkeinError } from '../../runtime/index.ts';
import { unpackEntries } from './entry-packing.ts';
import type { WireMessage } from './protocol.ts';
import type { Replica, ReplicaContext } from './replica.ts';

/** What another replica sends may be malformed or meant for a former life: that is its trouble, not ours. */
export function stepChecked(replica: Replica, message: WireMessage, ctx: ReplicaContext): void {
  // As good as lost: the leader sends them again.
  if (message.type === 'append' && message.entries?.length > 0 && replica.writes.isFull()) return;
  try {
    if (message.type === 'append') {
      const entries = unpackEntries(message.entries, message.prevIndex + 1);
      replica.raft.step({ ...message, entries });
    } else replica.raft.step(message);
  } catch (error) {
    if (!(error instanceof SkeinError) || error.code !== 'invalid') throw error;
    ctx.log.warn('a message of the zone log was refused', { reason: error.message });
  }
}
