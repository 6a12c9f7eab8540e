// Gives pods their addresses: one each from the node's range, or ports of the one that all share.

import { createServer } from 'node:net';
import { failed, ok, SkeinError } from '../../../runtime/index.ts';
import type { Result } from '../../../runtime/index.ts';
import type { PodPort, ServedPort } from '../container-driver.ts';
import { formatAddress, nextFreeAddress, parseAddressRange } from './address-range.ts';

export interface PodAddress {
  readonly address: string;
  readonly ports: readonly ServedPort[];
}

export interface PodAddressing {
  readonly kind: 'own' | 'mapped';
  /** Held until `release`. Errors: overloaded when the range is used up. */
  readonly take: (uid: string, ports: readonly PodPort[]) => Promise<Result<PodAddress>>;
  /** What a pod of an earlier life of this peer holds. */
  readonly keep: (uid: string, address: PodAddress) => void;
  readonly release: (uid: string) => void;
  /** A number below 2^24 that no other pod of this machine has, for its user. */
  readonly indexOf: (address: PodAddress) => number;
}

const SHARED_ADDRESS = '127.0.0.1';

/** No range: mapped ports. Throws `invalid` for a malformed range. */
export function podAddressing(rangeText: string | undefined): PodAddressing {
  return rangeText === undefined ? mappedPorts() : ownAddresses(rangeText);
}

function ownAddresses(rangeText: string): PodAddressing {
  const range = parseAddressRange(rangeText);
  const held = new Map<string, string>();
  let last = 0;
  return {
    kind: 'own',
    take: async (uid, ports) => {
      const free = nextFreeAddress(range, new Set(held.values()), last);
      if (free === undefined) {
        return failed(
          new SkeinError('overloaded', `all addresses of ${rangeText} are taken by pods`),
        );
      }
      last = free;
      const address = formatAddress(free);
      held.set(uid, address);
      return ok({ address, ports: ports.map((p) => ({ ...p, servedPort: p.containerPort })) });
    },
    keep: (uid, { address }) => held.set(uid, address),
    release: (uid) => held.delete(uid),
    indexOf: ({ address }) =>
      address
        .split('.')
        .slice(1)
        .reduce((index, part) => index * 256 + Number(part), 0),
  };
}

function mappedPorts(): PodAddressing {
  const held = new Map<string, readonly ServedPort[]>();
  return {
    kind: 'mapped',
    take: async (uid, ports) => {
      const served: ServedPort[] = [];
      for (const port of ports) {
        const taken = new Set([...held.values(), served].flat().map((p) => p.servedPort));
        const servedPort = await freePort(taken);
        if (!servedPort.ok) return servedPort;
        served.push({ ...port, servedPort: servedPort.value });
      }
      held.set(uid, served);
      return ok({ address: SHARED_ADDRESS, ports: served });
    },
    keep: (uid, { ports }) => held.set(uid, ports),
    release: (uid) => held.delete(uid),
    // The first of its ports is its own while it lives; a pod without ports shares a user with others like it.
    indexOf: ({ ports }) => ports[0]?.servedPort ?? 0,
  };
}

/** Ports to look at before giving up. */
const TRIES = 50;

async function freePort(taken: ReadonlySet<number>): Promise<Result<number>> {
  for (let i = 0; i < TRIES; i++) {
    const port = await new Promise<number>((resolve, reject) => {
      const server = createServer();
      server.once('error', reject);
      server.listen(0, SHARED_ADDRESS, () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
      });
    });
    if (!taken.has(port)) return ok(port);
  }
  return failed(new SkeinError('overloaded', `no free port on ${SHARED_ADDRESS}`));
}
