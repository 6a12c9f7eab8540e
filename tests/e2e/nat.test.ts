// Peers behind routers that masquerade, and networks that change: whole peers in network namespaces (nat/run.ts).

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { DIAL_REASON } from '../../mesh/index.ts';
import { sandboxTrouble, tryInside } from '../torture/sandbox.ts';
import { NAT_PROBE } from './nat/network.ts';
import type { NatReport } from './nat/run.ts';

const program = fileURLToPath(new URL('./nat/run.js', import.meta.url));
const limitMs = 300_000;

/** Why it cannot be done here, as a sentence; undefined when it can. */
function natTrouble(): string | undefined {
  const trouble = sandboxTrouble();
  if (trouble !== undefined) return trouble;
  if (tryInside(NAT_PROBE)) return undefined;
  return 'nftables (nft) is not installed, or the kernel has no masquerading';
}

const observe = (): Promise<NatReport> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [program], { timeout: limitMs }, (error, out, err) => {
      if (error === null) resolve(JSON.parse(out) as NatReport);
      else reject(new Error(`${out}${err}`));
    });
  });

describe('peers across clouds', function () {
  this.timeout(limitMs + 10_000);
  const trouble = natTrouble();
  const tried = trouble === undefined ? it : it.skip;

  tried(
    `are relayed where they must be and direct where they can${trouble === undefined ? '' : `: ${trouble}`}`,
    async () => {
      const seen = await observe();
      console.log(`      ${JSON.stringify(seen)}`);
      // Both behind a router: through the one that both can dial, for the log's traffic and for Services.
      assert.match(seen.pair, /^a and c are relayed via b, and so slower \(a to c: .*c to a: /);
      assert.ok(seen.pair.includes(DIAL_REASON.noRoute), seen.pair);
      assert.equal(seen.answer, 'from a');
      assert.ok(seen.relayMBperS > 5, `${seen.relayMBperS} MB/s through the relay`);
      assert.ok(seen.busyRoundTripMs < 1_000, `${seen.busyRoundTripMs} ms while it carries`);
      // A wall that swallows packets between two that were linked, and its end.
      assert.match(
        seen.parted,
        /^b and d are relayed via [ac], .*-> let TCP in at 192\.0\.2\.[23]:7460$/,
      );
      assert.ok(seen.parted.includes(DIAL_REASON.silent), seen.parted);
      assert.ok(seen.partedMs < 20_000, `relayed after ${seen.partedMs} ms`);
      assert.ok(seen.healedMs < 60_000, `direct after ${seen.healedMs} ms`);
      assert.ok(seen.movedMs < 40_000, `found after ${seen.movedMs} ms`);
    },
  );
});
