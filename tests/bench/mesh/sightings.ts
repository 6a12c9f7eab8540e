// Who knew what of whom, and when: the same bookkeeping for every contender, by the clock of this process.

export interface Spread {
  readonly firstMs: number;
  readonly medianMs: number;
  readonly lastMs: number;
}

export interface Sightings {
  /** `observer` holds `subject` for `what` from now on. */
  readonly note: (observer: string, subject: string, what: string) => void;
  readonly holds: (observer: string, subject: string, what: string) => boolean;
  readonly forget: (agent: string) => void;
  /** Resolves when `isThere` holds, asked after each sighting. Rejects with `label` after `limitMs`. */
  readonly until: (isThere: () => boolean, limitMs: number, label: string) => Promise<void>;
  /** When each observer first held `subject` for one of `whats`, counted from now; the caller acts right after. */
  readonly spread: (
    observers: readonly string[],
    subject: string,
    whats: readonly string[],
    limitMs: number,
  ) => Promise<Spread>;
}

export function createSightings(): Sightings {
  const held = new Map<string, Map<string, string>>();
  const listeners = new Set<(observer: string, subject: string, what: string) => void>();

  const holds: Sightings['holds'] = (observer, subject, what) =>
    held.get(observer)?.get(subject) === what;

  const listen = <T>(
    limitMs: number,
    label: () => string,
    attach: (done: (value: T) => void) => (observer: string, subject: string, what: string) => void,
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        listeners.delete(listener);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`not within ${limitMs} ms: ${label()}`));
      }, limitMs);
      const listener = attach((value) => {
        end();
        resolve(value);
      });
      listeners.add(listener);
    });

  return {
    note: (observer, subject, what) => {
      const of = held.get(observer) ?? new Map<string, string>();
      held.set(observer, of.set(subject, what));
      for (const listener of listeners) listener(observer, subject, what);
    },
    holds,
    forget: (agent) => {
      held.delete(agent);
      for (const of of held.values()) of.delete(agent);
    },
    until: async (isThere, limitMs, label) => {
      if (isThere()) return;
      await listen<void>(
        limitMs,
        () => label,
        (done) => () => {
          if (isThere()) done();
        },
      );
    },
    spread: async (observers, subject, whats, limitMs) => {
      const startMs = performance.now();
      const left = new Set(observers);
      const afterMs: number[] = [];
      const label = (): string => `${whats.join(' or ')} of ${subject} at ${[...left].join(', ')}`;
      return await listen<Spread>(limitMs, label, (done) => (observer, of, saw) => {
        if (of !== subject || !whats.includes(saw) || !left.delete(observer)) return;
        afterMs.push(performance.now() - startMs);
        if (left.size > 0) return;
        const medianMs = afterMs[afterMs.length >> 1]!;
        done({ firstMs: afterMs[0]!, medianMs, lastMs: afterMs.at(-1)! });
      });
    },
  };
}
