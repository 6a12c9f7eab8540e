// The process driver under the compliance suite.

import { makeProcessHarness } from './process-driver-harness.ts';
import { describeDriver } from './driver-compliance.ts';

describeDriver('process', () => makeProcessHarness());
if (process.platform === 'linux') {
  describe('with mapped ports', () => {
    describeDriver('process', () => makeProcessHarness({ isMapped: true }));
  });
}
