// Closed loops over a Store: each client waits for its own answer before it asks again.

import { performance } from 'node:perf_hooks';
import type { Store } from '../../../consensus/index.ts';
import { createSeededRandom } from '../../../runtime/index.ts';
import type { Result } from '../../../runtime/index.ts';
import { deadlineMs, keyAt, keys, quantile, value } from './contender.ts';
import type { Load, LoadAnswer, LoadKind } from './contender.ts';

/** Puts through the leader; gets are a read index and then a look at this peer's replica. */
export async function drive(store: Store, { kind, clients, forMs }: Load): Promise<LoadAnswer> {
  const tookMs: number[] = [];
  let failed = 0;
  let failure: string | undefined;
  const startMs = performance.now();
  const client = async (number: number): Promise<void> => {
    const chance = createSeededRandom(number);
    for (let turn = number; ; turn += clients) {
      if (kind === 'fill' ? turn >= keys : performance.now() - startMs >= forMs) return;
      const fromMs = performance.now();
      const problem = await operate(
        store,
        kind,
        keyAt(kind === 'fill' ? turn : chance.integer(keys)),
      );
      if (problem === undefined) {
        tookMs.push(performance.now() - fromMs);
      } else {
        failed += 1;
        failure = problem;
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  const seconds = (performance.now() - startMs) / 1000;
  const sorted = Float64Array.from(tookMs).sort();
  return {
    operations: tookMs.length,
    failed,
    ...(failure === undefined ? {} : { failure }),
    seconds,
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
  };
}

/** What went wrong, if anything. */
async function operate(store: Store, kind: LoadKind, key: string): Promise<string | undefined> {
  if (kind !== 'get') {
    const put = { compare: [], success: [{ type: 'put', key, value }] } as const;
    return messageOf(await store.transact(put, { deadlineMs }));
  }
  const confirmed = await store.barrier(deadlineMs);
  if (!confirmed.ok) return messageOf(confirmed);
  return store.view.get(key)?.value.length === value.length
    ? undefined
    : `${key} does not hold its value`;
}

const messageOf = (result: Result<unknown>): string | undefined =>
  result.ok ? undefined : result.error.message;
