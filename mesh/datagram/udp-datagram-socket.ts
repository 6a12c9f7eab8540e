// Adapter: datagrams over UDP. On a wildcard address both families are served, on one port number.

import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Logger } from '../../runtime/index.ts';
import type { DatagramSocket, Endpoint, Received } from './datagram-socket.ts';

const IPV4_ANY = '0.0.0.0';
const IPV6_ANY = '::';

/**
 * At `host` and, if it is free, the port of that number; else at any. Undefined, and a line in the log, when there can
 * be none: then the mesh goes without.
 */
export async function openUdpSocket(
  { host, port }: Endpoint,
  received: Received,
  log: Logger,
): Promise<DatagramSocket | undefined> {
  const isAny = host === IPV4_ANY || host === IPV6_ANY;
  const first = isAny ? IPV4_ANY : host;
  const sockets: Socket[] = [];
  try {
    const main = await bind(first, port).catch(async () => await bind(first, 0));
    sockets.push(main);
    // A machine without IPv6 has no second one, and nobody misses it.
    if (isAny) await bind(IPV6_ANY, main.address().port).then((more) => sockets.push(more), noop);
  } catch (error) {
    log.warn('no datagrams: probes go over the links instead', { host, error: String(error) });
    return undefined;
  }
  const close = (socket: Socket): void => {
    const at = sockets.indexOf(socket);
    if (at < 0) return;
    sockets.splice(at, 1);
    socket.close();
  };
  for (const socket of sockets) {
    socket.on('message', (bytes, from) => received(bytes, { host: from.address, port: from.port }));
    socket.on('error', (error) => {
      log.warn('datagrams failed: probes go over the links instead', { error: error.message });
      close(socket);
    });
  }
  const boundTo = sockets[0]!.address().port;
  const ofFamily = (family: string): Socket | undefined =>
    sockets.find((socket) => socket.address().family === family);
  const [v4, v6] = [ofFamily('IPv4'), ofFamily('IPv6')];
  return {
    port: boundTo,
    send: (bytes, to) => {
      const socket = isIPv6(to.host) ? v6 : v4;
      // An unreachable network, a full buffer, a firewall: lost like any other.
      if (socket !== undefined && sockets.includes(socket)) {
        socket.send(bytes, to.port, to.host, noop);
      }
    },
    close: () => [...sockets].forEach(close),
  };
}

async function bind(host: string, port: number): Promise<Socket> {
  const family = isIPv6(host) ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    // Only addresses are ever given: there is nothing to look up.
    lookup: (address, _options, found) => found(null, address, family),
  });
  return await new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: host, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

const noop = (): void => undefined;
