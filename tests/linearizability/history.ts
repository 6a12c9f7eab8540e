// What clients asked of an object, what they were answered, and which of the two came first.

/** One request of one client. Of operations that share an instant, none came before the other. */
export interface Operation<I, O> {
  readonly client: string;
  readonly input: I;
  readonly invokedAt: number;
  /** Absent when the outcome is unknown: it may take effect at any time after its invocation, or never. */
  readonly returned?: { readonly at: number; readonly output: O };
}

export interface Recorder<I, O> {
  /** The client asks now; the answer is given to what this returns, at most once. */
  readonly invoke: (client: string, input: I) => Invocation<O>;
  readonly operations: () => readonly Operation<I, O>[];
}

/** An invocation that is never told its end stays of unknown outcome. */
export interface Invocation<O> {
  readonly returns: (output: O) => void;
  /** It certainly did not take effect: no part of the history. */
  readonly fails: () => void;
}

/** Every event is an instant of its own, in the order of the calls. */
export function createRecorder<I, O>(): Recorder<I, O> {
  const operations = new Map<number, Operation<I, O>>();
  let events = 0;
  return {
    invoke: (client, input) => {
      const invokedAt = events++;
      const operation = { client, input, invokedAt };
      operations.set(invokedAt, operation);
      return {
        returns: (output) =>
          void operations.set(invokedAt, { ...operation, returned: { at: events++, output } }),
        fails: () => void operations.delete(invokedAt),
      };
    },
    operations: () => [...operations.values()],
  };
}
