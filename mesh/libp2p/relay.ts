// Members that cannot dial each other talk through one that has a direct link to both. It sees what they encrypted.
//
//   dialler                     relay                        target
//     | ---- for target --------> |                             |
//     |                           | ---- from dialler --------> |     only over direct links to admitted members
//     |                           | <--- ready ---------------- |
//     | <--- ready -------------- |                             |
//     | <===== noise, yamux, the handshake of any link =======> |     carried as bytes, in fair portions

import { setMaxListeners } from 'node:events';
import type { Connection, IncomingStreamData } from '@libp2p/interface';
import { z } from 'zod';
import { abortWithin, asSkeinError, SkeinError } from '../../runtime/index.ts';
import type { Logger } from '../../runtime/index.ts';
import type { PeerId } from '../transport.ts';
import { carryBytes } from './fair-relaying.ts';
import { createGreetedStream } from './greeted-stream.ts';
import type { GreetedStream } from './greeted-stream.ts';
import type { MemberNode } from './node.ts';
import { cameThrough, dialledThrough, overStream } from './relayed-connection.ts';

/** To the relay. */
const RELAY_PROTOCOL = '/skein/relay/1';
/** From the relay to the target. */
const RELAYED_PROTOCOL = '/skein/relayed/1';

export const RELAY_PROTOCOLS: readonly string[] = [RELAY_PROTOCOL, RELAYED_PROTOCOL];

/** Connections that one member may have through this peer: it needs one for each peer it cannot reach. */
const RELAYED_PER_PEER_LIMIT = 1_024;

/** All that this peer carries at once. */
const RELAYED_LIMIT = 8_192;

/** Longest reason of a relay, in characters. */
const REFUSAL_LIMIT = 512;

/** Each step of a relayed dial, and encryption, must be done within this. */
const RELAY_DEADLINE_MS = 5_000;

const OUTBOUND = { maxOutboundStreams: RELAYED_PER_PEER_LIMIT };
const LOG_PART = 'skein:relay';
/** What a deadline alone bounds. */
const neverAborted = new AbortController().signal;
setMaxListeners(0, neverAborted);

const request = z.object({ for: z.string().max(128) });
const announcement = z.object({ from: z.string().max(128) });
const answer = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ refused: z.string().max(REFUSAL_LIMIT) }),
]);

export interface RelayOptions {
  readonly node: MemberNode;
  readonly log: Logger;
  /** The connection of a direct link that is up. */
  readonly direct: (peer: PeerId) => Connection | undefined;
}

export interface Relay {
  readonly start: () => Promise<void>;
  /** Dials `target` through the peer at the other end of `connection`. Rejects unavailable, with the relay's reason. */
  readonly dial: (
    connection: Connection,
    target: PeerId,
    signal: AbortSignal,
  ) => Promise<Connection>;
  /** Connections of others that pass through this peer. */
  readonly carried: () => number;
}

export function createRelay({ node, log, direct }: RelayOptions): Relay {
  const { wire } = node.services;
  const carriedFor = new Map<PeerId, number>();
  let carried = 0;
  let numbered = 0;

  const count = (peers: readonly PeerId[], by: 1 | -1): void => {
    carried += by;
    for (const peer of peers) carriedFor.set(peer, (carriedFor.get(peer) ?? 0) + by);
    for (const peer of peers) if (carriedFor.get(peer) === 0) carriedFor.delete(peer);
  };

  /** Throws why this peer does not carry it. */
  const check = (from: PeerId, target: PeerId): Connection => {
    const onward = direct(target);
    if (onward === undefined || target === from)
      throw new SkeinError('unavailable', 'no direct link to it');
    const isFull =
      carried >= RELAYED_LIMIT ||
      [from, target].some((peer) => (carriedFor.get(peer) ?? 0) >= RELAYED_PER_PEER_LIMIT);
    if (isFull) throw new SkeinError('overloaded', 'it carries as many connections as it may');
    return onward;
  };

  const carry = async ({ connection, stream }: IncomingStreamData): Promise<void> => {
    const from = connection.remotePeer.toString();
    if (direct(from) !== connection) throw notDirect();
    const signal = abortWithin(neverAborted, RELAY_DEADLINE_MS);
    const asked = createGreetedStream(stream, signal);
    const { for: target } = await asked.read(request);
    const onward = await openOnward(from, target, signal).catch(asSkeinError);
    if (onward instanceof SkeinError) {
      asked.write({ refused: onward.message.slice(0, REFUSAL_LIMIT) });
      await asked.sink([]);
      return;
    }
    asked.write({ ready: true });
    count([from, target], 1);
    log.debug('relaying', { from, to: target });
    try {
      await carryBytes(asked, onward);
    } finally {
      count([from, target], -1);
    }
  };

  /** Rejects with why this peer does not carry it, or why the target does not want it. */
  const openOnward = async (
    from: PeerId,
    target: PeerId,
    signal: AbortSignal,
  ): Promise<GreetedStream> => {
    const found = check(from, target);
    const stream = await found.newStream(RELAYED_PROTOCOL, { signal, ...OUTBOUND });
    const onward = createGreetedStream(stream, signal);
    try {
      onward.write({ from });
      const said = await onward.read(answer);
      if ('refused' in said) throw new SkeinError('unavailable', said.refused);
      return onward;
    } catch (error) {
      onward.abort(asSkeinError(error));
      throw error;
    }
  };

  const takeIn = async ({ connection, stream }: IncomingStreamData): Promise<void> => {
    const relay = connection.remotePeer.toString();
    if (direct(relay) !== connection) throw notDirect();
    const signal = abortWithin(neverAborted, RELAY_DEADLINE_MS);
    const greeting = createGreetedStream(stream, signal);
    // Whom it names is not believed: encryption shows who it is.
    await greeting.read(announcement);
    greeting.write({ ready: true });
    numbered += 1;
    const raw = overStream(greeting, cameThrough(relay, numbered), wire.logger(LOG_PART));
    try {
      await wire.upgradeInbound(raw, signal);
    } catch (error) {
      raw.abort(asSkeinError(error));
      throw error;
    }
  };

  const handle =
    (act: (data: IncomingStreamData) => Promise<void>) =>
    (data: IncomingStreamData): void => {
      act(data).catch((error: unknown) => {
        log.debug('relayed connection broken off', { error: String(error) });
        data.stream.abort(asSkeinError(error));
      });
    };

  return {
    start: async () => {
      const limits = {
        maxInboundStreams: RELAYED_PER_PEER_LIMIT,
        maxOutboundStreams: RELAYED_PER_PEER_LIMIT,
      };
      await node.handle(RELAY_PROTOCOL, handle(carry), limits);
      await node.handle(RELAYED_PROTOCOL, handle(takeIn), limits);
    },
    dial: async (connection, target, signal) => {
      const stream = await connection.newStream(RELAY_PROTOCOL, { signal, ...OUTBOUND });
      const greeting = createGreetedStream(stream, signal);
      try {
        greeting.write({ for: target });
        const said = await greeting.read(answer);
        if ('refused' in said) throw new SkeinError('unavailable', said.refused);
        const remote = dialledThrough(connection.remotePeer.toString(), target);
        const raw = overStream(greeting, remote, wire.logger(LOG_PART));
        return await wire.upgradeOutbound(raw, signal);
      } catch (error) {
        greeting.abort(asSkeinError(error));
        throw error;
      }
    },
    carried: () => carried,
  };
}

const notDirect = (): SkeinError =>
  new SkeinError('unauthorized', 'a relay works only over the direct link of a member');
