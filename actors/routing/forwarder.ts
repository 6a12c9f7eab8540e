// Carries one connection to a ready endpoint, trying the next one when the first cannot be reached.

import type { Duplex } from 'node:stream';
import type { Clock, Result } from '../../runtime/index.ts';
import { asSkeinError, failed, SkeinError } from '../../runtime/index.ts';
import type { PodStreams } from '../objects/pod-streams.ts';
import type { Balancer } from './balancer.ts';
import type { Route } from './route-table.ts';

/** Endpoints tried for one connection. */
const attemptsMax = 4;
/** How long one endpoint may take to accept. */
const connectDeadlineMs = 1_500;

export interface ForwarderCounters {
  connections: number;
  /** Nothing behind the route, or nothing that answered. */
  refused: number;
  /** Endpoints that could not be reached. */
  failedAttempts: number;
}

export interface Forwarder {
  readonly accept: (route: Route | undefined, connection: Duplex) => Promise<void>;
  readonly counters: Readonly<ForwarderCounters>;
}

export function createForwarder(streams: PodStreams, balancer: Balancer, clock: Clock): Forwarder {
  const counters: ForwarderCounters = { connections: 0, refused: 0, failedAttempts: 0 };

  const connect = async (route: Route): Promise<Duplex | undefined> => {
    for (const endpoint of balancer.order(route.key, route.endpoints).slice(0, attemptsMax)) {
      const target = { node: endpoint.node, uid: endpoint.podUid };
      const reached = await within(clock, streams.connect(target, endpoint.port));
      if (reached.ok) return reached.value;
      counters.failedAttempts++;
    }
    return undefined;
  };

  return {
    counters,
    accept: async (route, connection) => {
      counters.connections++;
      connection.on('error', () => connection.destroy());
      const upstream = route === undefined ? undefined : await connect(route);
      if (upstream === undefined) {
        counters.refused++;
        connection.destroy();
        return;
      }
      if (connection.destroyed) upstream.destroy();
      else join(connection, upstream);
    },
  };
}

/** Both ways, with back-pressure; each end may finish on its own, an abort of one aborts the other. */
function join(one: Duplex, other: Duplex): void {
  one.on('close', () => destroyUnlessEnded(other));
  other.on('close', () => destroyUnlessEnded(one));
  other.on('error', () => one.destroy());
  one.pipe(other);
  other.pipe(one);
}

function destroyUnlessEnded(stream: Duplex): void {
  if (!stream.writableFinished || !stream.readableEnded) stream.destroy();
}

/** A connection that comes after its deadline is closed again. */
function within(clock: Clock, connecting: Promise<Result<Duplex>>): Promise<Result<Duplex>> {
  return new Promise((resolve) => {
    let isLate = false;
    const timer = clock.setTimer(connectDeadlineMs, () => {
      isLate = true;
      resolve(failed(new SkeinError('timeout', `no connection within ${connectDeadlineMs} ms`)));
    });
    const settle = (result: Result<Duplex>): void => {
      timer.cancel();
      if (!isLate) resolve(result);
      else if (result.ok) result.value.destroy();
    };
    // What one connection runs into must not end the peer.
    connecting.then(settle, (error: unknown) => settle(failed(asSkeinError(error))));
  });
}
