// Adapter: a signal with a deadline.

/**
 * Aborts when `signal` does, and after `timeoutMs` with a TimeoutError. Use it in place of `AbortSignal.any` over
 * `AbortSignal.timeout`: Node 20 may collect that timeout as garbage, and then it never comes.
 */
export function abortWithin(signal: AbortSignal, timeoutMs: number): AbortSignal {
  const own = new AbortController();
  if (signal.aborted) {
    own.abort(signal.reason);
    return own.signal;
  }
  const passOn = (): void => {
    clearTimeout(timer);
    own.abort(signal.reason);
  };
  // Whoever only waits for the deadline does not keep the process from ending.
  const timer = setTimeout(() => {
    signal.removeEventListener('abort', passOn);
    own.abort(new DOMException(`not done within ${timeoutMs} ms`, 'TimeoutError'));
  }, timeoutMs).unref();
  signal.addEventListener('abort', passOn, { once: true });
  return own.signal;
}
