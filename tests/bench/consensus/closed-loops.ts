// Closed loops: each client waits for its own answer before it asks again.

import { performance } from 'node:perf_hooks';
import type { Store } from '../../../consensus/index.ts';
import { createSeededRandom } from '../../../runtime/index.ts';
import type { Result } from '../../../runtime/index.ts';
import { deadlineMs, keyAt, keys, quantile, value } from './contender.ts';
import type { Load, LoadAnswer, LoadKind } from './contender.ts';

export interface Outcome {
  /** What a get found. */
  readonly value?: string;
  readonly failure?: string;
}

/** One operation; never rejects. `value` is what a put writes. */
export type Operate = (kind: LoadKind, key: string, value: string) => Promise<Outcome>;

export async function drive(operate: Operate, { kind, clients, forMs }: Load): Promise<LoadAnswer> {
  const tookMs: number[] = [];
  let failed = 0;
  let failure: string | undefined;
  const startMs = performance.now();
  const client = async (number: number): Promise<void> => {
    const chance = createSeededRandom(number);
    for (let turn = number; ; turn += clients) {
      if (kind === 'fill' ? turn >= keys : performance.now() - startMs >= forMs) return;
      const fromMs = performance.now();
      const key = keyAt(kind === 'fill' ? turn : chance.integer(keys));
      const problem = problemOf(kind, key, await operate(kind, key, value));
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
function problemOf(kind: LoadKind, key: string, outcome: Outcome): string | undefined {
  if (outcome.failure !== undefined || kind !== 'get') return outcome.failure;
  return outcome.value === value ? undefined : `${key} does not hold its value`;
}

/** Puts through the leader; gets are a read index and then a look at this peer's replica. */
export function operateOn(store: Store): Operate {
  return async (kind, key, text) => {
    if (kind !== 'get') {
      const put = { compare: [], success: [{ type: 'put', key, value: text }] } as const;
      return outcomeOf(await store.transact(put, { deadlineMs }));
    }
    const confirmed = await store.barrier(deadlineMs);
    const found = store.view.get(key)?.value;
    return confirmed.ok && found !== undefined ? { value: found } : outcomeOf(confirmed);
  };
}

const outcomeOf = (result: Result<unknown>): Outcome =>
  result.ok ? {} : { failure: result.error.message };
