// A signal with a deadline, whatever the garbage collector does meanwhile.

import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { abortWithin } from '../../runtime/index.ts';

const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(signal.reason), { once: true });
  });

/** Node hides it unless asked. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

describe('a signal with a deadline', () => {
  it('aborts at its deadline, though nobody but its listener knows it', async () => {
    const collect = garbageCollector();
    const waiting = aborted(abortWithin(new AbortController().signal, 60));
    // Its timer does not hold the process; this one does, and collects what it can.
    const collecting = setInterval(collect, 5);
    const reason = (await waiting) as DOMException;
    clearInterval(collecting);
    assert.equal(reason.name, 'TimeoutError');
    assert.match(reason.message, /60 ms/);
  });

  it('aborts when its parent does, for the same reason', async () => {
    const parent = new AbortController();
    const waiting = aborted(abortWithin(parent.signal, 60_000));
    const why = new Error('enough');
    parent.abort(why);
    assert.equal(await waiting, why);
    const late = abortWithin(parent.signal, 60_000);
    assert.ok(late.aborted && late.reason === why);
  });
});
