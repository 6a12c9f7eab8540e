// A peer's process driver in a process of its own, so that a test can kill it. Starts one container, says so, and waits.

import { createProcessContainerDriver } from '../../../actors/containers/process-container-driver.ts';
import { createRingLogger, createSystemClock } from '../../../runtime/index.ts';
import { valueOf } from './driver-compliance.ts';

const [directory = '', uid = '', script = '', dieAfter = ''] = process.argv.slice(2);
const driver = createProcessContainerDriver({
  directory,
  addressRange: '127.70.3.0/24',
  log: createRingLogger(createSystemClock()),
});
valueOf(await driver.open());
const pod = { uid, name: 'p', namespace: 'd', hostname: 'p', ports: [], graceMs: 1_000 };
const made = driver.runPod(pod);
if (dieAfter === 'launch') {
  // Between asking for a keeper and knowing that it lives.
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 15);
}
valueOf(await made);
const id = valueOf(
  await driver.createContainer({
    podUid: uid,
    name: 'main',
    attempt: 0,
    image: '',
    command: ['sh', '-c', script],
    environment: {},
    workingDirectory: '',
  }),
);
const started = driver.startContainer(id);
if (dieAfter === 'start') setImmediate(() => process.kill(process.pid, 'SIGKILL'));
valueOf(await started);
process.stdout.write('started\n');
setInterval(() => {}, 60_000);
