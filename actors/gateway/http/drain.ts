// How fast a client takes what it is sent.

import type { ServerResponse } from 'node:http';

/** Bytes that may wait while more could be made. */
const BACKLOG_BYTES = 1024 * 1024;

/** Responses of HTTP/2 say of their stream, not of themselves, that they are destroyed. */
export const isGone = (response: ServerResponse): boolean => {
  const { stream } = response as { readonly stream?: { readonly destroyed: boolean } };
  return response.destroyed || stream?.destroyed === true;
};

/** Resolves when the client has taken most of what waits for it; rejects when it is gone. */
export function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error('the client is gone'));
    if (isGone(response)) return gone();
    if (response.writableLength < BACKLOG_BYTES) return resolve();
    const onDrain = (): void => {
      response.off('close', onClose);
      resolve();
    };
    const onClose = (): void => {
      response.off('drain', onDrain);
      gone();
    };
    response.once('drain', onDrain).once('close', onClose);
  });
}
