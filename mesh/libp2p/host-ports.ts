// Addresses as people write them, `host:port`, and as libp2p wants them.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { multiaddr } from '@multiformats/multiaddr';
import type { Multiaddr } from '@multiformats/multiaddr';
import { SkeinError } from '../../runtime/index.ts';

/** The port of the mesh when none is given. */
export const MESH_PORT = 7460;

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Reads host, host:port, [v6]:port or a multiaddr with tcp. Throws invalid, naming the text. */
export function parseHostPort(text: string, defaultPort = MESH_PORT): HostPort {
  const wrong = (): SkeinError =>
    new SkeinError(
      'invalid',
      `"${text}" is no address: write HOST, HOST:PORT or /ip4/HOST/tcp/PORT`,
      {
        address: text,
      },
    );
  if (text.startsWith('/')) {
    const [, kind, host, tcp, port] = text.split('/');
    if (
      host === undefined ||
      tcp !== 'tcp' ||
      !['ip4', 'ip6', 'dns', 'dns4', 'dns6'].includes(kind!)
    ) {
      throw wrong();
    }
    return { host, port: portOf(port, wrong) };
  }
  if (isIP(text) === 6) return { host: text, port: defaultPort };
  const match = /^(?:\[([^\]]+)\]|([^:\s/]+))(?::(\d+))?$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (match === null || host === undefined) throw wrong();
  return { host, port: match[3] === undefined ? defaultPort : portOf(match[3], wrong) };
}

export function formatHostPort({ host, port }: HostPort): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Names are looked up now: an address that changed is found with the next dial. With `peer`, only that peer will
 * do. Rejects: unavailable.
 */
export async function toMultiaddr({ host, port }: HostPort, peer?: string): Promise<Multiaddr> {
  let ip = host;
  if (isIP(host) === 0) {
    try {
      ip = (await lookup(host)).address;
    } catch (error) {
      throw new SkeinError('unavailable', `the name ${host} cannot be resolved`, { host }, error);
    }
  }
  const text = `/ip${isIP(ip)}/${ip}/tcp/${port}${peer === undefined ? '' : `/p2p/${peer}`}`;
  return multiaddr(text);
}

/** Undefined when it is no plain TCP address. */
export function fromMultiaddr(address: Multiaddr): HostPort | undefined {
  const [, kind, host, tcp, port] = address.toString().split('/');
  if ((kind !== 'ip4' && kind !== 'ip6') || tcp !== 'tcp') return undefined;
  return { host: host!, port: Number(port) };
}

function portOf(text: string | undefined, wrong: () => SkeinError): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw wrong();
  return port;
}
