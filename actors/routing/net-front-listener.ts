// FrontListener over the machine's TCP stack.

import { createServer } from 'node:net';
import { failed, ok, SkeinError } from '../../runtime/index.ts';
import type { ErrorCode } from '../../runtime/index.ts';
import type { FrontListener } from './front-listener.ts';

/** Connections of one front at a time; more wait in the kernel's queue or are refused by it. */
const connectionLimit = 10_000;

const codes: Readonly<Record<string, ErrorCode>> = {
  EADDRINUSE: 'conflict',
  EACCES: 'forbidden',
};

export function createNetFrontListener(): FrontListener {
  return {
    listen: (host, port, onConnection) =>
      new Promise((resolve) => {
        const server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection);
        server.maxConnections = connectionLimit;
        // Also later: a machine without file descriptors fails to accept, and that must not end the peer.
        server.on('error', (error: NodeJS.ErrnoException) => {
          const code = codes[error.code ?? ''] ?? 'unavailable';
          const message = `cannot listen on ${host}:${port}: ${error.message}`;
          resolve(failed(new SkeinError(code, message, {}, error)));
        });
        server.listen({ host, port, exclusive: true }, () => {
          const address = server.address();
          const bound = typeof address === 'object' && address !== null ? address.port : port;
          resolve(ok({ port: bound, close: () => server.close() }));
        });
      }),
  };
}
