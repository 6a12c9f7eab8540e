// The datagrams of a few peers over a network in virtual time: with NATs, loss, and ways that are blocked.

import { createDatagrams } from '../../../mesh/datagram/datagrams.ts';
import type { DatagramLink, Datagrams } from '../../../mesh/datagram/datagrams.ts';
import type { DatagramSession } from '../../../mesh/datagram/datagram-session.ts';
import type { Endpoint, Received } from '../../../mesh/datagram/datagram-socket.ts';
import { createRingLogger, createSimulation } from '../../../runtime/index.ts';
import type { Simulation } from '../../../runtime/index.ts';

const LATENCY_MS = 5;

export interface Carried {
  readonly bytes: Uint8Array;
  readonly from: Endpoint;
  readonly to: Endpoint;
}

export interface DatagramWorld {
  readonly simulation: Simulation;
  /** All that was handed to the network so far. */
  readonly carried: Carried[];
  /** Whether a datagram arrives; all do by default. */
  passes: (datagram: Carried) => boolean;
  /** How the receiver sees the sender: itself by default. */
  seenAs: (from: Endpoint) => Endpoint;
  /** Puts bytes into the network as if `from` had sent them. */
  readonly inject: (datagram: Carried) => void;
  readonly peer: (name: string, at: Endpoint) => Promise<Datagrams>;
}

const keyOf = ({ host, port }: Endpoint): string => `${host} ${port}`;

export function createDatagramWorld(seed: string): DatagramWorld {
  const simulation = createSimulation(seed);
  const receivers = new Map<string, Received>();
  const deliver = ({ bytes, from, to }: Carried): void => {
    simulation.schedule(LATENCY_MS, () => receivers.get(keyOf(to))?.(Buffer.from(bytes), from));
  };
  const world: DatagramWorld = {
    simulation,
    carried: [],
    passes: () => true,
    seenAs: (from) => from,
    inject: deliver,
    peer: async (name, at) => {
      const host = simulation.peer(name);
      const { clock, random } = host;
      const log = createRingLogger(clock, 100);
      const datagrams = createDatagrams({ self: name, clock, random, log });
      await datagrams.start((received) => {
        receivers.set(keyOf(at), received);
        return Promise.resolve({
          port: at.port,
          send: (bytes, to) => {
            const datagram = { bytes, from: at, to };
            world.carried.push(datagram);
            if (world.passes(datagram)) deliver({ bytes, to, from: world.seenAs(at) });
          },
          close: () => receivers.delete(keyOf(at)),
        });
      });
      return datagrams;
    },
  };
  return world;
}

export interface LinkEnd {
  readonly datagrams: Datagrams;
  readonly session: DatagramSession;
  readonly got: string[];
}

export const A: Endpoint = { host: '10.0.0.1', port: 7460 };
export const B: Endpoint = { host: '10.0.0.2', port: 7460 };

/** Peers `a` at A and `b` at B, with a link between them. */
export async function linkedPair(world: DatagramWorld): Promise<readonly [LinkEnd, LinkEnd]> {
  const [a, b] = [await world.peer('a', A), await world.peer('b', B)];
  return link(a, b);
}

/** A new link between `a` at A and `b` at B, as a handshake makes it. */
export function link(a: Datagrams, b: Datagrams): readonly [LinkEnd, LinkEnd] {
  const [ofA, ofB] = [a.offer(), b.offer()];
  const end = (datagrams: Datagrams, terms: Omit<DatagramLink, 'received'>): LinkEnd => {
    const got: string[] = [];
    const received = (bytes: Uint8Array): void => void got.push(Buffer.from(bytes).toString());
    return { datagrams, session: datagrams.open({ ...terms, received })!, got };
  };
  return [
    end(a, { peer: 'b', own: ofA, other: ofB, host: B.host }),
    end(b, { peer: 'a', own: ofB, other: ofA, host: A.host }),
  ];
}
