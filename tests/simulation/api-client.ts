// Asks the API of one simulated peer, as a client that loses patience does.

import { bodyOf } from '../../actors/gateway/request/api-request.ts';
import type { ApiResponse } from '../../actors/gateway/request/api-request.ts';
import type { UpMember, Cluster } from './cluster.ts';

/** How long a client waits for an answer, ms. */
const patienceMs = 15_000;

export interface ApiAnswer {
  /** 0: no answer came, nobody knows what was done. */
  readonly status: number;
  // oxlint-disable-next-line typescript/no-explicit-any -- answers of any kind; the caller knows which it asked for
  readonly body: any;
  /** Warning headers: tells whether a read was of old state. */
  readonly warnings: readonly string[];
}

export interface ApiCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
}

/** Whom the clients' certificate names. */
export const admin = { name: 'admin', groups: ['system:masters'] };

/** Resolves in virtual time, with status 0 when the peer died or was too slow. */
export function call(cluster: Cluster, member: UpMember, asked: ApiCall): Promise<ApiAnswer> {
  const { host, peer } = member.life;
  const [path = '', query = ''] = asked.path.split('?');
  return new Promise((resolve) => {
    const unknown: ApiAnswer = { status: 0, body: undefined, warnings: [] };
    const patience = cluster.simulation.schedule(patienceMs, () => resolve(unknown));
    const answered = (response: ApiResponse): void => {
      // The answer of a process that has died meanwhile never leaves it.
      if (host.status() !== 'running') return;
      patience.cancel();
      const body = structuredClone(bodyOf(response));
      const warning = response.headers['warning'] ?? [];
      const warnings = typeof warning === 'string' ? [warning] : warning;
      cluster.simulation.schedule(1, () => resolve({ status: response.status, body, warnings }));
    };
    host.schedule(1, () => {
      void peer.gateway
        .handle({
          method: asked.method,
          path,
          query: new URLSearchParams(query),
          headers: {
            'content-type':
              asked.method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
          },
          body:
            asked.body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(asked.body)),
          certificateUser: admin,
        })
        .then(answered);
    });
  });
}
