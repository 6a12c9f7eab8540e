// The channels of exec and attach over a WebSocket: the first byte of each message says which stream it belongs to.

import type { Result } from '../../../runtime/index.ts';
import { failed, ok, SkeinError } from '../../../runtime/index.ts';

/** Offered by kubectl and client libraries; v5 adds a message that ends standard input. */
export const CHANNEL_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;
export type ChannelProtocol = (typeof CHANNEL_PROTOCOLS)[number];

export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Terminal sizes beyond this are no terminal's. */
const MAX_TERMINAL_SIZE = 65_535;

/** What a message of the client asks. */
export type ClientFrame =
  | { readonly type: 'stdin'; readonly bytes: Buffer }
  | { readonly type: 'stdin-end' }
  | { readonly type: 'resize'; readonly columns: number; readonly rows: number };

/** The best protocol of a Sec-WebSocket-Protocol header; undefined when there is none in common. */
export function chooseProtocol(offered: Iterable<string>): ChannelProtocol | undefined {
  const offers = new Set(offered);
  return CHANNEL_PROTOCOLS.find((protocol) => offers.has(protocol));
}

/** A message for the client. */
export const frame = (channel: number, bytes: Uint8Array | string): Buffer =>
  Buffer.concat([Buffer.of(channel), Buffer.from(bytes)]);

const refuse = (why: string): Result<never> => failed(new SkeinError('invalid', why));

/** The size of a terminal, as clients tell it. */
export function parseResize(bytes: Buffer): Result<ClientFrame & { readonly type: 'resize' }> {
  let size: { Width?: unknown; Height?: unknown } | null;
  try {
    size = JSON.parse(bytes.toString('utf8')) as typeof size;
  } catch {
    return refuse('a resize message must be JSON');
  }
  const isSize = (value: unknown): value is number =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_TERMINAL_SIZE;
  if (!isSize(size?.Width) || !isSize(size.Height)) {
    return refuse(`a resize message needs Width and Height from 0 to ${MAX_TERMINAL_SIZE}`);
  }
  return ok({ type: 'resize', columns: size.Width, rows: size.Height });
}

/** Reads a message of the client. */
export function parseFrame(message: Buffer, protocol: ChannelProtocol): Result<ClientFrame> {
  if (message.length === 0) return refuse('a message needs a channel byte');
  const bytes = message.subarray(1);
  switch (message[0]) {
    case CHANNEL.stdin:
      return ok({ type: 'stdin', bytes });
    case CHANNEL.resize:
      return parseResize(bytes);
    case CHANNEL.close:
      if (protocol === 'v5.channel.k8s.io' && bytes[0] === CHANNEL.stdin) {
        return ok({ type: 'stdin-end' });
      }
      return refuse('only standard input (channel 0) can be closed');
    default:
      return refuse(`channel ${message[0]} is not one that a client writes to`);
  }
}
