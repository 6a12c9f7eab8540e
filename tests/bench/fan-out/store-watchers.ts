// Watchers of one peer's store, as controllers are: each put is followed until the last of them has its event.

import { performance } from 'node:perf_hooks';
import type { Store } from '../../../consensus/index.ts';
import { deadlineMs, quantile, value } from '../consensus/contender.ts';

export interface FanOutLoad {
  readonly watchers: number;
  /** Puts, one after the other. */
  readonly events: number;
}

/** From the moment a put is asked for. */
export interface FanOutAnswer {
  /** Until the event is at a watcher, over all watchers and puts. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Until it is at the last one: the median and the worst of all puts. */
  readonly lastP50Ms: number;
  readonly lastMaxMs: number;
  /** From the first watcher's event to the last one's, the median of all puts: the fan-out alone. */
  readonly spreadP50Ms: number;
}

const key = 'fan-out';

export async function fanOut(store: Store, load: FanOutLoad): Promise<FanOutAnswer> {
  const tookMs: number[] = [];
  const lastMs: number[] = [];
  const spreadMs: number[] = [];
  let startMs = 0;
  let missing = 0;
  let arrived: () => void = () => undefined;
  const heard = (): void => {
    tookMs.push(performance.now() - startMs);
    missing -= 1;
    if (missing === 0) arrived();
  };
  let broken: string | undefined;
  const ended = (reason: string): void => void (broken = reason);
  const from = store.view.revision();
  const stops = Array.from({ length: load.watchers }, () =>
    store.watch(key, `${key}\0`, from, { events: heard, ended }),
  );
  try {
    for (let at = 0; at < load.events; at++) {
      missing = load.watchers;
      const all = new Promise<void>((resolve) => (arrived = resolve));
      startMs = performance.now();
      const put = { compare: [], success: [{ type: 'put', key, value }] } as const;
      const done = await store.transact(put, { deadlineMs });
      if (!done.ok) throw done.error;
      if (broken !== undefined) throw new Error(`a watch ended: ${broken}`);
      await all;
      lastMs.push(tookMs.at(-1)!);
      spreadMs.push(tookMs.at(-1)! - tookMs.at(-load.watchers)!);
    }
  } finally {
    stops.forEach((stop) => stop());
  }
  const sorted = Float64Array.from(tookMs).sort();
  const last = lastMs.sort((a, b) => a - b);
  return {
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    lastP50Ms: quantile(last, 0.5),
    lastMaxMs: last.at(-1)!,
    spreadP50Ms: quantile(Float64Array.from(spreadMs).sort(), 0.5),
  };
}
