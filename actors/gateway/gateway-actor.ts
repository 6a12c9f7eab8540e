// Owns the API's socket: opens it, replaces its certificate, closes it.
//
//   starting --listening--> serving --stop--> closing --closed--> stopped
//      \__ failed: throws, the supervisor decides   \__ replace-certificate: stays serving

import type { Actor, ActorRef, Result } from '../../runtime/index.ts';
import { asSkeinError, failed, ok, unreachable } from '../../runtime/index.ts';
import type { TlsMaterial } from './http/https-server.ts';

/** A socket that serves; `https-server.ts` makes real ones. */
export interface ServerHandle {
  readonly host: string;
  readonly port: number;
  readonly replaceCertificate: (tls: TlsMaterial) => void;
  readonly close: (graceMs: number) => Promise<void>;
}

export interface GatewayActorOptions {
  /** Opens the socket with this material. */
  readonly listen: (tls: TlsMaterial) => Promise<ServerHandle>;
  readonly tls: TlsMaterial;
  /** Told once: where it listens, or why it cannot. */
  readonly onListening: (outcome: Result<{ readonly host: string; readonly port: number }>) => void;
}

export type GatewayMessage =
  | { readonly type: 'replace-certificate'; readonly tls: TlsMaterial }
  /** Ends watches and lets requests finish; the actor stops when the socket is closed. */
  | { readonly type: 'stop'; readonly graceMs: number; readonly replyTo: ActorRef<Stopped> }
  | { readonly type: 'listened'; readonly outcome: Result<ServerHandle> }
  | { readonly type: 'closed'; readonly replyTo: ActorRef<Stopped> };

export interface Stopped {
  readonly type: 'stopped';
}

/** Time that requests get when the actor is stopped without being asked. */
const ABRUPT_GRACE_MS = 0;

interface State {
  readonly options: GatewayActorOptions;
  readonly server?: ServerHandle;
  /** Newer than what the socket was opened with. */
  readonly pendingTls?: TlsMaterial;
}

/** The gateway's shell. */
export const gatewayActor: Actor<GatewayMessage, State, GatewayActorOptions> = {
  start: (options, ctx) => {
    ctx.run(
      async (signal) => {
        const server = await options.listen(options.tls);
        // Stopped meanwhile: nobody will hear of this socket.
        if (signal.aborted) await server.close(ABRUPT_GRACE_MS);
        return server;
      },
      (outcome) => ({ type: 'listened', outcome }),
    );
    return { options };
  },

  receive: (state, message, ctx) => {
    switch (message.type) {
      case 'listened': {
        const { outcome } = message;
        if (!outcome.ok) {
          state.options.onListening(failed(outcome.error));
          throw outcome.error;
        }
        const { host, port } = outcome.value;
        ctx.log.info('api listening', { host, port });
        if (state.pendingTls !== undefined) outcome.value.replaceCertificate(state.pendingTls);
        state.options.onListening(ok({ host, port }));
        return { options: state.options, server: outcome.value };
      }
      case 'replace-certificate':
        if (state.server === undefined) return { ...state, pendingTls: message.tls };
        try {
          state.server.replaceCertificate(message.tls);
          ctx.log.info('api certificate replaced');
        } catch (thrown) {
          // The old certificate goes on serving; whoever renews tries again.
          ctx.log.error('api certificate refused', { error: asSkeinError(thrown).message });
        }
        return state;
      case 'stop': {
        const { server } = state;
        const { graceMs, replyTo } = message;
        ctx.run(
          async () => server?.close(graceMs),
          () => ({ type: 'closed', replyTo }),
        );
        return state;
      }
      case 'closed':
        message.replyTo.tell({ type: 'stopped' });
        ctx.stop(ctx.self);
        return { options: state.options };
      default:
        return unreachable(message);
    }
  },

  stopped: (state) => {
    void state.server?.close(ABRUPT_GRACE_MS);
  },
};
