// On which peer a replica lives.

import { peerOfReplica } from './replica-records.ts';
import type { Replica } from './replica.ts';

/** What the log says counts; what was heard only fills in. */
export const peerOf = (replica: Replica, id: number): string | undefined =>
  peerOfReplica(replica.machine.view, id) ?? replica.routes.get(id);
