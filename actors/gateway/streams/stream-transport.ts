// How a client wants to carry the streams of exec, attach or port-forward, as its upgrade headers say.

import { badRequest, StatusError } from '../status.ts';
import type { ChannelProtocol } from './channel-protocol.ts';
import { CHANNEL_PROTOCOLS, chooseProtocol } from './channel-protocol.ts';

/** Versions of remote commands over SPDY, best first: only v4 tells an exit code, only v3 and v4 resize. */
export const COMMAND_PROTOCOLS = [
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
] as const;
export type CommandProtocol = (typeof COMMAND_PROTOCOLS)[number];

/** Connections to ports, each a pair of SPDY streams. */
export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io';

/** The same SPDY session inside the binary messages of a WebSocket. */
export const TUNNEL_PROTOCOL = `SPDY/3.1+${PORT_FORWARD_PROTOCOL}`;

export type CommandTransport =
  | { readonly type: 'channels'; readonly protocol: ChannelProtocol }
  | { readonly type: 'spdy'; readonly protocol: CommandProtocol };

export type PortTransport =
  | { readonly type: 'channels'; readonly protocol: 'v4.channel.k8s.io' }
  | { readonly type: 'tunnel'; readonly protocol: typeof TUNNEL_PROTOCOL }
  | { readonly type: 'spdy'; readonly protocol: typeof PORT_FORWARD_PROTOCOL };

type Headers = Readonly<Record<string, string | undefined>>;

const listed = (header: string | undefined): readonly string[] =>
  (header ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

function cannotAgree(offers: readonly string[], served: readonly string[]): StatusError {
  return new StatusError(
    403,
    'Forbidden',
    `unable to upgrade: unable to negotiate protocol: client supports [${offers.join(' ')}], ` +
      `server accepts [${served.join(' ')}]`,
  );
}

const upgradeRequired = (): StatusError =>
  badRequest('Upgrade request required: ask with "Upgrade: websocket" or "Upgrade: SPDY/3.1"');

/** Throws 400 for a request that upgrades to nothing known here, 403 when no protocol is common to both sides. */
export function commandTransport(headers: Headers): CommandTransport {
  switch (headers['upgrade']?.toLowerCase()) {
    case 'websocket': {
      const offers = listed(headers['sec-websocket-protocol']);
      const protocol = chooseProtocol(offers);
      if (protocol === undefined) throw cannotAgree(offers, CHANNEL_PROTOCOLS);
      return { type: 'channels', protocol };
    }
    case 'spdy/3.1': {
      const offers = listed(headers['x-stream-protocol-version']);
      const protocol = COMMAND_PROTOCOLS.find((name) => offers.includes(name));
      if (protocol === undefined) throw cannotAgree(offers, COMMAND_PROTOCOLS);
      return { type: 'spdy', protocol };
    }
    default:
      throw upgradeRequired();
  }
}

/** As for commands. */
export function portTransport(headers: Headers): PortTransport {
  switch (headers['upgrade']?.toLowerCase()) {
    case 'websocket': {
      const offers = listed(headers['sec-websocket-protocol']);
      if (offers.includes(TUNNEL_PROTOCOL)) return { type: 'tunnel', protocol: TUNNEL_PROTOCOL };
      const protocol = 'v4.channel.k8s.io';
      if (offers.includes(protocol)) return { type: 'channels', protocol };
      throw cannotAgree(offers, [TUNNEL_PROTOCOL, protocol]);
    }
    case 'spdy/3.1': {
      const offers = listed(headers['x-stream-protocol-version']);
      if (offers.includes(PORT_FORWARD_PROTOCOL)) {
        return { type: 'spdy', protocol: PORT_FORWARD_PROTOCOL };
      }
      throw cannotAgree(offers, [PORT_FORWARD_PROTOCOL]);
    }
    default:
      throw upgradeRequired();
  }
}
