// Adapter: lets every promise that can go on do so, before it returns.

/** Resolves in a later macrotask: all microtasks queued until then have run, however long their chain. */
export function nextMacrotask(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
