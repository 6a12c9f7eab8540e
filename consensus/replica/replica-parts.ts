// What a replica is put together from.
//
// Production always takes `replicaParts`. They are values so that a test can watch one at work, or break one
// and prove that the checkers notice, as with `raftRules`.

import { openLog } from '../log/open-log.ts';
import { createRaft } from '../raft/raft.ts';
import { createLessor } from '../store/lessor.ts';
import { createRequestSession } from '../store/request-table.ts';
import { createStateMachine } from '../store/state-machine.ts';

export interface ReplicaParts {
  readonly openLog: typeof openLog;
  readonly createRaft: typeof createRaft;
  readonly createStateMachine: typeof createStateMachine;
  readonly createLessor: typeof createLessor;
  readonly createRequestSession: typeof createRequestSession;
}

export const replicaParts: ReplicaParts = {
  openLog,
  createRaft,
  createStateMachine,
  createLessor,
  createRequestSession,
};
