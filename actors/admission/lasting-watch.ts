// A watch that goes on behind a snapshot: whoever was fed by one must still hear of what it brought.

import type { Store, WatchEvent } from '../../consensus/index.ts';

export interface LastingWatcher {
  readonly events: (events: readonly WatchEvent[]) => void;
  /** Some events were passed over: what there is has to be looked at anew. */
  readonly skipped: () => void;
}

/** From now on, until the store closes. Returns how to stop. */
export function watchAlways(
  store: Pick<Store, 'watch' | 'view'>,
  from: string,
  end: string,
  watcher: LastingWatcher,
): () => void {
  let stop = (): void => undefined;
  let isStopped = false;
  const begin = (): void => {
    stop = store.watch(from, end, store.view.revision(), {
      events: (_revision, events) => watcher.events(events),
      ended: (reason) => {
        if (reason !== 'compacted' || isStopped) return;
        begin();
        watcher.skipped();
      },
    });
  };
  begin();
  return () => {
    isStopped = true;
    stop();
  };
}
