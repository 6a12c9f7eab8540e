// One member of etcd for a suite of tests: started before them, ended by its id after them, also when they fail.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'mocha';
import type { Revision } from '../../../consensus/index.ts';
import { assert } from '../../../runtime/index.ts';
import { etcdServer, install } from './debian-etcd.ts';
import { createEtcdContestant, wire } from './etcd-contestant.ts';
import type { EtcdContestant } from './etcd-contestant.ts';
import { createEtcdGateway, isRefusal } from './etcd-gateway.ts';
import type { EtcdGateway } from './etcd-gateway.ts';
import { somePorts } from '../../some-ports.ts';
import { endProcesses, startMembers, untilHealthy } from './etcd-member.ts';

/** Installing takes a while, the first time. */
const installLimitMs = 300_000;

export interface EtcdOracle {
  readonly gateway: EtcdGateway;
  readonly contestant: EtcdContestant;
  /** Deletes all keys, compacts, and answers the revision. Watches of before end. */
  readonly clear: () => Promise<Revision>;
}

/** To be called in a `describe`. Where etcd cannot be had its tests are pending, and the reason is printed. */
export function useEtcd(): () => EtcdOracle {
  let oracle: EtcdOracle | undefined;
  let stop = async (): Promise<void> => {};
  before('start etcd', async function (this: Context) {
    this.timeout(installLimitMs);
    const refusal = await install([etcdServer]);
    if (refusal !== undefined) {
      process.stderr.write(`    etcd is not compared: ${refusal}\n`);
      this.skip();
    }
    const directory = await mkdtemp(join(tmpdir(), 'skein-etcd-'));
    const [clientPort, peerPort] = await somePorts(2);
    const plans = [{ name: 'oracle', clientPort: clientPort!, peerPort: peerPort! }];
    const members = startMembers(plans, directory, ['--unsafe-no-fsync']);
    const kill = (): void => members.forEach((member) => member.kill('SIGKILL'));
    process.once('exit', kill);
    const gateway = createEtcdGateway(clientPort!);
    stop = async () => {
      gateway.close();
      // Nobody needs what it has; asked kindly it waits for its watches.
      await endProcesses(members, 'SIGKILL');
      process.off('exit', kill);
      await rm(directory, { recursive: true });
    };
    await untilHealthy(plans);
    oracle = createOracle(gateway);
  });
  after('end etcd', () => stop());
  return () => {
    assert(oracle !== undefined, 'etcd runs while the tests do');
    return oracle;
  };
}

function createOracle(gateway: EtcdGateway): EtcdOracle {
  const contestant = createEtcdContestant(gateway);
  const all = { key: wire('\0'), range_end: wire('\0') };
  return {
    gateway,
    contestant,
    clear: async () => {
      contestant.stop();
      await contestant.transact({ compare: [], success: [{ type: 'put', key: 'a', value: '' }] });
      const cleared = await gateway.ask('kv/txn', { success: [{ request_delete_range: all }] });
      assert(!isRefusal(cleared), 'etcd deletes everything');
      const revision = Number(cleared.header.revision);
      await contestant.compact(revision);
      return revision;
    },
  };
}
